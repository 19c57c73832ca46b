//! Tests of the rules for records.

use super::{Fixture, device};
use crate::check::log_position::LogPosition;
use crate::check::verdict::RuleResult;
use domain::event::{BootReport, EventKind};
use wire::event::encode::{Dialect, encode_event_json};

#[test]
fn reports_the_reason_of_an_undecodable_record() {
    let mut fixture = Fixture::new();
    fixture.json("nonsense").json("nonsense").json("nonsense").json("nonsense");
    fixture.json(r#"{"chargePointId":"CP-1"}"#).json(r#"{"eventType":"x"}"#);
    fixture.json(&format!("\"{}\"", "x".repeat(256 * 1024)));
    fixture.record(0, Some(b"CP-1"), None, &[]);
    fixture.record(0, None, Some(b"{}"), &[("content-type", "text/plain")]);
    let verdict = fixture.verdict();
    let finding = verdict.finding("UNDECODABLE").unwrap();
    assert_eq!((finding.result, finding.broken, finding.judged), (RuleResult::Fail, 9, 9));
    let reasons: Vec<_> = finding.reasons.iter().map(|(reason, count)| (*reason, *count)).collect();
    assert_eq!(
        reasons,
        [
            ("EMPTY", 1),
            ("MISSING_CHARGE_POINT", 1),
            ("MISSING_EVENT_TYPE", 1),
            ("NOT_JSON", 4),
            ("TOO_LARGE", 1),
            ("UNSUPPORTED_CONTENT_TYPE", 1)
        ]
    );
    assert_eq!(finding.examples.len(), 3);
    assert!(finding.examples[0].starts_with("partition 0 offset 0: NOT_JSON, not a JSON object"));
    let fresh = finding.examples.last().unwrap();
    assert!(fresh.contains("UNSUPPORTED_CONTENT_TYPE"), "a new reason is shown: {fresh}");
    assert_eq!(fixture.broken(), ["UNDECODABLE"]);
    assert!(fixture.verdict().to_string().ends_with("VERDICT: the gateway breaks the contract in 1 point\n"));
}

#[test]
fn reports_a_batch_that_cannot_be_read() {
    let mut fixture = Fixture::new();
    fixture.judge.record_unreadable_batch(LogPosition { partition: 3, offset: 17 });
    let verdict = fixture.verdict();
    assert_eq!(verdict.finding("UNREADABLE_BATCH").unwrap().examples, ["partition 3 offset 17"]);
    assert_eq!(verdict.exit_code(), 1, "although no record was received");
}

#[test]
fn the_key_must_be_the_charge_point_id() {
    let mut fixture = Fixture::new();
    let event = fixture.event("pod-0", EventKind::Heartbeat);
    let value = encode_event_json(&event, Dialect::Contract);
    fixture.record(0, None, Some(&value), &[]);
    assert_eq!(fixture.broken(), ["KEY_MISSING"]);
    assert_eq!(fixture.result("KEY_MISMATCH"), RuleResult::NotJudged);
    let other = fixture.event("pod-0", EventKind::Heartbeat);
    fixture.record(0, Some(b"cp-1"), Some(&encode_event_json(&other, Dialect::Contract)), &[]);
    let verdict = fixture.verdict();
    let example = "partition 0 offset 1: key \"cp-1\", chargePointId CP-1";
    assert_eq!(verdict.finding("KEY_MISMATCH").unwrap().examples, [example]);
}

#[test]
fn a_device_must_stay_in_one_partition() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0");
    assert_eq!(fixture.result("SEVERAL_PARTITIONS"), RuleResult::Pass);
    for _ in 0..2 {
        let event = fixture.event("pod-0", EventKind::Heartbeat);
        fixture.send_to(1, &event);
    }
    assert_eq!(fixture.broken(), ["SEVERAL_PARTITIONS"]);
    let finding = fixture.verdict().finding("SEVERAL_PARTITIONS").unwrap().clone();
    assert_eq!((finding.broken, finding.judged), (1, 1), "one device, not two records");
}

#[test]
fn tolerates_a_new_partition_after_the_topic_has_grown() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0");
    fixture.judge.record_growth();
    let event = fixture.event("pod-0", EventKind::Heartbeat);
    fixture.send_to(1, &event);
    assert_eq!(fixture.broken(), [""; 0]);
}

#[test]
fn counts_a_copy_and_reports_a_reused_event_id() {
    let mut fixture = Fixture::new();
    let event = fixture.event("pod-0", EventKind::Heartbeat);
    fixture.send(&event).send(&event);
    assert_eq!(fixture.broken(), ["EVENT_REPEATED"]);
    let mut other_pods = fixture.event("pod-1", EventKind::Heartbeat);
    other_pods.event_id = event.event_id.clone();
    fixture.send(&other_pods);
    assert_eq!(fixture.broken(), ["EVENT_REPEATED"], "another pod may send it again");
    let mut other = fixture.event("pod-0", EventKind::Connected(BootReport::default()));
    other.event_id = event.event_id.clone();
    fixture.send(&other);
    assert_eq!(fixture.broken(), ["EVENT_ID_REUSED", "EVENT_REPEATED"]);
    let elsewhere = domain::event::GatewayEvent { charge_point_id: device("CP-2"), ..other };
    fixture.send(&elsewhere);
    let reused = fixture.verdict().finding("EVENT_ID_REUSED").unwrap().broken;
    assert_eq!(reused, 1, "ids of another device do not conflict");
}

#[test]
fn warns_of_missing_optional_fields() {
    let mut fixture = Fixture::new();
    fixture.json(r#"{"eventType":"charge_point.heartbeat","chargePointId":"CP-1"}"#);
    assert_eq!(fixture.broken(), ["EVENT_ID_MISSING", "GATEWAY_ID_MISSING", "TIMESTAMP_MISSING"]);
    assert_eq!(fixture.result("TRACE_MISSING"), RuleResult::Info);
    assert_eq!(fixture.verdict().exit_code(), 0);
}

#[test]
fn warns_of_outdated_spellings() {
    let mut fixture = Fixture::new();
    fixture.json(
        r#"{"event_id":"e","eventType":"HeartbeatEvent","chargePointId":"CP-1","gatewayId":"p",
            "timestamp":"1790000000000"}"#,
    );
    assert_eq!(fixture.broken(), ["EVENT_TYPE_OUTDATED", "TIME_SPELLING", "FIELD_SPELLING"]);
}

#[test]
fn warns_of_ocpps_own_names() {
    let mut fixture = Fixture::new();
    fixture.json(
        r#"{"eventId":"e","eventType":"transaction.started","chargePointId":"CP-1","gatewayId":"p",
            "timestamp":"2026-09-21T14:13:20Z","payload":{"connectorId":1,"transactionId":7,"meterStart":5}}"#,
    );
    assert_eq!(fixture.broken(), ["OCPP_NAMES"]);
}

#[test]
fn warns_of_times_that_are_not_rfc_3339() {
    let mut fixture = Fixture::new();
    for (id, time) in
        ["2026-09-21T16:13:20+02", "2026-09-21T14:13:20,0Z", "2026-09-21T14:13Z"].iter().enumerate()
    {
        fixture.json(&format!(
            r#"{{"eventId":"{id}","eventType":"charge_point.heartbeat","chargePointId":"CP-1","gatewayId":"p",
                "timestamp":"{time}"}}"#
        ));
    }
    assert_eq!(fixture.broken(), ["TIME_SPELLING"]);
    assert_eq!(fixture.verdict().finding("TIME_SPELLING").unwrap().broken, 3);
}

#[test]
fn equal_events_without_an_id_are_not_copies() {
    let mut fixture = Fixture::new();
    for _ in 0..3 {
        fixture.json(r#"{"eventType":"charge_point.heartbeat","chargePointId":"CP-1","gatewayId":"p"}"#);
    }
    assert_eq!(fixture.broken(), ["EVENT_ID_MISSING", "TIMESTAMP_MISSING"]);
}
