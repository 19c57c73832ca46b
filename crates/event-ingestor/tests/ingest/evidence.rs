//! The published gateway reports no starts; its other events still lead to sessions.

use crate::fixture::Fixture;
use insta::assert_snapshot;
use serde_json::{Value, json};

/// An event of `CP-1` that happened `seconds_ago`.
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

/// Energy and power at one instant; both claim to be energy and have no unit.
fn flattened(id: &str, seconds_ago: i64, transaction: &str, energy: &str, power: &str) -> String {
    let at = runtime::clock::now() - chrono::TimeDelta::seconds(seconds_ago);
    let entry = |value: &str| json!({ "timestamp": at, "sampledValue": { "value": value, "measurand": "Energy.Active.Import.Register" } });
    let values = [entry(energy), entry(power)];
    let payload = json!({ "connectorId": 1, "transactionId": transaction, "meterValues": values });
    event(id, "transaction.meter_values", seconds_ago, &payload)
}

/// Sessions with the seconds since they began: those from 490 to 530 are the same, for a busy machine.
const SESSIONS: &str = "select connector_id, transaction_id, started_by, meter_start_wh, meter_stop_wh,
     ended_at is null as open, 490 + floor((extract(epoch from clock_timestamp() - started_at) - 490) / 40) * 40 as begun_ago
     from sessions order by started_at";

#[tokio::test(flavor = "multi_thread")]
async fn records_a_charge_without_a_start_event() {
    let fixture = Fixture::new(2).await;
    let charge = [
        event("1", "charge_point.connected", 600, &json!({ "model": "DC-120", "vendor": "A" })),
        status("2", 590, 1, "Available"),
        status("3", 540, 1, "Preparing"),
        status("4", 490, 1, "Charging"),
        flattened("5", 400, "1790000000", "1150", "60.0"),
        flattened("6", 300, "1790000000", "2150", "60.0"),
    ];
    let last = fixture.publish(1, &charge).await;
    let replica = fixture.start();
    fixture.written(1, last).await;
    assert_snapshot!(
        fixture.rows(SESSIONS).await,
        @r#"[{"begun_ago":490,"connector_id":1,"meter_start_wh":1150,"meter_stop_wh":null,"open":true,"started_by":"readings","transaction_id":"1790000000"}]"#
    );
    assert_snapshot!(fixture.rows("select energy_wh, power_w from connectors").await, @r#"[{"energy_wh":2150,"power_w":null}]"#);
    let stop = json!({ "transactionId": 1_790_000_000, "reason": "Remote", "meterStopWh": 2_200 });
    let last = fixture.publish(1, &[event("7", "transaction.stopped", 200, &stop)]).await;
    fixture.written(1, last).await;
    assert_snapshot!(
        fixture.rows(SESSIONS).await,
        @r#"[{"begun_ago":490,"connector_id":1,"meter_start_wh":1150,"meter_stop_wh":2200,"open":false,"started_by":"readings","transaction_id":"1790000000"}]"#
    );
    assert!(fixture.dead_letters().await.is_empty());
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_statuses_of_another_batch_correct_the_start_of_a_charge() {
    let fixture = Fixture::new(2).await;
    let last = fixture
        .publish(1, &[status("1", 590, 1, "Available"), flattened("2", 400, "7", "1150", "60.0")])
        .await;
    let replica = fixture.start();
    fixture.written(1, last).await;
    let late = [status("3", 540, 1, "Preparing"), status("4", 490, 1, "Charging")];
    let last = fixture.publish(1, &late).await;
    fixture.written(1, last).await;
    assert_snapshot!(
        fixture.rows(SESSIONS).await,
        @r#"[{"begun_ago":490,"connector_id":1,"meter_start_wh":1150,"meter_stop_wh":null,"open":true,"started_by":"readings","transaction_id":"7"}]"#
    );
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_with_an_unknown_id_is_a_session_if_its_connector_is_known() {
    let fixture = Fixture::new(2).await;
    let charge = [
        status("1", 590, 1, "Available"),
        status("2", 590, 2, "Available"),
        status("3", 540, 2, "Preparing"),
        status("4", 490, 2, "Charging"),
    ];
    fixture.publish(1, &charge).await;
    let stop = json!({ "transactionId": "99", "meterStopWh": 5_000 });
    let last = fixture.publish(1, &[event("5", "transaction.stopped", 100, &stop)]).await;
    let replica = fixture.start();
    fixture.written(1, last).await;
    assert_snapshot!(
        fixture.rows(SESSIONS).await,
        @r#"[{"begun_ago":490,"connector_id":2,"meter_start_wh":null,"meter_stop_wh":5000,"open":false,"started_by":"stop","transaction_id":"99"}]"#
    );
    assert!(fixture.dead_letters().await.is_empty());
    replica.stop().await;
}
