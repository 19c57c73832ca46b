//! The meters of open sessions follow their readings.

use crate::fixture::Fixture;
use serde_json::{Value, json};
use testkit::eventually;

/// An event of `CP-1` that happened `seconds_ago`.
fn event(id: &str, kind: &str, seconds_ago: i64, payload: &Value) -> String {
    let at = runtime::clock::now() - chrono::TimeDelta::seconds(seconds_ago);
    json!({
        "eventId": id, "eventType": kind, "chargePointId": "CP-1", "gatewayId": "pod-1",
        "timestamp": at.to_rfc3339(), "payload": payload
    })
    .to_string()
}

fn start(id: &str, seconds_ago: i64) -> String {
    let payload = json!({ "connectorId": 1, "transactionId": "7", "idTag": "TAG", "meterStartWh": 100 });
    event(id, "transaction.started", seconds_ago, &payload)
}

fn reading(id: &str, seconds_ago: i64, energy_wh: u32) -> String {
    let at = runtime::clock::now() - chrono::TimeDelta::seconds(seconds_ago);
    let values = json!([{ "timestamp": at, "sampledValue": [
        { "value": energy_wh, "measurand": "Energy.Active.Import.Register" }] }]);
    let payload = json!({ "connectorId": 1, "transactionId": "7", "meterValues": values });
    event(id, "transaction.meter_values", seconds_ago, &payload)
}

/// Waits until the last reading of the connector is published; returns how many were.
async fn published(fixture: &Fixture) -> i64 {
    let last = "select energy_at = (select reading_at from session_metered) as published from connectors";
    eventually("the last reading to be published", || async {
        fixture.rows(last).await == json!([{ "published": true }])
    })
    .await;
    let meters = "select count(*) as meters from feed_chunks, json_array_elements(changes) as change
                  where change #>> '{kind,data,feedType}' = 'charging.session.metered.v1'";
    fixture.rows(meters).await[0]["meters"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reading_is_published_although_open_sessions_are_rarely_searched() {
    let fixture = Fixture::new(1).await;
    let replica = fixture.start_with(&[("metered.interval_s", "1")]);
    let last = fixture.publish(0, &[start("1", 50), reading("2", 40, 200)]).await;
    fixture.written(0, last).await;
    assert_eq!(published(&fixture).await, 1);
    // The second of these may have to wait for the interval.
    for (id, seconds_ago, energy_wh) in [("3", 30, 300), ("4", 20, 400)] {
        let last = fixture.publish(0, &[reading(id, seconds_ago, energy_wh)]).await;
        fixture.written(0, last).await;
    }
    assert!(
        (2..=3).contains(&published(&fixture).await),
        "once for the last reading, and at most once for each"
    );
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_publishes_what_another_one_left_unpublished() {
    let fixture = Fixture::new(1).await;
    let silent = fixture.start_with(&[("metered.interval_s", "0")]);
    let last = fixture.publish(0, &[start("1", 50), reading("2", 40, 200)]).await;
    fixture.written(0, last).await;
    silent.stop().await;
    assert_eq!(fixture.rows("select from session_metered").await, json!([]));
    let replica = fixture.start();
    assert_eq!(published(&fixture).await, 1);
    replica.stop().await;
}
