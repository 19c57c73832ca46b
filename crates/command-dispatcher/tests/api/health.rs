//! Readiness and metrics.

use crate::app::{Replica, TestApp};
use crate::fleet::Device;
use insta::assert_snapshot;
use runtime::kafka::TopicRetention;
use serde_json::json;
use std::time::Duration;
use testkit::{FaultProxy, ProxyMode};

async fn readiness(app: &TestApp) -> String {
    let report = app.context.health.report().await;
    let checks = report.checks.iter();
    let checks: Vec<_> = checks.map(|(name, state)| format!("{name}: {state}")).collect();
    checks.join("\n").replace(&*app.topic, "commands")
}

#[tokio::test(flavor = "multi_thread")]
async fn becomes_ready_once_its_dependencies_are_available() {
    let app = TestApp::with(&[]).await;
    let state = testkit::eventually_some("everything but the topic", || async {
        let state = readiness(&app).await;
        (state.matches(": ok").count() == 4 && !state.contains("not read yet")).then_some(state)
    })
    .await;
    assert_snapshot!(state, @r#"
    commands retention: the retention of commands is not known: there is no topic "commands"
    commands topic: there is no topic "commands"
    database: ok
    events read: ok
    http: ok
    redis: ok
    "#);
    app.create_topic(8).await;
    testkit::eventually("ready", || async { app.context.health.report().await.ready }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stays_ready_when_redis_becomes_unavailable() {
    let url = testkit::redis_url();
    let server = url.trim_start_matches("redis://").parse().unwrap();
    let redis = FaultProxy::before(server).await;
    let app = TestApp::with(&[("redis.url", &format!("redis://{}", redis.address))]).await;
    app.create_topic(8).await;
    testkit::eventually("ready", || async { app.context.health.report().await.ready }).await;
    redis.set_mode(ProxyMode::Close);
    testkit::eventually("the loss of Redis to be reported", || async {
        !readiness(&app).await.contains("redis: ok")
    })
    .await;
    assert!(app.context.health.report().await.ready, "{}", readiness(&app).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn is_not_ready_with_a_topic_of_another_number_of_partitions() {
    let app = TestApp::with(&[]).await;
    app.create_topic(3).await;
    testkit::eventually("the partitions of the topic to be read", || async {
        readiness(&app).await.contains("3 partitions")
    })
    .await;
    let state = readiness(&app).await;
    assert_snapshot!(state.lines().nth(1).unwrap(), @r#"commands topic: topic "commands" has 3 partitions, 8 are configured"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_names_each_unavailable_dependency() {
    let nowhere = [
        ("database.url", "postgres://charging@127.0.0.1:1/charging"),
        ("redis.url", "redis://127.0.0.1:1"),
        ("kafka.brokers", "127.0.0.1:1"),
    ];
    let app = TestApp::with(&nowhere).await;
    testkit::eventually("the retention to be read", || async {
        !readiness(&app).await.contains("not read yet")
    })
    .await;
    assert_snapshot!(readiness(&app).await, @r#"
    commands retention: the retention of commands is not known: Kafka is not available
    commands topic: Kafka is not available
    database: no database connection within the time allowed
    events read: ok
    http: ok
    redis: not connected to Redis
    "#);
}

/// A service with these settings that starts while its topic has this `retention.ms` and
/// `segment.ms`.
async fn on_topic(retention_ms: u64, segment_ms: u64, settings: &[(&str, &str)]) -> (TestApp, Replica) {
    let mut app = TestApp::start().await;
    let (retention, segment) = (retention_ms.to_string(), segment_ms.to_string());
    app.topic.configure(&[("retention.ms", &retention), ("segment.ms", &segment)]);
    let [retention, segment] = [retention_ms, segment_ms].map(|millis| Some(Duration::from_millis(millis)));
    testkit::eventually("the broker to have the settings", || async {
        app.kafka.topic_retention(&app.topic).await.unwrap() == TopicRetention { retention, segment }
    })
    .await;
    let replica = app.replica(settings);
    app.switch_to(&replica).await;
    (app, replica)
}

/// The readiness line about the topic's retention once it was read, and the value of the metric.
async fn retention(app: &TestApp) -> (String, String) {
    let said = testkit::eventually_some("the retention to be read", || async {
        let state = readiness(app).await;
        let line = state.lines().find_map(|line| line.strip_prefix("commands retention: ")).unwrap();
        (!line.contains("not read yet") && !line.contains("not known")).then(|| line.to_owned())
    })
    .await;
    let name = format!("commands_topic_retention_seconds{{topic=\"{}\"}} ", &*app.topic);
    let measured = testkit::eventually_some("the retention to be measured", || async {
        let metrics = runtime::telemetry::render_metrics().unwrap();
        metrics.lines().find_map(|line| line.strip_prefix(&name).map(str::to_owned))
    })
    .await;
    (said, measured)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_keeps_commands_too_long_is_reported_and_leaves_it_ready() {
    let (app, _replica) = on_topic(604_800_000, 60_000, &[]).await;
    let (said, measured) = retention(&app).await;
    assert_snapshot!(said, @"commands keeps records for 7 d: a gateway that restarts may execute old commands; set retention.ms=120000 and segment.ms=60000");
    assert_eq!(measured, "604800");
    testkit::eventually("ready", || async { app.context.health.report().await.ready }).await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    assert_eq!(app.command(pile.id, "reset", json!({})).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_stays_open_too_long_is_reported() {
    let (app, _replica) = on_topic(120_000, 3_600_000, &[]).await;
    let (said, measured) = retention(&app).await;
    assert_snapshot!(said, @"commands keeps records of a busy partition for 1 h (segment.ms): a gateway that restarts may execute old commands; set retention.ms=120000 and segment.ms=60000");
    assert_eq!(measured, "120");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_deletes_commands_in_time_is_ok() {
    let (app, _replica) = on_topic(120_000, 60_000, &[]).await;
    assert_eq!(retention(&app).await, ("ok".to_owned(), "120".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_retention_can_be_configured() {
    let settings = [("dispatch.command_retention_s", "7200")];
    let (app, _replica) = on_topic(7_200_000, 7_200_000, &settings).await;
    assert_eq!(retention(&app).await, ("ok".to_owned(), "7200".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_counted_by_outcome() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    app.command(pile.id, "reset", json!({})).await;
    app.command(pile.id, "start-transaction", json!({"idTag": "A", "connectorId": 9})).await;
    for name in [
        r#"commands_total{name="Reset",outcome="accepted"}"#,
        r#"commands_total{name="RemoteStartTransaction",outcome="CONNECTOR_NOT_AVAILABLE"}"#,
        r#"commands_publish_duration_seconds_bucket{outcome="published","#,
        r#"commands_route_lookups_total{found="charge_point"}"#,
    ] {
        let is_counted = || async { runtime::telemetry::render_metrics().unwrap().contains(name) };
        testkit::eventually(&format!("{name} to be counted"), is_counted).await;
    }
}
