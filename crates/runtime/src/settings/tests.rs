//! Precedence, unknown keys, and error messages.

use std::{ffi::OsString, io::Write as _, path::PathBuf};

use insta::assert_snapshot;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::*;

const DEFAULTS: &str = r#"
[runtime]
worker_threads = 2
[log]
format = "json"
level = "info"
[admin]
listen = "127.0.0.1:9080"
[shutdown]
delay_ms = 0
grace_ms = 20000
[database]
url = ""
max_connections = 4
token = ""
token_file = ""
[auth]
jwks_file = ""
audiences = ["charging"]
"#;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    database: Database,
    auth: Auth,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Database {
    url: SecretString,
    max_connections: u32,
    token: SecretString,
    token_file: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Auth {
    jwks_file: String,
    audiences: Vec<String>,
}

fn load_with(file: Option<&str>, variables: &[(&str, &str)]) -> Result<(CommonSettings, Own), SettingsError> {
    let file = file.map(Scratch::new);
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    load(DEFAULTS, file.as_ref().map(|file| file.0.as_path()), variables)
}

/// A file that is removed with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("runtime-settings-{}.toml", uuid::Uuid::now_v7()));
        std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

fn refusal(file: Option<&str>, variables: &[(&str, &str)]) -> String {
    load_with(file, variables).unwrap_err().to_string()
}

#[test]
fn the_environment_overrides_the_file_and_the_file_the_defaults() {
    let file = "[database]\nmax_connections = 8\n[log]\nlevel = \"debug\"\n";
    let (common, own) =
        load_with(Some(file), &[("CHARGING__DATABASE__MAX_CONNECTIONS", "16"), ("OTHER", "ignored")])
            .unwrap();
    assert_eq!(own.database.max_connections, 16);
    assert_eq!(common.log.level, "debug");
    assert_eq!(common.log.format, LogFormat::Json);
    assert_eq!(own.auth.audiences, ["charging"]);
}

#[test]
fn reads_the_file_named_by_the_environment() {
    let file = Scratch::new("[database]\nmax_connections = 9\n");
    let (_, own) = load_with(None, &[("CHARGING_CONFIG", file.0.to_str().unwrap())]).unwrap();
    assert_eq!(own.database.max_connections, 9);
}

#[test]
fn short_names_apply_to_existing_keys_and_full_names_take_precedence() {
    let (_, own) =
        load_with(None, &[("DATABASE_URL", "postgres://short"), ("REDIS_URL", "redis://elsewhere")]).unwrap();
    assert_eq!(own.database.url.expose_secret(), "postgres://short");

    let both = [("DATABASE_URL", "postgres://short"), ("CHARGING__DATABASE__URL", "postgres://full")];
    let (_, own) = load_with(None, &both).unwrap();
    assert_eq!(own.database.url.expose_secret(), "postgres://full");
}

#[test]
fn reads_secrets_from_files_trimmed_and_hides_them_in_debug() {
    let secret = Scratch::new("postgres://user:hunter2@db\n");
    for name in ["CHARGING__DATABASE__URL_FILE", "DATABASE_URL_FILE"] {
        let (_, own) = load_with(None, &[(name, secret.0.to_str().unwrap())]).unwrap();
        assert_eq!(own.database.url.expose_secret(), "postgres://user:hunter2@db");
        assert!(!format!("{own:?}").contains("hunter2"));
    }
}

#[test]
fn a_file_that_is_read_again_is_read_and_named() {
    let secret = Scratch::new("hunter2\n");
    let path = secret.0.to_str().unwrap();
    let (_, own) = load_with(None, &[("CHARGING__DATABASE__TOKEN_FILE", path)]).unwrap();
    assert_eq!((own.database.token.expose_secret(), own.database.token_file.as_str()), ("hunter2", path));
}

#[test]
fn a_value_of_the_environment_replaces_a_file_of_the_settings_file() {
    let file = Some("[database]\ntoken_file = \"/token\"\n");
    let (_, own) = load_with(file, &[("CHARGING__DATABASE__TOKEN", "hunter2")]).unwrap();
    assert_eq!((own.database.token.expose_secret(), own.database.token_file.as_str()), ("hunter2", ""));
    assert_eq!(load_with(file, &[]).unwrap().1.database.token_file, "/token");
}

#[test]
fn a_key_ending_in_file_is_set_directly() {
    let (_, own) = load_with(None, &[("CHARGING__AUTH__JWKS_FILE", "/keys.json")]).unwrap();
    assert_eq!(own.auth.jwks_file, "/keys.json");
}

#[test]
fn splits_lists_at_commas() {
    let (_, own) = load_with(None, &[("CHARGING__AUTH__AUDIENCES", "a, b,")]).unwrap();
    assert_eq!(own.auth.audiences, ["a", "b"]);
}

#[test]
fn refuses_unknown_keys_by_name_and_source() {
    assert_snapshot!(refusal(None, &[("CHARGING__DATABASE__MAX_CONNECTION", "1")]), @"the environment variable CHARGING__DATABASE__MAX_CONNECTION sets `database.max_connection`, which this service does not know; correct or remove it (defaults.toml names every key)");
    assert_snapshot!(refusal(None, &[("CHARGING__DATABASE", "1")]), @"the environment variable CHARGING__DATABASE names the section `database`; name a key inside it");
    let from_file = refusal(Some("[database]\nmax_conns = 1\n"), &[]);
    assert!(from_file.contains("sets `database.max_conns`, which this service does not know"), "{from_file}");
    let override_error = parse::<Own>(DEFAULTS, &[("database.oops", "1")]).unwrap_err();
    assert_snapshot!(override_error, @"an override sets `database.oops`, which this service does not know; correct or remove it (defaults.toml names every key)");
}

#[test]
fn refuses_invalid_values_by_key_and_source() {
    assert_snapshot!(refusal(None, &[("CHARGING__DATABASE__MAX_CONNECTIONS", "many")]), @r#"invalid type: string "many", expected an integer for key `database.max_connections` in the environment variable CHARGING__DATABASE__MAX_CONNECTIONS; the service's defaults.toml explains every key"#);
    assert_snapshot!(refusal(None, &[("CHARGING__DATABASE__MAX_CONNECTIONS", "-1")]), @r#"invalid type: string "-1", expected an integer for key `database.max_connections` in the environment variable CHARGING__DATABASE__MAX_CONNECTIONS; the service's defaults.toml explains every key"#);
    assert_snapshot!(refusal(None, &[("CHARGING__ADMIN__LISTEN", "localhost")]), @"invalid socket address syntax for key `admin.listen`; the service's defaults.toml explains every key");
    assert_snapshot!(refusal(None, &[("CHARGING__RUNTIME__WORKER_THREADS", "0")]), @"invalid value: integer `0`, expected a nonzero usize for key `runtime.worker_threads`; the service's defaults.toml explains every key");
    assert_snapshot!(refusal(None, &[("CHARGING__LOG__FORMAT", "xml")]), @"enum LogFormat does not have variant constructor xml for key `log.format`; the service's defaults.toml explains every key");
    assert_snapshot!(refusal(None, &[("DATABASE_URL_FILE", "/nonexistent")]), @"cannot read /nonexistent, named by DATABASE_URL_FILE: No such file or directory (os error 2)");
}

#[test]
fn reads_the_shared_sections() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shared {
        http: HttpSettings,
        kafka: KafkaSettings,
        redis: RedisSettings,
    }
    let text = r#"
        [http]
        listen = "127.0.0.1:0"
        workers = 2
        request_deadline_ms = 10000
        client_timeout_ms = 5000
        send_timeout_ms = 15000
        keep_alive_ms = 75000
        max_body_bytes = 65536
        max_connections = 2048
        max_unauthenticated_connections = 512
        cors_origins = ["https://console.example"]
        [kafka]
        brokers = ["127.0.0.1:9092"]
        connect_timeout_ms = 3000
        request_timeout_ms = 5000
        connection_idle_ms = 240000
        max_response_bytes = 16777216
        max_unpacked_bytes = 67108864
        compression = "snappy"
        tls = false
        ca_file = ""
        certificate_file = ""
        key_file = ""
        sasl_mechanism = ""
        sasl_username = ""
        sasl_username_file = ""
        sasl_password = ""
        sasl_password_file = ""
        sasl_token_file = ""
        sasl_token_url = ""
        sasl_token_scope = ""
        [redis]
        url = "redis://127.0.0.1:6379"
        url_file = ""
        ca_file = ""
        certificate_file = ""
        key_file = ""
        pool_size = 2
        command_timeout_ms = 300
        connect_timeout_ms = 2000
    "#;
    let overrides = [
        ("kafka.brokers", "a:1,b:2"),
        ("kafka.sasl_mechanism", "SCRAM-SHA-512"),
        ("kafka.ca_file", "/ca.pem"),
        ("kafka.tls", "true"),
        ("redis.url", "rediss://:hunter2@redis"),
    ];
    let shared: Shared = parse(text, &overrides).unwrap();
    assert_eq!(shared.http.listen.port(), 0);
    assert_eq!(shared.kafka.brokers, ["a:1", "b:2"]);
    assert_eq!(shared.kafka.sasl_mechanism, SaslMechanism::ScramSha512);
    assert_eq!(shared.kafka.tls_files.ca_file, Some(PathBuf::from("/ca.pem")));
    assert!(shared.kafka.tls);
    assert!(!format!("{shared:?}").contains("hunter2"));
    assert_eq!(shared.redis.pool_size.get(), 2);
    let surplus = text.replace("pool_size = 2", "pool_size = 2\n        pool_sizes = 3");
    let error = parse::<Shared>(&surplus, &[]).unwrap_err().to_string();
    assert!(error.contains("unknown field `pool_sizes`"), "{error}");
    let missing = text.replace("key_file = \"\"", "");
    let error = parse::<Shared>(&missing, &[]).unwrap_err().to_string();
    assert!(error.contains("missing") && error.contains("key_file"), "{error}");
}
