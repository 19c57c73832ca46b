//! Events without an `eventId`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use wire::{RawRecord, decode};

fn id_of(json: &str, partition: i32, offset: i64) -> String {
    let record = RawRecord::json(json.as_bytes()).at(partition, offset);
    let event = decode(&record).unwrap();
    assert_eq!(decode(&record), Ok(event.clone()), "the same record has the same event");
    event.event_id.to_string()
}

const HEARTBEAT: &str = r#"{"eventType":"charge_point.heartbeat","chargePointId":"CP-1"}"#;
const START: &str = r#"{"eventType":"transaction.started","chargePointId":"CP-1","timestamp":"2026-11-28T12:22:19Z",
    "payload":{"connectorId":1}}"#;
const START_WITHOUT_TIME: &str =
    r#"{"eventType":"transaction.started","chargePointId":"CP-1","payload":{"connectorId":1}}"#;
const STOP_WITH_TIME_INSIDE: &str = r#"{"eventType":"transaction.stopped","chargePointId":"CP-1",
    "payload":{"timestamp":"2026-11-28T12:22:19Z"}}"#;
const STATUS: &str = r#"{"eventType":"connector.status_changed","chargePointId":"CP-1",
    "timestamp":"2026-11-28T12:22:19Z","payload":{"connectorId":1,"status":"Charging"}}"#;

#[test]
fn identical_records_are_different_events() {
    for event in [HEARTBEAT, STATUS, START_WITHOUT_TIME] {
        assert_ne!(id_of(event, 3, 17), id_of(event, 3, 18), "{event}");
        assert_ne!(id_of(event, 3, 17), id_of(event, 4, 17), "{event}");
    }
}

#[test]
fn copies_of_a_start_or_a_stop_with_a_time_are_one_event() {
    for event in [START, STOP_WITH_TIME_INSIDE] {
        assert_eq!(id_of(event, 3, 17), id_of(event, 3, 18), "{event}");
    }
}

#[test]
fn an_event_with_an_id_keeps_it_at_every_offset() {
    let event = HEARTBEAT.replace("{", r#"{"eventId":"e-1","#);
    assert_eq!(id_of(&event, 3, 17), "e-1");
    assert_eq!(id_of(&event, 3, 18), "e-1");
}

#[test]
fn the_same_rules_apply_to_protobuf() {
    // Field 2 is the charge point, field 12 the heartbeat.
    let heartbeat = b"\x12\x04CP-1\x62\x00";
    let id = |offset| decode(&RawRecord::protobuf(heartbeat).at(0, offset)).unwrap().event_id;
    assert_eq!(id(1), id(1));
    assert_ne!(id(1), id(2));
}

#[test]
fn ids_of_many_records_do_not_collide() {
    let ids: std::collections::BTreeSet<_> = (0..100)
        .flat_map(|partition| (0..100).map(move |offset| id_of(HEARTBEAT, partition, offset)))
        .collect();
    assert_eq!(ids.len(), 10_000);
}
