//! Readiness and metrics.

use crate::app::TestApp;
use crate::fleet::Device;
use insta::assert_snapshot;
use serde_json::json;
use testkit::{Manner, Relay};

async fn readiness(app: &TestApp) -> String {
    let report = app.context.health.report().await;
    let checks = report.checks.iter();
    let checks: Vec<_> = checks.map(|(name, state)| format!("{name}: {state}")).collect();
    checks.join("\n").replace(&*app.topic, "commands")
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_once_all_it_needs_is_there() {
    let app = TestApp::with(&[]).await;
    testkit::eventually("everything but the topic", || async {
        readiness(&app).await.matches(": ok").count() == 3
    })
    .await;
    assert_snapshot!(readiness(&app).await, @r#"
    commands topic: there is no topic "commands"
    database: ok
    http: ok
    redis: ok
    "#);
    app.create_topic(8).await;
    testkit::eventually("ready", || async { app.context.health.report().await.ready }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stays_ready_when_redis_goes_away() {
    let url = testkit::redis_url();
    let server = url.trim_start_matches("redis://").parse().unwrap();
    let redis = Relay::before(server).await;
    let app = TestApp::with(&[("redis.url", &format!("redis://{}", redis.address))]).await;
    app.create_topic(8).await;
    testkit::eventually("ready", || async { app.context.health.report().await.ready }).await;
    redis.be(Manner::Closed);
    testkit::eventually("the loss to be told", || async { !readiness(&app).await.contains("redis: ok") })
        .await;
    assert!(app.context.health.report().await.ready, "{}", readiness(&app).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_with_another_number_of_partitions_is_not_fit() {
    let app = TestApp::with(&[]).await;
    app.create_topic(3).await;
    testkit::eventually("the topic to be seen", || async { readiness(&app).await.contains("3 partitions") })
        .await;
    let state = readiness(&app).await;
    assert_snapshot!(state.lines().next().unwrap(), @r#"commands topic: topic "commands" has 3 partitions, 8 are configured"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_away_is_named() {
    let nowhere = [
        ("database.url", "postgres://charging@127.0.0.1:1/charging"),
        ("redis.url", "redis://127.0.0.1:1"),
        ("kafka.brokers", "127.0.0.1:1"),
    ];
    let app = TestApp::with(&nowhere).await;
    assert_snapshot!(readiness(&app).await, @r#"
    commands topic: Kafka is not available
    database: no database connection within the time allowed
    http: ok
    redis: not connected to Redis
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_counted_by_outcome() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    app.command(pile.id, "reset", json!({})).await;
    app.command(pile.id, "start-transaction", json!({"idTag": "A", "connectorId": 9})).await;
    let metrics = runtime::telemetry::render_metrics().unwrap();
    for name in [
        r#"commands_total{name="Reset",outcome="accepted"}"#,
        r#"commands_total{name="RemoteStartTransaction",outcome="CONNECTOR_NOT_AVAILABLE"}"#,
        r#"commands_publish_duration_seconds_bucket{outcome="published","#,
        r#"commands_route_lookups_total{found="charge_point"}"#,
    ] {
        assert!(metrics.contains(name), "{name} is not in\n{metrics}");
    }
}
