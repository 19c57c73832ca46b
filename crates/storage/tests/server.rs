//! Properties of the server that services check at startup.

use storage::{Database, DatabaseSettings};
use testkit::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn requests_untranslated_messages_if_the_role_may() {
    let database = TestDatabase::new().await;
    assert_eq!(database.pool.foreign_messages().await.unwrap(), None);
    let mut connection = database.pool.connection().await.unwrap();
    let divided = diesel_async::SimpleAsyncConnection::batch_execute(&mut *connection, "select 1 / 0").await;
    assert!(divided.unwrap_err().to_string().contains("division by zero"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_the_grant_connects_and_reports_the_language() {
    let database = TestDatabase::new().await;
    let role = testkit::unique("speaker").replace('-', "_");
    database.execute(&format!("create role {role} login")).await;
    let settings = database.settings();
    let url =
        secrecy::ExposeSecret::expose_secret(&settings.url).replace("//charging@", &format!("//{role}@"));
    let pool = Database::new(&DatabaseSettings { url: url.into(), ..settings }).unwrap();
    let spoken = database.json("select reset_val from pg_settings where name = 'lc_messages'").await;
    let language = spoken.as_str().unwrap().to_owned();
    let expected = Some(language).filter(|language| language.starts_with("zh"));
    assert_eq!(pool.foreign_messages().await.unwrap(), expected);
    drop(pool);
    database.execute(&format!("drop role {role}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_lock_table_is_large_enough() {
    assert_eq!(TestDatabase::new().await.pool.small_lock_table().await.unwrap(), None);
}
