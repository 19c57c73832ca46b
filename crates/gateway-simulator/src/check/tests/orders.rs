//! What comes of commands.

use super::{Court, at, device};
use crate::check::orders::Trial;
use crate::check::verdict::{Standing, Verdict};
use domain::event::{CommandAnswer, EventKind};
use domain::ids::{CommandId, GatewayId};
use uuid::Uuid;

const TWICE: CommandId = CommandId(Uuid::from_u128(1));
const EXPIRED: CommandId = CommandId(Uuid::from_u128(2));
const LAST: CommandId = CommandId(Uuid::from_u128(3));

/// A court in which CP-1 is held by pod-0 and has just been commanded.
fn commanded() -> Court {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 300).at(10);
    court.judge.begin(Trial {
        charge_point_id: device("CP-1"),
        pod: GatewayId::parse("pod-0").unwrap(),
        partition: 7,
        twice: TWICE,
        expired: EXPIRED,
        last: LAST,
        began: at(10),
    });
    court
}

impl Court {
    fn answers(&mut self, command: CommandId, status: &str, reason: Option<&str>) -> &mut Self {
        let answer = CommandAnswer {
            command_id: Some(command),
            command_name: None,
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
        };
        self.says("pod-0", EventKind::CommandAnswered(answer))
    }

    fn conclude(&mut self) -> Verdict {
        self.judge.conclude(&device("CP-1"));
        self.verdict()
    }
}

#[test]
fn a_gateway_that_obeys_once_and_in_time_is_right() {
    let mut court = commanded();
    court.at(11).answers(TWICE, "Accepted", None).beats("pod-0");
    assert!(court.judge.is_answered(TWICE) && !court.judge.is_answered(LAST));
    court.at(12).answers(EXPIRED, "Rejected", None).answers(LAST, "NotImplemented", None);
    let verdict = court.conclude();
    assert_eq!(court.broken(), [""; 0]);
    for code in
        ["COMMAND_LOST", "COMMAND_ANSWER_MISSING", "COMMAND_REFUSED", "COMMAND_REPEATED", "COMMAND_EXPIRED"]
    {
        assert_eq!(verdict.finding(code).unwrap().standing, Standing::Pass, "{code}");
    }
    let proofs = &verdict.finding("COMMAND_ANSWER_MISSING").unwrap().examples;
    assert_eq!(proofs, &["CP-1 through pod-0 (partition 7): Accepted after 1000 ms"]);
}

#[test]
fn a_command_that_nothing_comes_of_is_lost() {
    let mut court = commanded();
    court.at(30).conclude();
    assert_eq!(court.broken(), ["COMMAND_LOST"]);
}

#[test]
fn a_device_that_has_gone_meanwhile_need_not_answer() {
    let mut court = commanded();
    court.at(11).leaves("pod-0").at(30).conclude();
    assert_eq!(court.broken(), [""; 0]);
    assert_eq!(court.standing("COMMAND_LOST"), Standing::NotJudged);
}

#[test]
fn a_heartbeat_without_an_answer_is_a_warning() {
    let mut court = commanded();
    court.at(11).beats("pod-0").at(30).conclude();
    assert_eq!(court.broken(), ["COMMAND_ANSWER_MISSING"]);
    assert_eq!(court.standing("COMMAND_REPEATED"), Standing::NotJudged);
}

#[test]
fn a_last_command_without_an_answer_is_lost_too() {
    let mut court = commanded();
    court.at(11).answers(TWICE, "Accepted", None).at(30).conclude();
    assert_eq!(court.broken(), ["COMMAND_LOST"]);
    assert_eq!(court.standing("COMMAND_EXPIRED"), Standing::NotJudged, "it may not have been read");
}

#[test]
fn a_command_that_is_done_twice_is_found() {
    let mut court = commanded();
    court.at(11).answers(TWICE, "Accepted", None).answers(TWICE, "Accepted", None);
    court.answers(LAST, "Accepted", None).conclude();
    assert_eq!(court.broken(), ["COMMAND_REPEATED"]);
}

#[test]
fn an_answer_that_is_sent_twice_was_given_once() {
    let mut court = commanded();
    court.at(11);
    let answer = CommandAnswer {
        command_id: Some(TWICE),
        command_name: None,
        status: "Accepted".to_owned(),
        reason: None,
    };
    let event = court.event("pod-0", EventKind::CommandAnswered(answer));
    court
        .send(&event)
        .send(&event)
        .answers(TWICE, "Rejected", None)
        .answers(LAST, "Accepted", None)
        .conclude();
    assert_eq!(court.broken(), ["EVENT_REPEATED"]);
}

#[test]
fn an_expired_command_that_is_obeyed_is_found() {
    let mut court = commanded();
    court.at(11).answers(TWICE, "Accepted", None).answers(EXPIRED, "Accepted", None).conclude();
    assert_eq!(court.verdict().finding("COMMAND_EXPIRED").unwrap().standing, Standing::Fail);
}

#[test]
fn a_pod_that_does_not_hold_what_its_key_says_is_found() {
    for reason in ["DEVICE_OFFLINE", "INVALID_COMMAND_PAYLOAD"] {
        let mut court = commanded();
        court.at(11).answers(TWICE, "Rejected", Some(reason)).answers(LAST, "Rejected", Some(reason));
        court.conclude();
        assert_eq!(court.broken(), ["COMMAND_REFUSED"], "{reason}");
    }
    let mut court = commanded();
    court.at(11).answers(TWICE, "Rejected", Some("DEVICE_REJECTED")).answers(LAST, "Rejected", None);
    court.conclude();
    assert_eq!(court.broken(), [""; 0], "the device may not want to");
}

#[test]
fn the_command_topic_is_as_large_as_was_agreed() {
    let mut court = Court::new();
    assert!(court.judge.command_partitions(128));
    assert_eq!(court.standing("COMMAND_PARTITIONS"), Standing::Pass);
    let mut court = Court::new();
    assert!(!court.judge.command_partitions(64));
    let finding = court.verdict().finding("COMMAND_PARTITIONS").unwrap().clone();
    assert_eq!((finding.standing, &*finding.examples[0]), (Standing::Fail, "64 partitions, not 128"));
}
