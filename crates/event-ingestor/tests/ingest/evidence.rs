//! What the published gateway sends leads to sessions, although it tells no start.

use crate::ground::Ground;
use insta::assert_snapshot;
use serde_json::{Value, json};

/// An event of `CP-1`, `seconds_ago`.
fn event(id: &str, kind: &str, seconds_ago: i64, payload: &Value) -> String {
    let at = runtime::clock::now() - chrono::TimeDelta::seconds(seconds_ago);
    json!({
        "eventId": id, "eventType": kind, "chargePointId": "CP-1", "gatewayId": "pod-1",
        "timestamp": at.timestamp_millis().to_string(), "payload": payload
    })
    .to_string()
}

fn status(id: &str, seconds_ago: i64, connector: i64, status: &str) -> String {
    let payload = json!({ "connectorId": connector, "status": status, "previousStatus": "Available" });
    event(id, "connector.status_changed", seconds_ago, &payload)
}

/// Energy and power of one instant, both said to be energy and without a unit.
fn flattened(id: &str, seconds_ago: i64, transaction: &str, energy: &str, power: &str) -> String {
    let at = runtime::clock::now() - chrono::TimeDelta::seconds(seconds_ago);
    let entry = |value: &str| json!({ "timestamp": at, "sampledValue": { "value": value, "measurand": "Energy.Active.Import.Register" } });
    let values = [entry(energy), entry(power)];
    let payload = json!({ "connectorId": 1, "transactionId": transaction, "meterValues": values });
    event(id, "transaction.meter_values", seconds_ago, &payload)
}

const SESSIONS: &str = "select connector_id, transaction_id, started_by, meter_start_wh, meter_stop_wh,
     ended_at is null as open, round(extract(epoch from clock_timestamp() - started_at) / 10) * 10 as begun_ago
     from sessions order by started_at";

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_no_start_told_is_followed() {
    let ground = Ground::new(2).await;
    let charge = [
        event("1", "charge_point.connected", 600, &json!({ "model": "DC-120", "vendor": "A" })),
        status("2", 590, 1, "Available"),
        status("3", 500, 1, "Preparing"),
        status("4", 490, 1, "Charging"),
        flattened("5", 400, "1790000000", "1150", "60.0"),
        flattened("6", 300, "1790000000", "2150", "60.0"),
    ];
    let last = ground.publish(1, &charge).await;
    let replica = ground.start();
    ground.written(1, last).await;
    assert_snapshot!(
        ground.rows(SESSIONS).await,
        @r#"[{"begun_ago":490,"connector_id":1,"meter_start_wh":1150,"meter_stop_wh":null,"open":true,"started_by":"readings","transaction_id":"1790000000"}]"#
    );
    assert_snapshot!(ground.rows("select energy_wh, power_w from connectors").await, @r#"[{"energy_wh":2150,"power_w":null}]"#);
    let stop = json!({ "transactionId": 1_790_000_000, "reason": "Remote", "meterStopWh": 2_200 });
    let last = ground.publish(1, &[event("7", "transaction.stopped", 200, &stop)]).await;
    ground.written(1, last).await;
    assert_snapshot!(
        ground.rows(SESSIONS).await,
        @r#"[{"begun_ago":490,"connector_id":1,"meter_start_wh":1150,"meter_stop_wh":2200,"open":false,"started_by":"readings","transaction_id":"1790000000"}]"#
    );
    assert!(ground.dead_letters().await.is_empty());
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_that_another_batch_brings_late_tell_when_a_charge_began() {
    let ground = Ground::new(2).await;
    let last = ground
        .publish(1, &[status("1", 590, 1, "Available"), flattened("2", 400, "7", "1150", "60.0")])
        .await;
    let replica = ground.start();
    ground.written(1, last).await;
    let late = [status("3", 500, 1, "Preparing"), status("4", 490, 1, "Charging")];
    let last = ground.publish(1, &late).await;
    ground.written(1, last).await;
    assert_snapshot!(
        ground.rows(SESSIONS).await,
        @r#"[{"begun_ago":490,"connector_id":1,"meter_start_wh":1150,"meter_stop_wh":null,"open":true,"started_by":"readings","transaction_id":"7"}]"#
    );
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_whose_id_was_never_seen_is_a_session_where_its_connector_can_be_told() {
    let ground = Ground::new(2).await;
    let charge = [
        status("1", 590, 1, "Available"),
        status("2", 590, 2, "Available"),
        status("3", 500, 2, "Preparing"),
        status("4", 490, 2, "Charging"),
    ];
    ground.publish(1, &charge).await;
    let stop = json!({ "transactionId": "99", "meterStopWh": 5_000 });
    let last = ground.publish(1, &[event("5", "transaction.stopped", 100, &stop)]).await;
    let replica = ground.start();
    ground.written(1, last).await;
    assert_snapshot!(
        ground.rows(SESSIONS).await,
        @r#"[{"begun_ago":490,"connector_id":2,"meter_start_wh":null,"meter_stop_wh":5000,"open":false,"started_by":"stop","transaction_id":"99"}]"#
    );
    assert!(ground.dead_letters().await.is_empty());
    replica.stop().await;
}
