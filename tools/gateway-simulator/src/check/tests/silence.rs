//! Tests of the rules for silent devices and missing heartbeats.

use super::{Fixture, at, device};
use crate::check::verdict::RuleResult;
use domain::event::{BootReport, EventKind};
use wire::event::encode::{Dialect, encode_event_json};

#[test]
fn judges_silence_only_after_a_long_enough_observation() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(600).heartbeat("pod-0");
    assert_eq!(fixture.result("SILENT"), RuleResult::NotJudged, "not observed for long enough");
    fixture.at(1_200).heartbeat("pod-0");
    assert_eq!(fixture.result("SILENT"), RuleResult::Pass);
    fixture.at(1_831).heartbeat("pod-0");
    assert_eq!(fixture.result("SILENT"), RuleResult::Warn);
}

#[test]
fn a_device_that_was_away_was_not_silent() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1_000).send_event("pod-0", EventKind::Connected(BootReport::default()));
    fixture.disconnect("pod-0").at(2_000).heartbeat("pod-0");
    assert_eq!(fixture.broken(), [""; 0]);
}

#[test]
fn a_device_with_a_key_and_without_events_is_silent() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0");
    let ids = ["CP-UNHEARD", "CP-1"].map(device);
    fixture.judge.set_devices_with_key(&ids);
    fixture.at(600).heartbeat("pod-0");
    assert_eq!(fixture.result("SILENT"), RuleResult::NotJudged, "not observed for long enough");
    fixture.at(631).heartbeat("pod-0");
    let verdict = fixture.verdict();
    let finding = verdict.finding("SILENT").unwrap();
    assert_eq!(
        (finding.broken, &*finding.examples),
        (1, &["CP-UNHEARD: has a key, but has sent no event".to_owned()][..])
    );
    fixture.judge.record_interruption();
    assert_eq!(fixture.broken(), [""; 0], "its events may not have been read");
}

#[test]
fn silence_at_the_end_counts_if_a_pod_holds_the_device() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(631);
    assert_eq!(fixture.result("SILENT"), RuleResult::NotJudged, "it may have left");
    fixture.key_names("pod-0", 300);
    assert_eq!(fixture.broken(), ["SILENT"]);
    fixture.judge.record_interruption();
    assert_eq!(fixture.broken(), [""; 0], "its events may not have been read");
}

#[test]
fn records_that_are_read_late_are_not_silence() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(10);
    let event = fixture.event("pod-0", EventKind::Heartbeat);
    let value = encode_event_json(&event, Dialect::Contract);
    let record = runtime::kafka::ReceivedRecord {
        offset: 1,
        timestamp: at(10),
        key: Some(b"CP-1".to_vec()),
        value: Some(value),
        headers: [].into(),
    };
    fixture.judge.observe_record(0, &record, at(5_000));
    assert_eq!(fixture.broken(), [""; 0]);
}

#[test]
fn reports_missing_heartbeats_once() {
    let mut fixture = Fixture::new();
    let boot = || EventKind::Connected(BootReport::default());
    let mut other = fixture.event("pod-0", boot());
    other.charge_point_id = device("CP-2");
    fixture.send(&other).send_event("pod-0", boot());
    fixture.at(300);
    assert_eq!(fixture.result("HEARTBEATS_NEVER_SENT"), RuleResult::NotJudged);
    fixture.at(301);
    let finding = fixture.verdict().finding("HEARTBEATS_NEVER_SENT").unwrap().clone();
    assert_eq!((finding.result, finding.broken, finding.judged), (RuleResult::Warn, 1, 1));
    fixture.heartbeat("pod-0");
    assert_eq!(fixture.result("HEARTBEATS_NEVER_SENT"), RuleResult::Pass);
}
