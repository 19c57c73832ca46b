//! Events without an `eventId`: each record is a separate event, and a record that is read again is
//! the same event.

use crate::fixture::Fixture;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use domain::assets::OperatorBound;
use runtime::kafka::NewRecord;
use serde_json::json;
use std::collections::BTreeMap;

fn record(event_type: &str, payload: &serde_json::Value, timestamp: DateTime<Utc>) -> NewRecord {
    let event = json!({ "eventType": event_type, "chargePointId": "CP-1", "payload": payload });
    NewRecord {
        key: Some(b"CP-1".to_vec()),
        value: Some(event.to_string().into_bytes()),
        headers: BTreeMap::new(),
        timestamp,
    }
}

fn now() -> DateTime<Utc> {
    runtime::clock::now().trunc_subsecs(3)
}

#[tokio::test(flavor = "multi_thread")]
async fn identical_heartbeats_without_ids_keep_a_device_online() {
    let fixture = Fixture::new(1).await;
    let last_at = now();
    let beats = (0..40)
        .map(|n| record("charge_point.heartbeat", &json!({}), last_at - TimeDelta::seconds(3 * (39 - n))));
    let last = fixture.append(0, beats.collect()).await;
    let replica = fixture.start();
    fixture.written(0, last).await;
    let rows = fixture.rows("select last_seen_at, last_heartbeat_at from charge_points").await;
    for column in ["last_seen_at", "last_heartbeat_at"] {
        let at: DateTime<Utc> = rows[0][column].as_str().unwrap().parse().unwrap();
        assert_eq!(at, last_at, "{column}");
    }
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_statuses_without_ids_each_count() {
    let fixture = Fixture::new(1).await;
    let first_at = now() - TimeDelta::seconds(10);
    let statuses = ["Charging", "Available", "Charging", "Available"].iter().zip(0..).map(|(status, n)| {
        let payload = json!({ "connectorId": 1, "status": status });
        record("connector.status_changed", &payload, first_at + TimeDelta::milliseconds(1_200 * n))
    });
    let last = fixture.append(0, statuses.collect()).await;
    let replica = fixture.start();
    fixture.written(0, last).await;
    assert_eq!(fixture.rows("select status from connectors").await, json!([{ "status": "Available" }]));
    let history = "select status from status_changes where connector_id = 1 order by noted_at, place";
    let expected =
        ["Charging", "Available", "Charging", "Available"].map(|status| json!({ "status": status }));
    assert_eq!(fixture.rows(history).await, json!(expected));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_id_tags_are_kept_with_their_session() {
    let fixture = Fixture::new(1).await;
    let tag = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";
    let started = json!({ "connectorId": 1, "transactionId": -7, "idTag": format!("{tag}\0\0"), "meterStart": 157_440 });
    let read = json!({ "connectorId": 1, "transactionId": -7, "meterValue": [{ "sampledValue": [
        { "value": "163630", "context": "Sample.Periodic" }, { "value": "157440", "context": "Transaction.Begin" },
    ] }] });
    let at = now() - TimeDelta::seconds(5);
    let records = vec![
        record("transaction.started", &started, at),
        record("transaction.meter_values", &read, at + TimeDelta::seconds(1)),
    ];
    let replica = fixture.start();
    let last = fixture.append(0, records).await;
    fixture.written(0, last).await;
    // The next batch loads the stored state.
    let last = fixture.append(0, vec![record("charge_point.heartbeat", &json!({}), now())]).await;
    fixture.written(0, last).await;
    assert!(fixture.dead_letters().await.is_empty());
    let sessions =
        "select transaction_id, id_tag || coalesce(id_tag_rest, '') as id_tag, meter_start_wh from sessions";
    assert_eq!(
        fixture.rows(sessions).await,
        json!([{ "transaction_id": "-7", "id_tag": tag, "meter_start_wh": 157_440 }])
    );
    assert_eq!(fixture.rows("select energy_wh from connectors").await, json!([{ "energy_wh": 163_630 }]));
    let mut connection = fixture.database.pool.connection().await.unwrap();
    let device = domain::ids::ChargePointId::parse("CP-1").unwrap();
    let filter = storage::sessions::Filter { charge_point_id: Some(device), ..Default::default() };
    let stored =
        storage::sessions::list(&mut connection, &OperatorBound::All, &filter, None, 10).await.unwrap();
    assert_eq!(stored[0].session.id_tag.as_ref().unwrap().as_str(), tag);
    replica.stop().await;
}
