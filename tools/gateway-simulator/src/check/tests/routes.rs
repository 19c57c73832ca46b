//! Tests of keys compared with events: what is proved, what is suspected, and races that prove
//! nothing.

use super::{Fixture, NOTHING, connected};
use crate::check::key::Key;
use crate::check::verdict::RuleResult;
use domain::event::{CommandAnswer, EventKind};
use std::time::Duration;

#[test]
fn accepts_a_refreshed_key_that_names_the_pod() {
    let mut fixture = Fixture::new();
    fixture
        .heartbeat("pod-0")
        .at(1)
        .key_names("pod-0", 300)
        .at(101)
        .key_names("pod-0", 300)
        .at(310)
        .heartbeat("pod-0");
    fixture.at(311).key_names("pod-0", 290);
    assert_eq!(fixture.broken(), NOTHING);
    for code in [
        "ROUTE_MISSING",
        "ROUTE_RAN_OUT",
        "ROUTE_INVALID",
        "ROUTE_QUOTED",
        "ROUTE_ELSEWHERE",
        "ROUTE_UNCONFIRMED",
        "ROUTE_WITHOUT_TTL",
        "ROUTE_TTL_LONG",
        "ROUTE_REFRESHED_LATE",
    ] {
        assert_eq!(fixture.result(code), RuleResult::Pass, "{code}");
    }
}

#[test]
fn reports_an_event_between_two_reads_without_a_key() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(5).key_is_absent().at(10).key_is_absent();
    assert_eq!(fixture.broken(), ["ROUTE_UNCONFIRMED"], "it may have left");
    fixture.at(12).heartbeat("pod-0").at(13).key_is_absent();
    assert_eq!(fixture.broken(), NOTHING, "the key may be written soon");
    fixture.at(15).key_is_absent();
    assert_eq!(fixture.broken(), ["ROUTE_MISSING"]);
}

#[test]
fn accepts_a_key_that_is_written_slightly_later() {
    let mut fixture = Fixture::new();
    fixture
        .heartbeat("pod-0")
        .at(5)
        .key_is_absent()
        .at(6)
        .send_event("pod-0", connected())
        .at(7)
        .key_names("pod-0", 300);
    fixture.at(20).key_names("pod-0", 287);
    assert_eq!(fixture.broken(), NOTHING);
}

#[test]
fn reports_a_key_that_names_another_pod_than_the_events() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1).key_names("10.0.0.7", 300).at(6).key_names("10.0.0.7", 300);
    assert_eq!(fixture.broken(), ["ROUTE_UNCONFIRMED"], "the device may have moved");
    fixture.at(8).heartbeat("pod-0").at(11).key_names("10.0.0.7", 300);
    assert_eq!(fixture.broken(), ["ROUTE_ELSEWHERE"]);
    let verdict = fixture.verdict();
    let example = &verdict.finding("ROUTE_ELSEWHERE").unwrap().examples[0];
    assert_eq!(example, "partition 0 offset 1: CP-1 sends events through pod-0, its key is \"10.0.0.7\"");
}

#[test]
fn a_device_that_moves_is_not_a_contradiction() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1).key_names("pod-0", 300);
    // The new pod's key, then its event, then the disconnection from the old pod.
    fixture.at(6).key_names("pod-1", 300).at(7).send_event("pod-1", connected()).at(8).disconnect("pod-0");
    fixture.at(11).key_names("pod-1", 295);
    // The event first, then the key.
    fixture
        .at(12)
        .send_event("pod-2", connected())
        .at(13)
        .key_names("pod-1", 293)
        .at(18)
        .key_names("pod-2", 299);
    assert_eq!(fixture.broken(), NOTHING);
}

#[test]
fn a_key_that_changes_around_an_event_proves_nothing() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1).key_is_absent().at(6).heartbeat("pod-0").at(10).key_names("pod-1", 300);
    assert_eq!(fixture.broken(), ["ROUTE_UNCONFIRMED"]);
}

#[test]
fn an_event_from_before_the_read_proves_nothing() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(3);
    let late = fixture.event("pod-0", EventKind::Heartbeat);
    fixture.at(5).key_names("pod-1", 300).at(7).send(&late).at(12).key_names("pod-1", 293);
    assert_eq!(fixture.broken(), ["ROUTE_UNCONFIRMED"]);
}

#[test]
fn an_answer_that_the_device_is_offline_is_not_a_sign_of_life() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1).key_names("pod-0", 300).at(2);
    let away = CommandAnswer {
        command_id: None,
        command_name: None,
        status: "Rejected".to_owned(),
        reason: Some("DEVICE_OFFLINE".to_owned()),
    };
    fixture
        .send_event("pod-1", EventKind::CommandAnswered(away))
        .at(6)
        .key_names("pod-0", 295)
        .at(11)
        .key_names("pod-0", 290);
    assert_eq!(fixture.broken(), NOTHING);
}

#[test]
fn a_key_must_contain_a_pod_id() {
    let cases = [
        Key::Held { value: String::new(), ttl: Some(Duration::from_secs(300)) },
        Key::Held { value: "x".repeat(129), ttl: Some(Duration::from_secs(300)) },
        Key::InvalidValue("WRONGTYPE".to_owned()),
    ];
    for key in cases {
        let mut fixture = Fixture::new();
        fixture.heartbeat("pod-0").at(1).observe_key(&key);
        assert_eq!(fixture.verdict().codes(RuleResult::Fail), ["ROUTE_INVALID"], "{key:?}");
    }
}

#[test]
fn warns_of_a_quoted_pod_id() {
    let mut fixture = Fixture::new();
    fixture
        .heartbeat("pod-0")
        .at(1)
        .key_names(r#""pod-0""#, 300)
        .at(2)
        .heartbeat("pod-0")
        .at(3)
        .key_names(r#""pod-0""#, 298);
    assert_eq!(fixture.broken(), ["ROUTE_QUOTED"]);
    assert_eq!(fixture.result("ROUTE_INVALID"), RuleResult::Pass);
    assert_eq!(fixture.result("ROUTE_ELSEWHERE"), RuleResult::Pass);
}

#[test]
fn only_devices_whose_key_and_events_agree_can_be_commanded() {
    let mut fixture = Fixture::new();
    let can = |fixture: &Fixture| fixture.judge.commandable().count();
    fixture.heartbeat("pod-0");
    assert_eq!(can(&fixture), 0);
    fixture.at(1).key_names("pod-1", 300);
    assert_eq!(can(&fixture), 0);
    fixture.at(6).key_names("pod-0", 300);
    assert_eq!(can(&fixture), 1);
    fixture.at(7).disconnect("pod-0");
    assert_eq!(can(&fixture), 0);
}
