//! InvalidValue records: nothing crashes, nothing is lost, and the partition continues.

use crate::fixture::Fixture;
use runtime::kafka::NewRecord;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn with(changes: &Value) -> Vec<u8> {
    let mut event = json!({
        "eventId": "e", "eventType": "connector.status_changed", "chargePointId": "CP-1", "gatewayId": "pod-1",
        "timestamp": runtime::clock::now(), "payload": { "connectorId": 1, "status": "Available" }
    });
    for (key, value) in changes.as_object().unwrap() {
        event[key] = value.clone();
    }
    event.to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_unusable_record_is_a_dead_letter_with_its_reason() {
    let fixture = Fixture::new(1).await;
    let bad: Vec<(Vec<u8>, &str)> = vec![
        (b"\x00\xffgarbage".to_vec(), "NOT_JSON"),
        (b"{\"eventId\":".to_vec(), "NOT_JSON"),
        (Vec::new(), "EMPTY"),
        (vec![b'x'; 1_000_000], "TOO_LARGE"),
        (with(&json!({ "eventType": null })), "MISSING_EVENT_TYPE"),
        (with(&json!({ "chargePointId": "" })), "MISSING_CHARGE_POINT"),
        (with(&json!({ "chargePointId": "a b" })), "INVALID_FIELD"),
        (with(&json!({ "chargePointId": "x".repeat(65) })), "INVALID_FIELD"),
        (with(&json!({ "timestamp": "yesterday" })), "INVALID_FIELD"),
        (with(&json!({ "payload": { "connectorId": -1, "status": "Available" } })), "INVALID_FIELD"),
        (with(&json!({ "payload": { "connectorId": 1, "status": "Levitating" } })), "INVALID_FIELD"),
        (with(&json!({ "payload": { "connectorId": "one", "status": "Available" } })), "INVALID_FIELD"),
    ];
    for (value, _) in &bad {
        fixture.publish(0, &[value]).await;
    }
    let good = with(&json!({ "eventId": "good", "payload": { "connectorId": 1, "status": "Charging" } }));
    let last = fixture.publish(0, &[good]).await;
    let replica = fixture.start();
    fixture.written(0, last).await;
    let letters = fixture.dead_letters().await;
    let reasons: Vec<_> = letters.iter().map(|letter| letter.heading.reason.as_str()).collect();
    assert_eq!(reasons, bad.iter().map(|(_, reason)| *reason).collect::<Vec<_>>());
    for ((value, _), letter) in bad.iter().zip(&letters) {
        assert_eq!(
            letter.record.value.as_deref().unwrap_or_default(),
            value,
            "the dead letter has the whole record"
        );
    }
    assert_eq!(fixture.rows("select status from connectors").await, json!([{ "status": "Charging" }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_unusual_but_unambiguous_events() {
    let fixture = Fixture::new(1).await;
    let odd = [
        with(&json!({ "eventId": "1970", "timestamp": "1970-01-01T00:00:00Z" })),
        with(
            &json!({ "eventId": "2099", "timestamp": 4_070_908_800_000_i64, "payload": { "connectorId": 2, "status": "faulted" } }),
        ),
        with(&json!({ "eventId": "new", "eventType": "weather.changed", "payload": ["free"] })),
        with(
            &json!({ "eventId": "none", "eventType": "charge_point.heartbeat", "payload": null, "extra": { "a": 1 } }),
        ),
    ];
    fixture.publish(0, &odd).await;
    let keyless = NewRecord {
        key: None,
        value: Some(with(
            &json!({ "eventId": "keyless", "payload": { "connectorId": 3, "status": "Reserved" } }),
        )),
        headers: BTreeMap::new(),
        timestamp: runtime::clock::now(),
    };
    let last = fixture.append(0, vec![keyless]).await;
    let replica = fixture.start();
    fixture.written(0, last).await;
    assert!(fixture.dead_letters().await.is_empty());
    assert_eq!(
        fixture.rows("select connector_id as id, status from connectors order by id").await,
        json!([{ "id": 1, "status": "Available" }, { "id": 2, "status": "Faulted" }, { "id": 3, "status": "Reserved" }])
    );
    let seen = "select last_seen_at between now() - interval '5 minutes' and now() + interval '1 minute' as sane from charge_points";
    assert_eq!(fixture.rows(seen).await, json!([{ "sane": true }]));
    replica.stop().await;
}
