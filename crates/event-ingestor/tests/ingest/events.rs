//! Each kind of event and the rows that it leads to.

use crate::fixture::Fixture;
use insta::assert_snapshot;
use serde_json::{Value, json};

fn event(id: &str, kind: &str, seconds_ago: i64, payload: &Value) -> String {
    let at = runtime::clock::now() - chrono::TimeDelta::seconds(seconds_ago);
    json!({
        "eventId": id, "eventType": kind, "chargePointId": "CP-1", "gatewayId": "pod-1",
        "timestamp": at.timestamp_millis().to_string(), "payload": payload
    })
    .to_string()
}

/// A device that boots, starts a charge without knowing its transaction id, and sends meter values.
fn charge() -> Vec<String> {
    let reading = json!([{ "timestamp": runtime::clock::now(), "sampledValue": [
        { "value": "7.2", "measurand": "Power.Active.Import", "unit": "kW" },
        { "value": 1500, "measurand": "Energy.Active.Import.Register" }] }]);
    let boot = json!({ "model": "DC-120", "vendor": "A", "firmwareVersion": "v1" });
    let start = json!({ "connectorId": 1, "transactionId": 0, "idTag": "TAG", "meterStartWh": 1000 });
    let meter = json!({ "connectorId": 1, "transactionId": "634", "meterValues": reading });
    vec![
        event("1", "DeviceOnlineEvent", 55, &boot),
        event("2", "connector.status_changed", 50, &json!({ "connectorId": 1, "status": "Available" })),
        event("3", "transaction.started", 40, &start),
        event("4", "connector.status_changed", 39, &json!({ "connectorId": 1, "status": "charging" })),
        event("5", "transaction.meter_values", 10, &meter),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn records_a_charge_from_boot_to_end() {
    let fixture = Fixture::new(2).await;
    let last = fixture.publish(1, &charge()).await;
    let replica = fixture.start();
    fixture.written(1, last).await;
    let device =
        "select charge_point_id, online, gateway_id, model, firmware_version, memory from charge_points";
    assert_snapshot!(
        fixture.rows(device).await,
        @r#"[{"charge_point_id":"CP-1","firmware_version":"v1","gateway_id":"pod-1","memory":null,"model":"DC-120","online":true}]"#
    );
    assert_snapshot!(
        fixture.rows("select connector_id, status, power_w, energy_wh from connectors").await,
        @r#"[{"connector_id":1,"energy_wh":1500,"power_w":7200,"status":"Charging"}]"#
    );
    let sessions = "select transaction_id, id_tag, meter_start_wh, ended_at is null as open, end_reason, meter_stop_wh from sessions";
    assert_snapshot!(
        fixture.rows(sessions).await,
        @r#"[{"end_reason":null,"id_tag":"TAG","meter_start_wh":1000,"meter_stop_wh":null,"open":true,"transaction_id":"634"}]"#
    );
    let stop = json!({ "transactionId": 634, "reason": "Remote", "meterStopWh": 1600 });
    let end =
        [event("6", "transaction.stopped", 5, &stop), event("7", "charge_point.disconnected", 1, &json!({}))];
    let last = fixture.publish(1, &end).await;
    fixture.written(1, last).await;
    assert_snapshot!(
        fixture.rows(sessions).await,
        @r#"[{"end_reason":"Remote","id_tag":"TAG","meter_start_wh":1000,"meter_stop_wh":1600,"open":false,"transaction_id":"634"}]"#
    );
    assert_snapshot!(fixture.rows("select online from charge_points").await, @r#"[{"online":false}]"#);
    assert!(fixture.dead_letters().await.is_empty());
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_apply_records_twice() {
    let fixture = Fixture::new(1).await;
    let log = [
        event(
            "1",
            "transaction.started",
            9,
            &json!({ "connectorId": 1, "transactionId": 0, "idTag": "TAG" }),
        ),
        event("2", "connector.status_changed", 8, &json!({ "connectorId": 1, "status": "Charging" })),
    ];
    let last = fixture.publish(0, &log).await;
    let first = fixture.start();
    fixture.written(0, last).await;
    first.stop().await;
    // A copy counts as a sign of life and has no other effect.
    let all = "select to_jsonb(c) as c, to_jsonb(s) as s,
                      to_jsonb(p) - 'last_seen_at' - 'seen_appended_at' - 'seen_offset' - 'written_at' as p
               from charge_points p join connectors c using (charge_point_id) join sessions s using (charge_point_id)";
    let before = fixture.rows(all).await;
    let history = "select * from status_changes order by noted_at, place";
    let went_through = fixture.rows(history).await;
    assert_eq!(went_through.as_array().unwrap().len(), 2, "online, and Charging");
    // The same records again at higher offsets, and the partition read from its beginning.
    let last = fixture.publish(0, &log).await;
    fixture.database.execute("update ingest_partitions set next_offset = 0").await;
    let second = fixture.start();
    fixture.written(0, last).await;
    assert_eq!(fixture.rows(all).await, before);
    assert_eq!(fixture.rows(history).await, went_through);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_a_stop_without_a_session_as_a_dead_letter() {
    let fixture = Fixture::new(1).await;
    let stop = event("1", "transaction.stopped", 5, &json!({ "transactionId": "77", "reason": "Local" }));
    let last = fixture.publish(0, &[&stop]).await;
    let replica = fixture.start();
    fixture.written(0, last).await;
    let letters = fixture.dead_letters().await;
    assert_eq!(letters[0].heading.reason, "STOP_WITHOUT_SESSION");
    assert_eq!(letters[0].record.value.as_deref(), Some(stop.as_bytes()));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_has_each_status_of_a_batch_except_late_ones() {
    let fixture = Fixture::new(1).await;
    let status_event = |id: &str, status: &str, ago| {
        event(id, "connector.status_changed", ago, &json!({ "connectorId": 1, "status": status }))
    };
    // The events form one batch, because the replica starts after they are published. The last is
    // too late, the one before is a copy.
    let log = [
        status_event("1", "Available", 260),
        status_event("2", "Preparing", 250),
        status_event("3", "Charging", 240),
        status_event("4", "Finishing", 220),
        status_event("2", "Preparing", 250),
        status_event("5", "SuspendedEV", 230),
    ];
    let last = fixture.publish(0, &log).await;
    let replica = fixture.start();
    fixture.written(0, last).await;
    let history = "select connector_id as c, previous_status as was, status as now from status_changes
                   where status is not null order by noted_at, place";
    assert_snapshot!(
        fixture.rows(history).await,
        @r#"[{"c":1,"now":"Available","was":null},{"c":1,"now":"Preparing","was":"Available"},{"c":1,"now":"Charging","was":"Preparing"},{"c":1,"now":"Finishing","was":"Charging"}]"#
    );
    let apart =
        "select extract(epoch from max(at) - min(at)) between 30 and 50 as by_the_device from status_changes
                 where status is not null";
    assert_snapshot!(fixture.rows(apart).await, @r#"[{"by_the_device":true}]"#);
    replica.stop().await;
}
