//! TLS to a real server: authorities, a required client certificate, and credentials and
//! certificates that are replaced.

use crate::client::settings;
use credentials::TlsFileSettings;
use runtime::{
    redis::{Redis, RedisError},
    settings::RedisSettings,
};
use std::time::Duration;
use testkit::certificates::Authority;
use testkit::eventually;
use testkit::redis_servers::RedisServer;

/// The names in the certificates of the server.
const NAMES: [&str; 1] = ["127.0.0.1"];

async fn answers(redis: &Redis) {
    eventually("Redis to answer", || async { redis.ping().await.is_ok() }).await;
}

/// Asserts that Redis does not answer, although there was time to connect.
async fn does_not_answer(settings: &RedisSettings) {
    let redis = Redis::connect(settings).unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    redis.ping().await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn verifies_the_server_and_presents_a_client_certificate() {
    let authority = Authority::new();
    let server = RedisServer::with_tls(&authority.server(&NAMES), &authority.pem);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Some(path)
    };
    let client = authority.client("dispatcher");
    let with =
        |tls_files| RedisSettings { tls_files, ..settings(format!("rediss://{}", server.tls_address())) };
    let files = TlsFileSettings {
        ca_file: file("ca.crt", &authority.pem),
        certificate_file: file("client.crt", &client.pem),
        key_file: file("client.key", &client.key),
    };
    let ours = with(files.clone());
    answers(&Redis::connect(&ours).unwrap()).await;
    let stranger = with(TlsFileSettings { certificate_file: None, key_file: None, ..files.clone() });
    does_not_answer(&stranger).await;
    let other = with(TlsFileSettings { ca_file: file("other.crt", &Authority::new().pem), ..files });
    does_not_answer(&other).await;

    // A pool that cannot connect yet does so after the rotation of its file.
    let waiting = Redis::connect(&other).unwrap();
    file("other.crt", &authority.pem);
    answers(&waiting).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reconnects_with_the_password_that_the_file_contains_now() {
    let server = RedisServer::start(&[]);
    server.command(&["ACL", "SETUSER", "dispatcher", "on", ">first", "~*", "+@all"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    let write = |password: &str| {
        std::fs::write(&file, format!("redis://dispatcher:{password}@{}\n", server.address())).unwrap();
    };
    write("first");
    let unused = settings("redis://127.0.0.1:1".to_owned());
    let redis = Redis::connect(&RedisSettings { url_file: Some(file.clone()), ..unused }).unwrap();
    answers(&redis).await;

    write("second");
    server.command(&["ACL", "SETUSER", "dispatcher", "<first", ">second"]);
    server.command(&["CLIENT", "KILL", "USER", "dispatcher"]);
    answers(&redis).await;
    assert_eq!(server.command(&["ACL", "WHOAMI"]), "default");
    assert!(server.command(&["CLIENT", "LIST"]).contains("user=dispatcher"));
}

#[tokio::test]
async fn certificates_without_tls_are_refused_at_the_start() {
    let plain = settings("redis://127.0.0.1:1".to_owned());
    let tls_files = TlsFileSettings { ca_file: Some("/ca.crt".into()), ..TlsFileSettings::default() };
    let error = Redis::connect(&RedisSettings { tls_files, ..plain }).unwrap_err();
    assert!(matches!(&error, RedisError::Settings(why) if why.contains("redis.ca_file")), "{error:?}");
}
