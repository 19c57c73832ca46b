//! Tests of the outcome of commands.

use super::{Fixture, at, device};
use crate::check::key::Key;
use crate::check::trials::{Phase, Trial};
use crate::check::verdict::{RuleResult, Verdict};
use domain::event::{CommandAnswer, EventKind, StatusReport};
use domain::ids::{CommandId, ConnectorId, GatewayId};
use domain::status::ConnectorStatus;
use uuid::Uuid;

const TWICE: CommandId = CommandId(Uuid::from_u128(1));
const EXPIRED: CommandId = CommandId(Uuid::from_u128(2));
const LAST: CommandId = CommandId(Uuid::from_u128(3));

/// A fixture in which pod-0 holds CP-1, which has just been commanded.
fn commanded_fixture() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0").at(1).key_names("pod-0", 300).at(10);
    fixture.judge.begin_trial(trial());
    fixture
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

impl Fixture {
    fn answer(&mut self, command: CommandId, status: &str, reason: Option<&str>) -> &mut Self {
        let answer = CommandAnswer {
            command_id: Some(command),
            command_name: None,
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
        };
        self.send_event("pod-0", EventKind::CommandAnswered(answer))
    }

    /// The first connector reports that status, whether or not it was requested.
    fn report_status(&mut self, status: ConnectorStatus) -> &mut Self {
        self.send_event(
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
        self.judge.conclude_trial(&device("CP-1"));
        self.verdict()
    }
}

#[test]
fn accepts_a_gateway_that_executes_a_command_once_and_in_time() {
    let mut fixture = commanded_fixture();
    fixture.at(11).answer(TWICE, "Accepted", None).heartbeat("pod-0");
    assert!(fixture.judge.is_answered(TWICE) && !fixture.judge.is_answered(LAST));
    fixture.at(12).answer(EXPIRED, "Rejected", None).answer(LAST, "NotImplemented", None);
    let verdict = fixture.conclude();
    assert_eq!(fixture.broken(), [""; 0]);
    for code in
        ["COMMAND_LOST", "COMMAND_ANSWER_MISSING", "COMMAND_REFUSED", "COMMAND_REPEATED", "COMMAND_EXPIRED"]
    {
        assert_eq!(verdict.finding(code).unwrap().result, RuleResult::Pass, "{code}");
    }
    let proofs = &verdict.finding("COMMAND_ANSWER_MISSING").unwrap().examples;
    assert_eq!(proofs, &["CP-1 through pod-0 (partition 7): Accepted after 1000 ms"]);
}

#[test]
fn reports_a_command_without_any_effect_as_lost() {
    let mut fixture = commanded_fixture();
    fixture.at(30).conclude();
    assert_eq!(fixture.broken(), ["COMMAND_LOST"]);
}

#[test]
fn requires_no_answer_of_a_device_that_has_left() {
    let mut fixture = commanded_fixture();
    fixture.at(11).disconnect("pod-0").at(30).conclude();
    assert_eq!(fixture.broken(), [""; 0]);
    assert_eq!(fixture.result("COMMAND_LOST"), RuleResult::NotJudged);
}

#[test]
fn accepts_a_status_as_proof_and_reports_missing_answers_once() {
    let mut fixture = commanded_fixture();
    fixture.at(11).report_status(ConnectorStatus::Available);
    assert_eq!(fixture.judge.effects(&device("CP-1"), Phase::First), 1);
    fixture.at(30).conclude();
    assert_eq!(fixture.broken(), ["ANSWERS_NEVER_SENT"]);
    assert_eq!(fixture.result("COMMAND_LOST"), RuleResult::Pass);
    assert_eq!(fixture.result("COMMAND_REPEATED"), RuleResult::NotJudged);
    fixture.answer(CommandId(Uuid::from_u128(9)), "Accepted", None);
    assert_eq!(fixture.broken(), ["COMMAND_ANSWER_MISSING"], "others are answered");
}

#[test]
fn other_events_prove_neither_execution_nor_loss() {
    let mut fixture = commanded_fixture();
    fixture.at(11).heartbeat("pod-0").at(30).conclude();
    assert_eq!(fixture.broken(), [""; 0]);
    assert_eq!(fixture.result("COMMAND_LOST"), RuleResult::NotJudged);
}

#[test]
fn a_new_status_is_not_the_requested_one() {
    let mut fixture = commanded_fixture();
    fixture.report_status(ConnectorStatus::Available);
    fixture.judge.enter_phase(&device("CP-1"), Phase::Copy);
    fixture.at(12).report_status(ConnectorStatus::Preparing);
    assert_eq!(fixture.judge.effects(&device("CP-1"), Phase::Copy), 0);
    fixture.at(13).report_status(ConnectorStatus::Preparing);
    assert_eq!(fixture.judge.effects(&device("CP-1"), Phase::Copy), 1);
}

#[test]
fn finds_executed_copies_and_expired_commands_by_their_effects() {
    let mut fixture = commanded_fixture();
    for (second, phase) in [(11, Phase::First), (12, Phase::Copy), (13, Phase::Expired), (14, Phase::Last)] {
        fixture.judge.enter_phase(&device("CP-1"), phase);
        fixture.at(second).report_status(ConnectorStatus::Available);
    }
    fixture.conclude();
    assert_eq!(fixture.verdict().codes(RuleResult::Fail), ["COMMAND_REPEATED", "COMMAND_EXPIRED"]);
    let mut fixture = commanded_fixture();
    for (second, phase) in [(11, Phase::First), (14, Phase::Last)] {
        fixture.judge.enter_phase(&device("CP-1"), phase);
        fixture.at(second).report_status(ConnectorStatus::Available);
    }
    fixture.conclude();
    assert_eq!(fixture.verdict().codes(RuleResult::Fail), [""; 0]);
    assert_eq!(fixture.result("COMMAND_EXPIRED"), RuleResult::Pass);
}

#[test]
fn distinguishes_a_shared_group_from_another_hash() {
    for (elsewhere, code) in [(0, "COMMAND_LOST"), (1, "COMMAND_LOST"), (2, "COMMAND_GROUP_SHARED")] {
        let mut fixture = commanded_fixture();
        fixture.judge.enter_phase(&device("CP-1"), Phase::OtherPartitions);
        for _ in 0..elsewhere {
            fixture.at(20).report_status(ConnectorStatus::Available);
        }
        fixture.conclude();
        assert_eq!(fixture.broken(), [code], "{elsewhere}");
    }
}

#[test]
fn recognises_a_pod_that_reads_all_partitions() {
    let mut fixture = commanded_fixture();
    fixture.at(11).answer(TWICE, "Accepted", None).answer(LAST, "Accepted", None);
    fixture.judge.enter_phase(&device("CP-1"), Phase::OtherPartitions);
    fixture.at(12).report_status(ConnectorStatus::Available).conclude();
    assert_eq!(fixture.broken(), [""; 0]);
    assert_eq!(fixture.result("COMMAND_ANY_PARTITION"), RuleResult::Info);
}

#[test]
fn distinguishes_a_device_that_has_left_from_an_unreachable_pod() {
    let mut fixture = commanded_fixture();
    let mut second = fixture.event("pod-0", EventKind::Heartbeat);
    second.charge_point_id = device("CP-2");
    fixture.send(&second);
    fixture.judge.begin_trial(Trial { charge_point_id: device("CP-2"), ..trial() });
    fixture.at(11).report_status(ConnectorStatus::Available).conclude();
    fixture.judge.observe_key(
        &device("CP-2"),
        &Key::Held { value: "pod-0".to_owned(), ttl: Some(std::time::Duration::from_secs(300)) },
        at(11),
    );
    fixture.judge.conclude_trial(&device("CP-2"));
    assert_eq!(fixture.broken(), ["SILENT_WITH_KEY", "ANSWERS_NEVER_SENT"]);
}

#[test]
fn reports_a_last_command_without_an_answer_as_lost() {
    let mut fixture = commanded_fixture();
    fixture.at(11).answer(TWICE, "Accepted", None).at(30).conclude();
    assert_eq!(fixture.broken(), ["COMMAND_LOST"]);
    assert_eq!(fixture.result("COMMAND_EXPIRED"), RuleResult::NotJudged, "it may not have been read");
}

#[test]
fn reports_a_command_that_is_executed_twice() {
    let mut fixture = commanded_fixture();
    fixture.at(11).answer(TWICE, "Accepted", None).answer(TWICE, "Accepted", None);
    fixture.answer(LAST, "Accepted", None).conclude();
    assert_eq!(fixture.broken(), ["COMMAND_REPEATED"]);
}

#[test]
fn a_copied_answer_counts_once() {
    let mut fixture = commanded_fixture();
    fixture.at(11);
    let answer = CommandAnswer {
        command_id: Some(TWICE),
        command_name: None,
        status: "Accepted".to_owned(),
        reason: None,
    };
    let event = fixture.event("pod-0", EventKind::CommandAnswered(answer));
    fixture
        .send(&event)
        .send(&event)
        .answer(TWICE, "Rejected", None)
        .answer(LAST, "Accepted", None)
        .conclude();
    assert_eq!(fixture.broken(), ["EVENT_REPEATED"]);
}

#[test]
fn reports_an_executed_expired_command() {
    let mut fixture = commanded_fixture();
    fixture.at(11).answer(TWICE, "Accepted", None).answer(EXPIRED, "Accepted", None).conclude();
    assert_eq!(fixture.verdict().finding("COMMAND_EXPIRED").unwrap().result, RuleResult::Fail);
}

#[test]
fn reports_a_pod_that_does_not_hold_the_device_of_its_key() {
    for reason in ["DEVICE_OFFLINE", "INVALID_COMMAND_PAYLOAD"] {
        let mut fixture = commanded_fixture();
        fixture.at(11).answer(TWICE, "Rejected", Some(reason)).answer(LAST, "Rejected", Some(reason));
        fixture.conclude();
        assert_eq!(fixture.broken(), ["COMMAND_REFUSED"], "{reason}");
    }
    let mut fixture = commanded_fixture();
    fixture.at(11).answer(TWICE, "Rejected", Some("DEVICE_REJECTED")).answer(LAST, "Rejected", None);
    fixture.conclude();
    assert_eq!(fixture.broken(), [""; 0], "the device may reject it");
}

#[test]
fn compares_the_size_of_the_command_topic() {
    let mut fixture = Fixture::new();
    assert!(fixture.judge.judge_command_partitions(128));
    assert_eq!(fixture.result("COMMAND_PARTITIONS"), RuleResult::Pass);
    let mut fixture = Fixture::new();
    assert!(!fixture.judge.judge_command_partitions(64));
    let finding = fixture.verdict().finding("COMMAND_PARTITIONS").unwrap().clone();
    assert_eq!((finding.result, &*finding.examples[0]), (RuleResult::Fail, "64 partitions, not 128"));
}
