//! Behaviour when PostgreSQL is unavailable or has an unexpected schema.

use crate::app::{TestApp, settings};
use crate::gate::{Gate, closed_address};
use insta::assert_snapshot;
use runtime::Context;
use secrecy::SecretString;
use std::net::SocketAddr;
use testkit::TestDatabase;

/// The database's URL through a proxy at `address`, and the server to which the proxy must connect.
fn detour(url: &str, address: SocketAddr) -> (String, String) {
    let (user, rest) = url.split_once('@').unwrap();
    let (server, name) = rest.split_once('/').unwrap();
    (format!("{user}@{address}/{name}"), server.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_for_the_database_and_answers_503_during_an_outage() {
    let database = TestDatabase::new().await;
    let address = closed_address().await;
    let (url, server) = detour(&database.url, address);
    let mut settings = settings(&database);
    settings.database.url = SecretString::from(url);

    let context = Context::new("asset-api");
    let waiting = tokio::spawn(asset_api::serve(settings.clone(), context.clone()));
    testkit::eventually("the health check to be registered", || async {
        !context.health.report().await.checks.is_empty()
    })
    .await;
    assert!(!context.health.report().await.ready);
    context.shutdown.request();
    waiting.await.unwrap().unwrap();

    let gate = Gate::open(address, server).await;
    let app = TestApp::start_with(database, settings).await;
    assert_eq!(app.get("/api/v1/stations").await.status, 200);
    drop(gate);
    assert_snapshot!(app.get("/api/v1/stations").await.snapshot(), @r#"
    503 Service Unavailable
    content-type: application/problem+json
    retry-after: 1

    {
      "code": "DATABASE_UNAVAILABLE",
      "instance": "/api/v1/stations",
      "status": 503,
      "title": "The database is not available",
      "type": "https://charging.example/problems/database-unavailable"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_start_on_another_schema() {
    let database = TestDatabase::new().await;
    database.execute("delete from __diesel_schema_migrations").await;
    let refused = asset_api::serve(settings(&database), Context::new("asset-api")).await;
    let reason = refused.unwrap_err().to_string();
    assert!(reason.contains("run `asset-api migrate`"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_brings_an_empty_database_up_to_date() {
    let database = TestDatabase::new().await;
    database.pool.revert_all().await.unwrap();
    asset_api::migrate(settings(&database), Context::new("asset-api")).await.unwrap();
    database.pool.check_schema().await.unwrap();
}
