//! What is verified of a server, and what a server verifies of a client.

use crate::fixture::{Encrypted, NAME, TLS_ONLY, accepted, connect, refused, trusting};
use credentials::TlsFileSettings;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use storage::{ChannelBinding, Database, DatabaseSettings, SslMode};
use testkit::certificates::Authority;

const ENCRYPTED: [SslMode; 3] = [SslMode::Require, SslMode::VerifyCa, SslMode::VerifyFull];

#[derive(diesel::QueryableByName)]
struct Session {
    #[diesel(sql_type = Bool)]
    ssl: bool,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mode_but_disable_encrypts() {
    let encrypted = Encrypted::start("host all all 127.0.0.1/32 trust\n");
    for sslmode in ENCRYPTED {
        let mut connection = connect(&encrypted.settings(sslmode)).await.unwrap();
        let query = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
        let Session { ssl } = diesel::sql_query(query).get_result(&mut connection).await.unwrap();
        assert!(ssl, "{sslmode:?}");
    }
    let local = DatabaseSettings::without_tls(encrypted.server.url("charging").into());
    accepted(&local).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused() {
    let server = testkit::postgres_server::PostgresServer::start(testkit::postgres_server::TRUST, "");
    let plain = DatabaseSettings::without_tls(server.url("charging").into());
    accepted(&plain).await;
    refused(&DatabaseSettings { sslmode: SslMode::Require, ..plain }, "server does not support TLS").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_name_is_accepted_except_by_verify_full() {
    let encrypted = Encrypted::start(TLS_ONLY);
    let other = |sslmode| DatabaseSettings {
        url: encrypted.url("charging", "other.example").into(),
        ..encrypted.settings(sslmode)
    };
    accepted(&other(SslMode::Require)).await;
    accepted(&other(SslMode::VerifyCa)).await;
    refused(&other(SslMode::VerifyFull), "not valid for name").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_authority_is_accepted_by_require_without_a_file_only() {
    let encrypted = Encrypted::start(TLS_ONLY);
    let file = encrypted.file("other.crt");
    std::fs::write(&file, Authority::new().pem).unwrap();
    for sslmode in ENCRYPTED {
        refused(&trusting(encrypted.settings(sslmode), &file), "UnknownIssuer").await;
    }
    let tls_files = TlsFileSettings::default();
    accepted(&DatabaseSettings { tls_files, ..encrypted.settings(SslMode::Require) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_refused() {
    let encrypted = Encrypted::start(TLS_ONLY);
    let expired = encrypted.authority.expired_server(&[NAME]);
    encrypted.server.install(&expired, &encrypted.authority.pem);
    encrypted.server.reload();
    for sslmode in ENCRYPTED {
        refused(&encrypted.settings(sslmode), "expired").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_client_certificate_is_presented() {
    let encrypted = Encrypted::start("hostssl all all 127.0.0.1/32 cert\n");
    let ours = encrypted.authority.client("charging");
    accepted(&encrypted.with_certificate(&ours)).await;
    refused(&encrypted.settings(SslMode::VerifyFull), "").await;
    refused(&encrypted.with_certificate(&encrypted.authority.client("another")), "").await;
    refused(&encrypted.with_certificate(&Authority::new().client("charging")), "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn channel_binding_is_used_if_required() {
    let encrypted = Encrypted::start(
        "hostssl all bound 127.0.0.1/32 scram-sha-256\nhostssl all all 127.0.0.1/32 trust\n",
    );
    encrypted.server.sql("create role bound login password 'pencil'");
    let bound = DatabaseSettings {
        url: encrypted.url("bound:pencil", NAME).into(),
        channel_binding: ChannelBinding::Require,
        ..encrypted.settings(SslMode::VerifyFull)
    };
    accepted(&bound).await;
    accepted(&DatabaseSettings { channel_binding: ChannelBinding::Disable, ..bound.clone() }).await;
    // A server that asks for no password cannot prove that it knows it.
    let trusted = DatabaseSettings { url: encrypted.url("charging", NAME).into(), ..bound };
    refused(&trusted, "channel binding").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_use_tls() {
    let encrypted = Encrypted::start(TLS_ONLY);
    let settings = encrypted.settings(SslMode::VerifyFull);
    let database = Database::new(&settings).unwrap();
    assert!(!database.migrate().await.unwrap().is_empty());
    database.check_schema().await.unwrap();
    let plain = DatabaseSettings::without_tls(encrypted.server.url("charging").into());
    refused(&plain, "no encryption").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contradictory_settings_are_refused_at_the_start() {
    let local = DatabaseSettings::without_tls("postgres://charging@127.0.0.1/charging".to_owned().into());
    let trusted = |file: &str| TlsFileSettings { ca_file: Some(file.into()), ..TlsFileSettings::default() };
    for (settings, named) in [
        (DatabaseSettings { tls_files: trusted("/ca"), ..local.clone() }, "database.ca_file"),
        (
            DatabaseSettings { channel_binding: ChannelBinding::Require, ..local.clone() },
            "database.channel_binding",
        ),
        (
            DatabaseSettings {
                sslmode: SslMode::VerifyFull,
                tls_files: trusted("/nowhere/ca"),
                ..local.clone()
            },
            "database.ca_file: /nowhere/ca",
        ),
        (
            DatabaseSettings { url_file: Some("/nowhere/url".into()), ..local },
            "database.url_file: /nowhere/url",
        ),
    ] {
        refused(&settings, named).await;
    }
}
