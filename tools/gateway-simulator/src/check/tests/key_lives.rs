//! Tests of the life of keys: their expiry and their refreshes.

use super::{Fixture, NOTHING, connected};
use crate::check::key::Key;
use crate::check::verdict::RuleResult;
use std::time::Duration;

#[test]
fn reports_a_key_that_expires_while_the_device_sends_events() {
    let mut fixture = Fixture::new();
    fixture
        .heartbeat("pod-0")
        .at(1)
        .key_names("pod-0", 10)
        .at(6)
        .key_names("pod-0", 5)
        .at(12)
        .key_is_absent();
    fixture.at(14).heartbeat("pod-0").at(17).key_is_absent();
    assert_eq!(fixture.broken(), ["ROUTE_RAN_OUT"]);
}

#[test]
fn reports_a_key_without_expiry_at_the_second_read() {
    let without_expiry = Key::Held { value: "pod-0".to_owned(), ttl: None };
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1).observe_key(&without_expiry);
    assert_eq!(fixture.broken(), NOTHING, "EXPIRE may follow");
    fixture.at(6).observe_key(&without_expiry);
    assert_eq!(fixture.broken(), ["ROUTE_WITHOUT_TTL"]);
}

#[test]
fn warns_of_a_life_of_more_than_an_hour() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1).key_names("pod-0", 3_600);
    assert_eq!(fixture.broken(), NOTHING);
    fixture.at(6).key_names("pod-0", 3_601);
    assert_eq!(fixture.broken(), ["ROUTE_TTL_LONG"]);
    let endless = Key::Held { value: "pod-0".to_owned(), ttl: Some(Duration::MAX) };
    fixture.at(11).observe_key(&endless);
    assert_eq!(fixture.broken(), ["ROUTE_TTL_LONG"]);
}

#[test]
fn warns_of_a_refresh_at_the_last_moment() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1).key_names("pod-0", 300).at(272).key_names("pod-0", 29);
    assert_eq!(fixture.result("ROUTE_REFRESHED_LATE"), RuleResult::NotJudged);
    fixture.at(277).key_names("pod-0", 300);
    assert_eq!(fixture.broken(), ["ROUTE_REFRESHED_LATE"]);
}

#[test]
fn a_write_of_another_pod_is_not_a_refresh() {
    let mut fixture = Fixture::new();
    fixture
        .heartbeat("pod-0")
        .at(1)
        .key_names("pod-0", 300)
        .at(290)
        .key_names("pod-0", 11)
        .at(295)
        .key_names("pod-1", 300);
    assert_eq!(fixture.result("ROUTE_REFRESHED_LATE"), RuleResult::NotJudged);
}

#[test]
fn reports_a_key_with_little_life_left_while_events_come() {
    let mut fixture = Fixture::new();
    fixture
        .heartbeat("pod-0")
        .at(1)
        .key_names("pod-0", 300)
        .at(190)
        .heartbeat("pod-0")
        .at(195)
        .key_names("pod-0", 106);
    assert_eq!(fixture.result("ROUTE_NOT_REFRESHED"), RuleResult::NotJudged, "a third may be left");
    fixture.at(205).heartbeat("pod-0");
    assert_eq!(fixture.broken(), ["ROUTE_NOT_REFRESHED"]);
    let verdict = fixture.verdict();
    let example = &verdict.finding("ROUTE_NOT_REFRESHED").unwrap().examples[0];
    let expected = "CP-1 sends events, but its key has 96 s of 300 s left and was not refreshed";
    assert!(example.ends_with(expected), "{example}");
    fixture.at(210).key_names("pod-0", 300);
    assert_eq!(fixture.result("ROUTE_NOT_REFRESHED"), RuleResult::Pass, "it is refreshed, although late");
}

#[test]
fn a_write_at_a_boot_is_not_a_refresh() {
    let mut fixture = Fixture::new();
    fixture
        .heartbeat("pod-0")
        .at(1)
        .key_names("pod-0", 300)
        .at(205)
        .heartbeat("pod-0")
        .key_names("pod-0", 96);
    fixture.at(210).send_event("pod-0", connected()).at(211).key_names("pod-0", 299);
    assert_eq!(fixture.broken(), ["ROUTE_NOT_REFRESHED"]);
    fixture.at(300).key_names("pod-0", 210).at(311).key_names("pod-0", 299);
    assert_eq!(fixture.broken(), NOTHING, "no boot was near: the gateway refreshes it");
}
