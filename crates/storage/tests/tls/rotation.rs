//! Files that are replaced while a pool is in use: new connections use the new contents, and open
//! ones are not closed.

use crate::fixture::{Encrypted, NAME, TLS_ONLY, another};
use diesel_async::SimpleAsyncConnection;
use storage::{Database, DatabaseSettings, PooledConnection, SslMode};
use testkit::certificates::Authority;

async fn works(connection: &mut PooledConnection) {
    connection.batch_execute("select 1").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_authority_is_trusted_without_a_restart() {
    let encrypted = Encrypted::start(TLS_ONLY);
    let database = Database::new(&encrypted.settings(SslMode::VerifyFull)).unwrap();
    let mut held = another(&database).await.unwrap();
    let next = Authority::new();
    encrypted.server.install(&next.server(&[NAME]), &next.pem);
    encrypted.server.reload();
    assert!(another(&database).await.is_err());

    encrypted.write("ca.crt", "-----BEGIN CERTIFICATE-----\nhalf of it");
    assert!(another(&database).await.is_err());
    encrypted.write("ca.crt", &next.pem);
    let mut renewed = another(&database).await.unwrap();
    works(&mut renewed).await;
    works(&mut held).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_client_certificate_is_presented_without_a_restart() {
    let encrypted = Encrypted::start("hostssl all all 127.0.0.1/32 cert\n");
    let database =
        Database::new(&encrypted.with_certificate(&encrypted.authority.client("charging"))).unwrap();
    let mut held = another(&database).await.unwrap();
    // From now on, the server trusts clients of another authority only.
    let next = Authority::new();
    encrypted.server.install(&encrypted.authority.server(&[NAME]), &next.pem);
    encrypted.server.reload();
    assert!(another(&database).await.is_err());

    encrypted.with_certificate(&next.client("charging"));
    let mut renewed = another(&database).await.unwrap();
    works(&mut renewed).await;
    works(&mut held).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_is_used_without_a_restart() {
    let encrypted = Encrypted::start("hostssl all rotated 127.0.0.1/32 scram-sha-256\n");
    encrypted.server.sql("create role rotated login password 'first'");
    encrypted.write("url", &format!("{}\n", encrypted.url("rotated:first", NAME)));
    let settings = DatabaseSettings {
        url: "postgres://nobody@127.0.0.1:1/nothing".to_owned().into(),
        url_file: Some(encrypted.file("url")),
        ..encrypted.settings(SslMode::VerifyFull)
    };
    let database = Database::new(&settings).unwrap();
    let mut held = another(&database).await.unwrap();
    encrypted.server.sql("alter role rotated password 'second'");
    assert!(another(&database).await.is_err());

    encrypted.write("url", &encrypted.url("rotated:second", NAME));
    let mut renewed = another(&database).await.unwrap();
    works(&mut renewed).await;
    works(&mut held).await;
}
