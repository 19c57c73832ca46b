//! Tests of disconnections: missing ones, and keys that remain after them.

use super::{Fixture, NOTHING, connected, device};
use crate::check::verdict::RuleResult;
use domain::event::EventKind;

#[test]
fn warns_of_a_device_that_leaves_without_a_disconnection() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1).key_names("pod-0", 300).at(6).key_is_absent();
    assert_eq!(
        fixture.result("GOODBYE_MISSING"),
        RuleResult::NotJudged,
        "the disconnection may not have been read yet"
    );
    fixture.at(11).key_is_absent();
    assert_eq!(fixture.broken(), ["GOODBYES_NEVER_SENT"], "no device was reported as disconnected");
    let mut other = fixture.event("pod-0", EventKind::Disconnected { reason: None });
    other.charge_point_id = device("CP-2");
    fixture.send(&other);
    assert_eq!(fixture.broken(), ["GOODBYE_MISSING"]);
    fixture.disconnect("pod-0");
    assert_eq!(fixture.broken(), NOTHING);
    assert_eq!(fixture.result("GOODBYE_MISSING"), RuleResult::Pass);
}

#[test]
fn a_late_disconnection_has_no_effect() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1).send_event("pod-1", connected()).at(2).disconnect("pod-0");
    assert_eq!((fixture.verdict().observed.online, fixture.verdict().observed.disconnections), (1, 1));
    assert_eq!(fixture.result("GOODBYE_MISSING"), RuleResult::NotJudged);
    fixture.at(3).disconnect("pod-1");
    assert_eq!(fixture.verdict().observed.online, 0);
}

#[test]
fn accepts_a_key_that_is_deleted_with_the_disconnection() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1).key_names("pod-0", 300).at(2).disconnect("pod-0").at(5).key_is_absent();
    assert_eq!(fixture.broken(), NOTHING);
    assert_eq!(fixture.result("ROUTE_LEFT_BEHIND"), RuleResult::Pass);
}

#[test]
fn reports_a_key_that_outlives_the_disconnection() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1).key_names("pod-0", 300).at(2).disconnect("pod-0");
    fixture.at(3).key_names("pod-0", 298).at(5).key_names("pod-0", 296);
    assert_eq!(fixture.broken(), NOTHING, "the deletion may follow");
    fixture.at(10).key_names("pod-0", 291);
    assert_eq!(fixture.broken(), ["ROUTE_LEFT_BEHIND"]);
}

#[test]
fn a_key_written_after_the_disconnection_belongs_to_a_new_connection() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1).key_names("pod-0", 300).at(2).disconnect("pod-0");
    fixture.at(5).key_names("pod-0", 300).at(10).key_names("pod-0", 295);
    assert_eq!(fixture.broken(), NOTHING);
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1).key_names("pod-0", 300).at(2).disconnect("pod-0");
    fixture.at(5).key_names("pod-1", 300).at(10).key_names("pod-1", 295);
    assert_eq!(fixture.result("ROUTE_LEFT_BEHIND"), RuleResult::Pass, "another pod's");
}

#[test]
fn an_expired_key_is_not_a_missing_disconnection() {
    let mut fixture = Fixture::new();
    fixture
        .heartbeat("pod-0")
        .at(1)
        .key_names("pod-0", 10)
        .at(12)
        .key_is_absent()
        .at(20)
        .key_is_absent()
        .at(30)
        .key_is_absent();
    assert_eq!(fixture.broken(), ["ROUTE_UNCONFIRMED"][..0]);
    assert_eq!(fixture.result("GOODBYES_NEVER_SENT"), RuleResult::NotJudged);
}

#[test]
fn reports_missing_disconnections_of_devices_that_move() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(10).heartbeat("pod-1");
    assert_eq!(fixture.result("GOODBYES_NEVER_SENT"), RuleResult::NotJudged, "it may be late");
    fixture.at(12);
    let finding = fixture.verdict().finding("GOODBYES_NEVER_SENT").unwrap().clone();
    assert_eq!((finding.result, finding.broken, finding.judged), (RuleResult::Warn, 1, 1));
    assert!(
        finding.examples[0].ends_with("CP-1 came from pod-0, which reported no disconnection"),
        "{finding:?}"
    );
    fixture.disconnect("pod-0");
    assert_eq!(fixture.result("GOODBYES_NEVER_SENT"), RuleResult::Pass);
}
