//! Tests of the rules for records, and of the text of a verdict.

use super::{Court, at, device, terms};
use crate::check::judge::{Judge, Place, Terms};
use crate::check::verdict::{Outcome, Standing};
use chrono::TimeDelta;
use domain::event::{BootReport, EventKind, TransactionStart};
use domain::ids::{ConnectorId, EventId, TransactionId};
use wire::event::encode::{Dialect, encode_event_json};

#[test]
fn a_valid_event_breaks_no_rule() {
    let mut court = Court::new();
    court.beats("pod-0");
    let verdict = court.verdict();
    assert_eq!((verdict.outcome, verdict.exit_code()), (Outcome::Keeps, 0));
    assert_eq!(court.broken(), [""; 0]);
    assert_eq!(verdict.finding("TRACE_MISSING").unwrap().standing, Standing::Pass);
    assert!(verdict.to_string().ends_with("VERDICT: the gateway keeps the contract\n"), "{verdict}");
}

#[test]
fn reports_that_nothing_was_observed() {
    let verdict = Judge::new(terms(), at(0)).verdict(at(60));
    assert_eq!((verdict.outcome, verdict.exit_code()), (Outcome::NothingObserved, 2));
    assert!(verdict.to_string().contains("VERDICT: nothing was observed"), "{verdict}");
}

#[test]
fn reports_the_reason_of_an_undecodable_record() {
    let mut court = Court::new();
    court.json("nonsense").json("nonsense").json("nonsense").json("nonsense");
    court.json(r#"{"chargePointId":"CP-1"}"#).json(r#"{"eventType":"x"}"#);
    court.json(&format!("\"{}\"", "x".repeat(256 * 1024)));
    court.record(0, Some(b"CP-1"), None, &[]);
    court.record(0, None, Some(b"{}"), &[("content-type", "text/plain")]);
    let verdict = court.verdict();
    let finding = verdict.finding("UNDECODABLE").unwrap();
    assert_eq!((finding.standing, finding.broken, finding.judged), (Standing::Fail, 9, 9));
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
    assert_eq!(court.broken(), ["UNDECODABLE"]);
    assert!(court.verdict().to_string().ends_with("VERDICT: the gateway breaks the contract in 1 point\n"));
}

#[test]
fn reports_a_batch_that_cannot_be_read() {
    let mut court = Court::new();
    court.judge.unreadable(Place { partition: 3, offset: 17 });
    let verdict = court.verdict();
    assert_eq!(verdict.finding("UNREADABLE_BATCH").unwrap().examples, ["partition 3 offset 17"]);
    assert_eq!(verdict.exit_code(), 1, "although no record was received");
}

#[test]
fn the_key_must_be_the_charge_point_id() {
    let mut court = Court::new();
    let event = court.event("pod-0", EventKind::Heartbeat);
    let value = encode_event_json(&event, Dialect::Contract);
    court.record(0, None, Some(&value), &[]);
    assert_eq!(court.broken(), ["KEY_MISSING"]);
    assert_eq!(court.standing("KEY_MISMATCH"), Standing::NotJudged);
    let other = court.event("pod-0", EventKind::Heartbeat);
    court.record(0, Some(b"cp-1"), Some(&encode_event_json(&other, Dialect::Contract)), &[]);
    let verdict = court.verdict();
    let example = "partition 0 offset 1: key \"cp-1\", chargePointId CP-1";
    assert_eq!(verdict.finding("KEY_MISMATCH").unwrap().examples, [example]);
}

#[test]
fn a_device_must_stay_in_one_partition() {
    let mut court = Court::new();
    court.beats("pod-0");
    assert_eq!(court.standing("SEVERAL_PARTITIONS"), Standing::Pass);
    for _ in 0..2 {
        let event = court.event("pod-0", EventKind::Heartbeat);
        court.send_to(1, &event);
    }
    assert_eq!(court.broken(), ["SEVERAL_PARTITIONS"]);
    let finding = court.verdict().finding("SEVERAL_PARTITIONS").unwrap().clone();
    assert_eq!((finding.broken, finding.judged), (1, 1), "one device, not two records");
}

#[test]
fn tolerates_a_new_partition_after_the_topic_has_grown() {
    let mut court = Court::new();
    court.beats("pod-0");
    court.judge.grown();
    let event = court.event("pod-0", EventKind::Heartbeat);
    court.send_to(1, &event);
    assert_eq!(court.broken(), [""; 0]);
}

#[test]
fn counts_a_copy_and_reports_a_reused_event_id() {
    let mut court = Court::new();
    let event = court.event("pod-0", EventKind::Heartbeat);
    court.send(&event).send(&event);
    assert_eq!(court.broken(), ["EVENT_REPEATED"]);
    let mut other_pods = court.event("pod-1", EventKind::Heartbeat);
    other_pods.event_id = event.event_id.clone();
    court.send(&other_pods);
    assert_eq!(court.broken(), ["EVENT_REPEATED"], "another pod may send it again");
    let mut other = court.event("pod-0", EventKind::Connected(BootReport::default()));
    other.event_id = event.event_id.clone();
    court.send(&other);
    assert_eq!(court.broken(), ["EVENT_ID_REUSED", "EVENT_REPEATED"]);
    let elsewhere = domain::event::GatewayEvent { charge_point_id: device("CP-2"), ..other };
    court.send(&elsewhere);
    let reused = court.verdict().finding("EVENT_ID_REUSED").unwrap().broken;
    assert_eq!(reused, 1, "ids of another device do not conflict");
}

#[test]
fn warns_of_missing_optional_fields() {
    let mut court = Court::new();
    court.json(r#"{"eventType":"charge_point.heartbeat","chargePointId":"CP-1"}"#);
    assert_eq!(court.broken(), ["EVENT_ID_MISSING", "GATEWAY_ID_MISSING", "TIMESTAMP_MISSING"]);
    assert_eq!(court.standing("TRACE_MISSING"), Standing::Info);
    assert_eq!(court.verdict().exit_code(), 0);
}

#[test]
fn warns_of_outdated_spellings() {
    let mut court = Court::new();
    court.json(
        r#"{"event_id":"e","eventType":"HeartbeatEvent","chargePointId":"CP-1","gatewayId":"p",
            "timestamp":"1790000000000"}"#,
    );
    assert_eq!(court.broken(), ["EVENT_TYPE_OUTDATED", "TIME_SPELLING", "FIELD_SPELLING"]);
}

#[test]
fn warns_of_ocpps_own_names() {
    let mut court = Court::new();
    court.json(
        r#"{"eventId":"e","eventType":"transaction.started","chargePointId":"CP-1","gatewayId":"p",
            "timestamp":"2026-09-21T14:13:20Z","payload":{"connectorId":1,"transactionId":7,"meterStart":5}}"#,
    );
    assert_eq!(court.broken(), ["OCPP_NAMES"]);
}

#[test]
fn warns_of_times_that_are_not_rfc_3339() {
    let mut court = Court::new();
    for (id, time) in
        ["2026-09-21T16:13:20+02", "2026-09-21T14:13:20,0Z", "2026-09-21T14:13Z"].iter().enumerate()
    {
        court.json(&format!(
            r#"{{"eventId":"{id}","eventType":"charge_point.heartbeat","chargePointId":"CP-1","gatewayId":"p",
                "timestamp":"{time}"}}"#
        ));
    }
    assert_eq!(court.broken(), ["TIME_SPELLING"]);
    assert_eq!(court.verdict().finding("TIME_SPELLING").unwrap().broken, 3);
}

#[test]
fn equal_events_without_an_id_are_not_copies() {
    let mut court = Court::new();
    for _ in 0..3 {
        court.json(r#"{"eventType":"charge_point.heartbeat","chargePointId":"CP-1","gatewayId":"p"}"#);
    }
    assert_eq!(court.broken(), ["EVENT_ID_MISSING", "TIMESTAMP_MISSING"]);
}

#[test]
fn reports_a_reused_transaction_id_once_per_device() {
    let mut court = Court::new();
    let start = |id: i64| {
        EventKind::TransactionStarted(TransactionStart {
            connector_id: ConnectorId::parse(1).unwrap(),
            transaction_id: TransactionId::parse(&id.to_string()).ok(),
            id_tag: None,
            meter_start_wh: None,
            reservation_id: None,
        })
    };
    court.says("pod-0", start(7)).at(10).says("pod-0", start(8));
    assert_eq!(court.standing("TRANSACTION_ID_REUSED"), Standing::Pass);
    court.at(20).says("pod-0", start(7)).at(30).says("pod-0", start(7));
    assert_eq!(court.broken(), ["TRANSACTION_ID_REUSED"]);
    let finding = court.verdict().finding("TRANSACTION_ID_REUSED").unwrap().clone();
    assert_eq!((finding.broken, finding.judged), (1, 1));
    assert_eq!(finding.examples, ["partition 0 offset 2: CP-1 has another transaction 7"]);
}

#[test]
fn judges_implausible_timestamps_like_the_platform() {
    for (ahead_s, is_absurd) in [(60, false), (61, true), (-7 * 86_400, false), (-7 * 86_400 - 1, true)] {
        let mut court = Court::new();
        let mut event = court.event("pod-0", EventKind::Heartbeat);
        event.claimed_at = event.claimed_at.map(|claimed| claimed + TimeDelta::seconds(ahead_s));
        court.send(&event);
        let expected: &[&str] = if is_absurd { &["TIMESTAMP_ABSURD"] } else { &[] };
        assert_eq!(court.broken(), expected, "{ahead_s} s");
    }
}

#[test]
fn memory_is_bounded_and_the_verdict_reports_it() {
    let mut court = Court::under(Terms { max_devices: 1, max_events: 2, ..terms() });
    let first = court.event("pod-0", EventKind::Heartbeat);
    court.send(&first);
    assert!(!court.verdict().to_string().contains("LIMITS"));
    for name in ["CP-2", "CP-3"] {
        let mut event = court.event("pod-0", EventKind::Heartbeat);
        event.charge_point_id = device(name);
        court.send(&event);
    }
    court.send(&first);
    let verdict = court.verdict();
    assert_eq!((verdict.observed.devices, verdict.observed.records_of_unjudged), (1, 2));
    assert!(verdict.observed.forgotten_events);
    assert_eq!(verdict.finding("EVENT_REPEATED").unwrap().broken, 0, "already forgotten");
    let text = verdict.to_string();
    assert!(text.contains("check.max_devices") && text.contains("check.max_events"), "{text}");
}

#[test]
fn shows_three_examples_of_many() {
    let mut court = Court::new();
    for number in 0..5 {
        let mut event = court.event("pod-0", EventKind::Heartbeat);
        event.event_id = EventId::parse(&format!("e-{number}")).unwrap();
        court.record(0, None, Some(&encode_event_json(&event, Dialect::Contract)), &[]);
    }
    let finding = court.verdict().finding("KEY_MISSING").unwrap().clone();
    assert_eq!((finding.broken, finding.examples.len()), (5, 3));
}

#[test]
fn judges_silence_only_after_a_long_enough_observation() {
    let mut court = Court::new();
    court.beats("pod-0").at(600).beats("pod-0");
    assert_eq!(court.standing("SILENT"), Standing::NotJudged, "not observed for long enough");
    court.at(1_200).beats("pod-0");
    assert_eq!(court.standing("SILENT"), Standing::Pass);
    court.at(1_831).beats("pod-0");
    assert_eq!(court.standing("SILENT"), Standing::Warn);
}

#[test]
fn a_device_that_was_away_was_not_silent() {
    let mut court = Court::new();
    court.beats("pod-0").at(1_000).says("pod-0", EventKind::Connected(BootReport::default()));
    court.leaves("pod-0").at(2_000).beats("pod-0");
    assert_eq!(court.broken(), [""; 0]);
}

#[test]
fn a_device_with_a_key_and_without_events_is_silent() {
    let mut court = Court::new();
    court.beats("pod-0");
    let ids = ["CP-UNHEARD", "CP-1"].map(device);
    court.judge.kept_keys(&ids);
    court.at(600).beats("pod-0");
    assert_eq!(court.standing("SILENT"), Standing::NotJudged, "not observed for long enough");
    court.at(631).beats("pod-0");
    let verdict = court.verdict();
    let finding = verdict.finding("SILENT").unwrap();
    assert_eq!(
        (finding.broken, &*finding.examples),
        (1, &["CP-UNHEARD: has a key, but has sent no event".to_owned()][..])
    );
    court.judge.interrupted();
    assert_eq!(court.broken(), [""; 0], "its events may not have been read");
}

#[test]
fn silence_at_the_end_counts_if_a_pod_holds_the_device() {
    let mut court = Court::new();
    court.beats("pod-0").at(631);
    assert_eq!(court.standing("SILENT"), Standing::NotJudged, "it may have left");
    court.sees("pod-0", 300);
    assert_eq!(court.broken(), ["SILENT"]);
    court.judge.interrupted();
    assert_eq!(court.broken(), [""; 0], "its events may not have been read");
}

#[test]
fn records_that_are_read_late_are_not_silence() {
    let mut court = Court::new();
    court.beats("pod-0").at(10);
    let event = court.event("pod-0", EventKind::Heartbeat);
    let value = encode_event_json(&event, Dialect::Contract);
    let record = runtime::kafka::ReceivedRecord {
        offset: 1,
        timestamp: at(10),
        key: Some(b"CP-1".to_vec()),
        value: Some(value),
        headers: [].into(),
    };
    court.judge.record(0, &record, at(5_000));
    assert_eq!(court.broken(), [""; 0]);
}

#[test]
fn reports_missing_heartbeats_once() {
    let mut court = Court::new();
    let boot = || EventKind::Connected(BootReport::default());
    let mut other = court.event("pod-0", boot());
    other.charge_point_id = device("CP-2");
    court.send(&other).says("pod-0", boot());
    court.at(300);
    assert_eq!(court.standing("HEARTBEATS_NEVER_SENT"), Standing::NotJudged);
    court.at(301);
    let finding = court.verdict().finding("HEARTBEATS_NEVER_SENT").unwrap().clone();
    assert_eq!((finding.standing, finding.broken, finding.judged), (Standing::Warn, 1, 1));
    court.beats("pod-0");
    assert_eq!(court.standing("HEARTBEATS_NEVER_SENT"), Standing::Pass);
}

#[test]
fn reports_flattened_measurands() {
    let mut court = Court::new();
    let sample = r#"{"timestamp":"2026-09-21T14:13:20Z","sampledValue":{"value":"60.0","measurand":"Energy.Active.Import.Register"}}"#;
    court.json(&format!(
        r#"{{"eventId":"e","eventType":"transaction.meter_values","chargePointId":"CP-1","gatewayId":"p",
            "timestamp":"2026-09-21T14:13:20Z","payload":{{"connectorId":1,"meterValues":[{sample},{sample}]}}}}"#
    ));
    assert_eq!(court.broken(), ["MEASURANDS_FLATTENED"]);
}

#[test]
fn reports_unusable_values() {
    let mut court = Court::new();
    for (event, value) in ["1150", "-5"].into_iter().enumerate() {
        court.json(&format!(
            r#"{{"eventId":"{event}","eventType":"transaction.meter_values","chargePointId":"CP-1","gatewayId":"p",
                "timestamp":"2026-09-21T14:13:20Z",
                "payload":{{"connectorId":1,"meterValues":[{{"sampledValue":{{"value":"{value}"}}}}]}}}}"#
        ));
    }
    let finding = court.verdict().finding("VALUE_UNUSABLE").unwrap().clone();
    assert_eq!((finding.standing, finding.broken, finding.judged), (Standing::Warn, 1, 2));
    let reason = "payload.meterValues[0].sampledValue[0].value must not be negative, but is -5";
    assert_eq!(finding.examples, [format!("partition 0 offset 1: CP-1 {reason}")]);
    assert_eq!(court.standing("UNDECODABLE"), Standing::Pass);
}

#[test]
fn reports_a_transaction_without_a_start() {
    let mut court = Court::new();
    for json in [
        r#""connector.status_changed","payload":{"connectorId":1,"status":"Available"}"#,
        r#""connector.status_changed","payload":{"connectorId":1,"status":"Charging"}"#,
        r#""transaction.meter_values","payload":{"connectorId":1,"transactionId":1790000000}"#,
    ] {
        court.json(&format!(
            r#"{{"eventId":"{}","gatewayId":"p","timestamp":"2026-09-21T14:13:20Z","chargePointId":"CP-1","eventType":{json}}}"#,
            uuid::Uuid::now_v7()
        ));
    }
    assert_eq!(court.broken(), ["STARTED_MISSING"]);
    let example = &court.verdict().finding("STARTED_MISSING").unwrap().examples[0].clone();
    assert_eq!(example, "partition 0 offset 2: transaction 1790000000 of CP-1");
}

#[test]
fn judges_a_clock_by_five_events_of_a_pod() {
    for (ahead_s, is_wrong) in [(0, false), (5, false), (6, true), (-5, false), (-6, true)] {
        let mut court = Court::new();
        for number in 0..5 {
            assert_eq!(court.standing("CLOCK_SKEW"), Standing::NotJudged);
            let mut event = court.at(number).event("pod-0", EventKind::Heartbeat);
            event.claimed_at = event.claimed_at.map(|claimed| claimed + TimeDelta::seconds(ahead_s));
            court.send(&event);
        }
        let expected: &[&str] = if is_wrong { &["CLOCK_SKEW"] } else { &[] };
        assert_eq!(court.broken(), expected, "{ahead_s} s");
    }
}

#[test]
fn judges_the_clock_of_records_too() {
    let mut court = Court::new();
    let pods = [("pod-0", 0), ("pod-1", 2_400), ("pod-2", -900)];
    for (number, (pod, ahead_s)) in (0..15).zip(pods.into_iter().cycle()) {
        court.at(number).records_ahead = ahead_s;
        let mut event = court.event(pod, EventKind::Heartbeat);
        event.claimed_at = event.claimed_at.map(|claimed| claimed + TimeDelta::seconds(ahead_s));
        court.send(&event);
    }
    let verdict = court.verdict();
    let finding = verdict.finding("CLOCK_SKEW").unwrap();
    assert_eq!((finding.broken, finding.judged), (2, 3), "{finding:?}");
    assert_eq!(
        finding.examples,
        [
            "pod-1: 5 events, sent up to 2401000 ms before the time of event or record",
            "pod-2: 5 events, sent at least 898000 ms after the time of event or record",
        ]
    );
}

#[test]
fn one_wrong_device_clock_or_one_delayed_event_is_not_a_skew() {
    let mut court = Court::new();
    for late_s in [0, 0, 0, -50, 40] {
        let mut event = court.event("pod-0", EventKind::Heartbeat);
        event.claimed_at = event.claimed_at.map(|claimed| claimed - TimeDelta::seconds(late_s));
        court.send(&event);
    }
    assert_eq!(court.standing("CLOCK_SKEW"), Standing::Pass);
}
