//! Tests of the outcome of commands.

use super::{Court, at, device};
use crate::check::key::Key;
use crate::check::orders::{Phase, Trial};
use crate::check::verdict::{Standing, Verdict};
use domain::event::{CommandAnswer, EventKind, StatusReport};
use domain::ids::{CommandId, ConnectorId, GatewayId};
use domain::status::ConnectorStatus;
use uuid::Uuid;

const TWICE: CommandId = CommandId(Uuid::from_u128(1));
const EXPIRED: CommandId = CommandId(Uuid::from_u128(2));
const LAST: CommandId = CommandId(Uuid::from_u128(3));

/// A court in which pod-0 holds CP-1, which has just been commanded.
fn commanded() -> Court {
    let mut court = Court::new();
    court.beats("pod-0").at(1).sees("pod-0", 300).at(10);
    court.judge.begin(trial());
    court
}

fn trial() -> Trial {
    Trial {
        charge_point_id: device("CP-1"),
        connector_id: None,
        pod: GatewayId::parse("pod-0").unwrap(),
        partition: 7,
        twice: TWICE,
        expired: EXPIRED,
        last: LAST,
        began: at(10),
    }
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

    /// The first connector reports that status, whether or not it was requested.
    fn shows(&mut self, status: ConnectorStatus) -> &mut Self {
        self.says(
            "pod-0",
            EventKind::StatusChanged(StatusReport {
                connector_id: ConnectorId::parse(1).unwrap(),
                status,
                error_code: None,
                info: None,
                vendor_error_code: None,
            }),
        )
    }

    fn conclude(&mut self) -> Verdict {
        self.judge.conclude(&device("CP-1"));
        self.verdict()
    }
}

#[test]
fn accepts_a_gateway_that_executes_a_command_once_and_in_time() {
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
fn reports_a_command_without_any_effect_as_lost() {
    let mut court = commanded();
    court.at(30).conclude();
    assert_eq!(court.broken(), ["COMMAND_LOST"]);
}

#[test]
fn requires_no_answer_of_a_device_that_has_left() {
    let mut court = commanded();
    court.at(11).leaves("pod-0").at(30).conclude();
    assert_eq!(court.broken(), [""; 0]);
    assert_eq!(court.standing("COMMAND_LOST"), Standing::NotJudged);
}

#[test]
fn accepts_a_status_as_proof_and_reports_missing_answers_once() {
    let mut court = commanded();
    court.at(11).shows(ConnectorStatus::Available);
    assert_eq!(court.judge.effects(&device("CP-1"), Phase::First), 1);
    court.at(30).conclude();
    assert_eq!(court.broken(), ["ANSWERS_NEVER_SENT"]);
    assert_eq!(court.standing("COMMAND_LOST"), Standing::Pass);
    assert_eq!(court.standing("COMMAND_REPEATED"), Standing::NotJudged);
    court.answers(CommandId(Uuid::from_u128(9)), "Accepted", None);
    assert_eq!(court.broken(), ["COMMAND_ANSWER_MISSING"], "others are answered");
}

#[test]
fn other_events_prove_neither_execution_nor_loss() {
    let mut court = commanded();
    court.at(11).beats("pod-0").at(30).conclude();
    assert_eq!(court.broken(), [""; 0]);
    assert_eq!(court.standing("COMMAND_LOST"), Standing::NotJudged);
}

#[test]
fn a_new_status_is_not_the_requested_one() {
    let mut court = commanded();
    court.shows(ConnectorStatus::Available);
    court.judge.enter(&device("CP-1"), Phase::Copy);
    court.at(12).shows(ConnectorStatus::Preparing);
    assert_eq!(court.judge.effects(&device("CP-1"), Phase::Copy), 0);
    court.at(13).shows(ConnectorStatus::Preparing);
    assert_eq!(court.judge.effects(&device("CP-1"), Phase::Copy), 1);
}

#[test]
fn finds_executed_copies_and_expired_commands_by_their_effects() {
    let mut court = commanded();
    for (second, phase) in [(11, Phase::First), (12, Phase::Copy), (13, Phase::Expired), (14, Phase::Last)] {
        court.judge.enter(&device("CP-1"), phase);
        court.at(second).shows(ConnectorStatus::Available);
    }
    court.conclude();
    assert_eq!(court.verdict().codes(Standing::Fail), ["COMMAND_REPEATED", "COMMAND_EXPIRED"]);
    let mut court = commanded();
    for (second, phase) in [(11, Phase::First), (14, Phase::Last)] {
        court.judge.enter(&device("CP-1"), phase);
        court.at(second).shows(ConnectorStatus::Available);
    }
    court.conclude();
    assert_eq!(court.verdict().codes(Standing::Fail), [""; 0]);
    assert_eq!(court.standing("COMMAND_EXPIRED"), Standing::Pass);
}

#[test]
fn distinguishes_a_shared_group_from_another_hash() {
    for (elsewhere, code) in [(0, "COMMAND_LOST"), (1, "COMMAND_LOST"), (2, "COMMAND_GROUP_SHARED")] {
        let mut court = commanded();
        court.judge.enter(&device("CP-1"), Phase::Elsewhere);
        for _ in 0..elsewhere {
            court.at(20).shows(ConnectorStatus::Available);
        }
        court.conclude();
        assert_eq!(court.broken(), [code], "{elsewhere}");
    }
}

#[test]
fn recognises_a_pod_that_reads_all_partitions() {
    let mut court = commanded();
    court.at(11).answers(TWICE, "Accepted", None).answers(LAST, "Accepted", None);
    court.judge.enter(&device("CP-1"), Phase::Elsewhere);
    court.at(12).shows(ConnectorStatus::Available).conclude();
    assert_eq!(court.broken(), [""; 0]);
    assert_eq!(court.standing("COMMAND_ANY_PARTITION"), Standing::Info);
}

#[test]
fn distinguishes_a_device_that_has_left_from_an_unreachable_pod() {
    let mut court = commanded();
    let mut second = court.event("pod-0", EventKind::Heartbeat);
    second.charge_point_id = device("CP-2");
    court.send(&second);
    court.judge.begin(Trial { charge_point_id: device("CP-2"), ..trial() });
    court.at(11).shows(ConnectorStatus::Available).conclude();
    court.judge.key(
        &device("CP-2"),
        &Key::Held { value: "pod-0".to_owned(), ttl: Some(std::time::Duration::from_secs(300)) },
        at(11),
    );
    court.judge.conclude(&device("CP-2"));
    assert_eq!(court.broken(), ["SILENT_WITH_KEY", "ANSWERS_NEVER_SENT"]);
}

#[test]
fn reports_a_last_command_without_an_answer_as_lost() {
    let mut court = commanded();
    court.at(11).answers(TWICE, "Accepted", None).at(30).conclude();
    assert_eq!(court.broken(), ["COMMAND_LOST"]);
    assert_eq!(court.standing("COMMAND_EXPIRED"), Standing::NotJudged, "it may not have been read");
}

#[test]
fn reports_a_command_that_is_executed_twice() {
    let mut court = commanded();
    court.at(11).answers(TWICE, "Accepted", None).answers(TWICE, "Accepted", None);
    court.answers(LAST, "Accepted", None).conclude();
    assert_eq!(court.broken(), ["COMMAND_REPEATED"]);
}

#[test]
fn a_copied_answer_counts_once() {
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
fn reports_an_executed_expired_command() {
    let mut court = commanded();
    court.at(11).answers(TWICE, "Accepted", None).answers(EXPIRED, "Accepted", None).conclude();
    assert_eq!(court.verdict().finding("COMMAND_EXPIRED").unwrap().standing, Standing::Fail);
}

#[test]
fn reports_a_pod_that_does_not_hold_the_device_of_its_key() {
    for reason in ["DEVICE_OFFLINE", "INVALID_COMMAND_PAYLOAD"] {
        let mut court = commanded();
        court.at(11).answers(TWICE, "Rejected", Some(reason)).answers(LAST, "Rejected", Some(reason));
        court.conclude();
        assert_eq!(court.broken(), ["COMMAND_REFUSED"], "{reason}");
    }
    let mut court = commanded();
    court.at(11).answers(TWICE, "Rejected", Some("DEVICE_REJECTED")).answers(LAST, "Rejected", None);
    court.conclude();
    assert_eq!(court.broken(), [""; 0], "the device may reject it");
}

#[test]
fn compares_the_size_of_the_command_topic() {
    let mut court = Court::new();
    assert!(court.judge.command_partitions(128));
    assert_eq!(court.standing("COMMAND_PARTITIONS"), Standing::Pass);
    let mut court = Court::new();
    assert!(!court.judge.command_partitions(64));
    let finding = court.verdict().finding("COMMAND_PARTITIONS").unwrap().clone();
    assert_eq!((finding.standing, &*finding.examples[0]), (Standing::Fail, "64 partitions, not 128"));
}
