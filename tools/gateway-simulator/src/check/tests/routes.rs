//! Tests of keys compared with events: what is proved, what is suspected, and races that prove
//! nothing.

use super::{Court, device};
use crate::check::key::Key;
use crate::check::verdict::Standing;
use domain::event::{BootReport, CommandAnswer, EventKind};
use std::time::Duration;

const NOTHING: [&str; 0] = [];

fn connected() -> EventKind {
    EventKind::Connected(BootReport::default())
}

#[test]
fn accepts_a_refreshed_key_that_names_the_pod() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 300).at(101).sees("pod-0", 300).at(310).beats("pod-0");
    court.at(311).sees("pod-0", 290);
    assert_eq!(court.broken(), NOTHING);
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
        assert_eq!(court.standing(code), Standing::Pass, "{code}");
    }
}

#[test]
fn reports_an_event_between_two_reads_without_a_key() {
    let mut court = Court::new();
    court.beats("pod-0").at(5).misses().at(10).misses();
    assert_eq!(court.broken(), ["ROUTE_UNCONFIRMED"], "it may have left");
    court.at(12).beats("pod-0").at(13).misses();
    assert_eq!(court.broken(), NOTHING, "the key may be written soon");
    court.at(15).misses();
    assert_eq!(court.broken(), ["ROUTE_MISSING"]);
}

#[test]
fn accepts_a_key_that_is_written_slightly_later() {
    let mut court = Court::new();
    court.beats("pod-0").at(5).misses().at(6).says("pod-0", connected()).at(7).sees("pod-0", 300);
    court.at(20).sees("pod-0", 287);
    assert_eq!(court.broken(), NOTHING);
}

#[test]
fn reports_a_key_that_expires_while_the_device_sends_events() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 10).at(6).sees("pod-0", 5).at(12).misses();
    court.at(14).beats("pod-0").at(17).misses();
    assert_eq!(court.broken(), ["ROUTE_RAN_OUT"]);
}

#[test]
fn warns_of_a_device_that_leaves_without_a_disconnection() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 300).at(6).misses();
    assert_eq!(
        court.standing("GOODBYE_MISSING"),
        Standing::NotJudged,
        "the disconnection may not have been read yet"
    );
    court.at(11).misses();
    assert_eq!(court.broken(), ["GOODBYES_NEVER_SENT"], "no device was reported as disconnected");
    let mut other = court.event("pod-0", EventKind::Disconnected { reason: None });
    other.charge_point_id = device("CP-2");
    court.send(&other);
    assert_eq!(court.broken(), ["GOODBYE_MISSING"]);
    court.leaves("pod-0");
    assert_eq!(court.broken(), NOTHING);
    assert_eq!(court.standing("GOODBYE_MISSING"), Standing::Pass);
}

#[test]
fn reports_a_key_that_names_another_pod_than_the_events() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("10.0.0.7", 300).at(6).sees("10.0.0.7", 300);
    assert_eq!(court.broken(), ["ROUTE_UNCONFIRMED"], "the device may have moved");
    court.at(8).beats("pod-0").at(11).sees("10.0.0.7", 300);
    assert_eq!(court.broken(), ["ROUTE_ELSEWHERE"]);
    let verdict = court.verdict();
    let example = &verdict.finding("ROUTE_ELSEWHERE").unwrap().examples[0];
    assert_eq!(example, "partition 0 offset 1: CP-1 sends events through pod-0, its key is \"10.0.0.7\"");
}

#[test]
fn a_device_that_moves_is_not_a_contradiction() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 300);
    // The new pod's key, then its event, then the disconnection from the old pod.
    court.at(6).sees("pod-1", 300).at(7).says("pod-1", connected()).at(8).leaves("pod-0");
    court.at(11).sees("pod-1", 295);
    // The event first, then the key.
    court.at(12).says("pod-2", connected()).at(13).sees("pod-1", 293).at(18).sees("pod-2", 299);
    assert_eq!(court.broken(), NOTHING);
}

#[test]
fn a_key_that_changes_around_an_event_proves_nothing() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).misses().at(6).beats("pod-0").at(10).sees("pod-1", 300);
    assert_eq!(court.broken(), ["ROUTE_UNCONFIRMED"]);
}

#[test]
fn a_late_disconnection_has_no_effect() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).says("pod-1", connected()).at(2).leaves("pod-0");
    assert_eq!((court.verdict().observed.online, court.verdict().observed.goodbyes), (1, 1));
    assert_eq!(court.standing("GOODBYE_MISSING"), Standing::NotJudged);
    court.at(3).leaves("pod-1");
    assert_eq!(court.verdict().observed.online, 0);
}

#[test]
fn an_event_from_before_the_read_proves_nothing() {
    let mut court = Court::new();
    court.beats("pod-0").at(3);
    let late = court.event("pod-0", EventKind::Heartbeat);
    court.at(5).sees("pod-1", 300).at(7).send(&late).at(12).sees("pod-1", 293);
    assert_eq!(court.broken(), ["ROUTE_UNCONFIRMED"]);
}

#[test]
fn an_answer_that_the_device_is_offline_is_not_a_sign_of_life() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 300).at(2);
    let away = CommandAnswer {
        command_id: None,
        command_name: None,
        status: "Rejected".to_owned(),
        reason: Some("DEVICE_OFFLINE".to_owned()),
    };
    court.says("pod-1", EventKind::CommandAnswered(away)).at(6).sees("pod-0", 295).at(11).sees("pod-0", 290);
    assert_eq!(court.broken(), NOTHING);
}

#[test]
fn reports_a_key_without_expiry_at_the_second_read() {
    let for_ever = Key::Held { value: "pod-0".to_owned(), ttl: None };
    let mut court = Court::new();
    court.beats("pod-0").at(1).look(&for_ever);
    assert_eq!(court.broken(), NOTHING, "EXPIRE may follow");
    court.at(6).look(&for_ever);
    assert_eq!(court.broken(), ["ROUTE_WITHOUT_TTL"]);
}

#[test]
fn warns_of_a_life_of_more_than_an_hour() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 3_600);
    assert_eq!(court.broken(), NOTHING);
    court.at(6).sees("pod-0", 3_601);
    assert_eq!(court.broken(), ["ROUTE_TTL_LONG"]);
    let endless = Key::Held { value: "pod-0".to_owned(), ttl: Some(Duration::MAX) };
    court.at(11).look(&endless);
    assert_eq!(court.broken(), ["ROUTE_TTL_LONG"]);
}

#[test]
fn warns_of_a_refresh_at_the_last_moment() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 300).at(272).sees("pod-0", 29);
    assert_eq!(court.standing("ROUTE_REFRESHED_LATE"), Standing::NotJudged);
    court.at(277).sees("pod-0", 300);
    assert_eq!(court.broken(), ["ROUTE_REFRESHED_LATE"]);
}

#[test]
fn a_write_of_another_pod_is_not_a_refresh() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 300).at(290).sees("pod-0", 11).at(295).sees("pod-1", 300);
    assert_eq!(court.standing("ROUTE_REFRESHED_LATE"), Standing::NotJudged);
}

#[test]
fn a_key_must_contain_a_pod_id() {
    let cases = [
        Key::Held { value: String::new(), ttl: Some(Duration::from_secs(300)) },
        Key::Held { value: "x".repeat(129), ttl: Some(Duration::from_secs(300)) },
        Key::InvalidValue("WRONGTYPE".to_owned()),
    ];
    for key in cases {
        let mut court = Court::new();
        court.beats("pod-0").at(1).look(&key);
        assert_eq!(court.verdict().codes(Standing::Fail), ["ROUTE_INVALID"], "{key:?}");
    }
}

#[test]
fn warns_of_a_quoted_pod_id() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees(r#""pod-0""#, 300).at(2).beats("pod-0").at(3).sees(r#""pod-0""#, 298);
    assert_eq!(court.broken(), ["ROUTE_QUOTED"]);
    assert_eq!(court.standing("ROUTE_INVALID"), Standing::Pass);
    assert_eq!(court.standing("ROUTE_ELSEWHERE"), Standing::Pass);
}

#[test]
fn accepts_a_key_that_is_deleted_with_the_disconnection() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 300).at(2).leaves("pod-0").at(5).misses();
    assert_eq!(court.broken(), NOTHING);
    assert_eq!(court.standing("ROUTE_LEFT_BEHIND"), Standing::Pass);
}

#[test]
fn reports_a_key_that_outlives_the_disconnection() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 300).at(2).leaves("pod-0");
    court.at(3).sees("pod-0", 298).at(5).sees("pod-0", 296);
    assert_eq!(court.broken(), NOTHING, "the deletion may follow");
    court.at(10).sees("pod-0", 291);
    assert_eq!(court.broken(), ["ROUTE_LEFT_BEHIND"]);
}

#[test]
fn a_key_written_after_the_disconnection_belongs_to_a_new_connection() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 300).at(2).leaves("pod-0");
    court.at(5).sees("pod-0", 300).at(10).sees("pod-0", 295);
    assert_eq!(court.broken(), NOTHING);
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 300).at(2).leaves("pod-0");
    court.at(5).sees("pod-1", 300).at(10).sees("pod-1", 295);
    assert_eq!(court.standing("ROUTE_LEFT_BEHIND"), Standing::Pass, "another pod's");
}

#[test]
fn only_devices_whose_key_and_events_agree_can_be_commanded() {
    let mut court = Court::new();
    let can = |court: &Court| court.judge.commandable().count();
    court.beats("pod-0");
    assert_eq!(can(&court), 0);
    court.at(1).sees("pod-1", 300);
    assert_eq!(can(&court), 0);
    court.at(6).sees("pod-0", 300);
    assert_eq!(can(&court), 1);
    court.at(7).leaves("pod-0");
    assert_eq!(can(&court), 0);
}

#[test]
fn reports_a_key_with_little_life_left_while_events_come() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 300).at(190).beats("pod-0").at(195).sees("pod-0", 106);
    assert_eq!(court.standing("ROUTE_NOT_REFRESHED"), Standing::NotJudged, "a third may be left");
    court.at(205).beats("pod-0");
    assert_eq!(court.broken(), ["ROUTE_NOT_REFRESHED"]);
    let verdict = court.verdict();
    let example = &verdict.finding("ROUTE_NOT_REFRESHED").unwrap().examples[0];
    let expected = "CP-1 sends events, but its key has 96 s of 300 s left and was not refreshed";
    assert!(example.ends_with(expected), "{example}");
    court.at(210).sees("pod-0", 300);
    assert_eq!(court.standing("ROUTE_NOT_REFRESHED"), Standing::Pass, "it is refreshed, although late");
}

#[test]
fn a_write_at_a_boot_is_not_a_refresh() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 300).at(205).beats("pod-0").sees("pod-0", 96);
    court.at(210).says("pod-0", connected()).at(211).sees("pod-0", 299);
    assert_eq!(court.broken(), ["ROUTE_NOT_REFRESHED"]);
    court.at(300).sees("pod-0", 210).at(311).sees("pod-0", 299);
    assert_eq!(court.broken(), NOTHING, "no boot was near: the gateway refreshes it");
}

#[test]
fn an_expired_key_is_not_a_missing_disconnection() {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 10).at(12).misses().at(20).misses().at(30).misses();
    assert_eq!(court.broken(), ["ROUTE_UNCONFIRMED"][..0]);
    assert_eq!(court.standing("GOODBYES_NEVER_SENT"), Standing::NotJudged);
}

#[test]
fn reports_missing_disconnections_of_devices_that_move() {
    let mut court = Court::new();
    court.beats("pod-0").at(10).beats("pod-1");
    assert_eq!(court.standing("GOODBYES_NEVER_SENT"), Standing::NotJudged, "it may be late");
    court.at(12);
    let finding = court.verdict().finding("GOODBYES_NEVER_SENT").unwrap().clone();
    assert_eq!((finding.standing, finding.broken, finding.judged), (Standing::Warn, 1, 1));
    assert!(
        finding.examples[0].ends_with("CP-1 came from pod-0, which reported no disconnection"),
        "{finding:?}"
    );
    court.leaves("pod-0");
    assert_eq!(court.standing("GOODBYES_NEVER_SENT"), Standing::Pass);
}
