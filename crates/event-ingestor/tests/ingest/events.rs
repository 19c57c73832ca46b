//! Each kind of event leads to the rows that it should.

use crate::ground::Ground;
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

/// A device that boots, starts a charge without knowing its transaction's id, and meters.
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
async fn a_charge_is_followed_from_boot_to_end() {
    let ground = Ground::new(2).await;
    let last = ground.publish(1, &charge()).await;
    let replica = ground.start();
    ground.written(1, last).await;
    let device =
        "select charge_point_id, online, gateway_id, model, firmware_version, memory from charge_points";
    assert_snapshot!(
        ground.rows(device).await,
        @r#"[{"charge_point_id":"CP-1","firmware_version":"v1","gateway_id":"pod-1","memory":null,"model":"DC-120","online":true}]"#
    );
    assert_snapshot!(
        ground.rows("select connector_id, status, power_w, energy_wh from connectors").await,
        @r#"[{"connector_id":1,"energy_wh":1500,"power_w":7200,"status":"Charging"}]"#
    );
    let sessions = "select transaction_id, id_tag, meter_start_wh, ended_at is null as open, end_reason, meter_stop_wh from sessions";
    assert_snapshot!(
        ground.rows(sessions).await,
        @r#"[{"end_reason":null,"id_tag":"TAG","meter_start_wh":1000,"meter_stop_wh":null,"open":true,"transaction_id":"634"}]"#
    );
    let stop = json!({ "transactionId": 634, "reason": "Remote", "meterStopWh": 1600 });
    let end =
        [event("6", "transaction.stopped", 5, &stop), event("7", "charge_point.disconnected", 1, &json!({}))];
    let last = ground.publish(1, &end).await;
    ground.written(1, last).await;
    assert_snapshot!(
        ground.rows(sessions).await,
        @r#"[{"end_reason":"Remote","id_tag":"TAG","meter_start_wh":1000,"meter_stop_wh":1600,"open":false,"transaction_id":"634"}]"#
    );
    assert_snapshot!(ground.rows("select online from charge_points").await, @r#"[{"online":false}]"#);
    assert!(ground.dead_letters().await.is_empty());
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_not_written_again() {
    let ground = Ground::new(1).await;
    let log = [
        event(
            "1",
            "transaction.started",
            9,
            &json!({ "connectorId": 1, "transactionId": 0, "idTag": "TAG" }),
        ),
        event("2", "connector.status_changed", 8, &json!({ "connectorId": 1, "status": "Charging" })),
    ];
    let last = ground.publish(0, &log).await;
    let first = ground.start();
    ground.written(0, last).await;
    first.stop().await;
    // A copy is a sign of life, and nothing else.
    let all = "select to_jsonb(c) as c, to_jsonb(s) as s,
                      to_jsonb(p) - 'last_seen_at' - 'seen_appended_at' - 'seen_offset' - 'written_at' as p
               from charge_points p join connectors c using (charge_point_id) join sessions s using (charge_point_id)";
    let before = ground.rows(all).await;
    let history = "select * from status_changes order by noted_at, place";
    let went_through = ground.rows(history).await;
    assert_eq!(went_through.as_array().unwrap().len(), 2, "online, and Charging");
    // The same records again, further on; and the partition read from its beginning once more.
    let last = ground.publish(0, &log).await;
    ground.database.execute("update ingest_partitions set next_offset = 0").await;
    let second = ground.start();
    ground.written(0, last).await;
    assert_eq!(ground.rows(all).await, before);
    assert_eq!(ground.rows(history).await, went_through);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_finds_no_session_is_kept_whole() {
    let ground = Ground::new(1).await;
    let stop = event("1", "transaction.stopped", 5, &json!({ "transactionId": "77", "reason": "Local" }));
    let last = ground.publish(0, &[&stop]).await;
    let replica = ground.start();
    ground.written(0, last).await;
    let letters = ground.dead_letters().await;
    assert_eq!(letters[0].heading.reason, "STOP_WITHOUT_SESSION");
    assert_eq!(letters[0].record.value.as_deref(), Some(stop.as_bytes()));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_has_each_status_of_a_batch_and_none_that_came_too_late() {
    let ground = Ground::new(1).await;
    let told = |id: &str, status: &str, ago| {
        event(id, "connector.status_changed", ago, &json!({ "connectorId": 1, "status": status }))
    };
    // One batch: the replica starts when all of it is there. The last comes too late, and the one before is a copy.
    let log = [
        told("1", "Available", 260),
        told("2", "Preparing", 250),
        told("3", "Charging", 240),
        told("4", "Finishing", 220),
        told("2", "Preparing", 250),
        told("5", "SuspendedEV", 230),
    ];
    let last = ground.publish(0, &log).await;
    let replica = ground.start();
    ground.written(0, last).await;
    let history = "select connector_id as c, previous_status as was, status as now from status_changes
                   where status is not null order by noted_at, place";
    assert_snapshot!(
        ground.rows(history).await,
        @r#"[{"c":1,"now":"Available","was":null},{"c":1,"now":"Preparing","was":"Available"},{"c":1,"now":"Charging","was":"Preparing"},{"c":1,"now":"Finishing","was":"Charging"}]"#
    );
    let apart =
        "select extract(epoch from max(at) - min(at)) between 39 and 41 as by_the_device from status_changes
                 where status is not null";
    assert_snapshot!(ground.rows(apart).await, @r#"[{"by_the_device":true}]"#);
    replica.stop().await;
}
