//! Property and example tests of the life of a command.

use super::*;
use crate::commands::failure::FailureCode;
use crate::commands::waiting::WaitEnd;
use crate::ids::{Actor, EventKey, GatewayId, TransactionId};
use crate::merged::Merged;
use crate::status::ConnectorStatus;
use proptest::prelude::*;
use uuid::Uuid;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

fn answered(event: i64, status: &str) -> Step {
    Step::Answered(DeviceAnswer { event: EventKey(event), status: status.to_owned(), reason: None })
}

fn charging() -> Step {
    let session_id = Some(SessionId(Uuid::from_u128(7)));
    Step::TookEffect(Effect::new(EffectKind::Charging, session_id))
}

fn preparing() -> Step {
    Step::TookEffect(Effect::of_status(ConnectorStatus::Preparing))
}

fn released() -> Step {
    let transaction_id = TransactionId::parse("634").unwrap();
    Step::Released { transaction_id, gateway: gateway("pod-a"), partition: 3 }
}

fn gateway(name: &str) -> GatewayId {
    GatewayId::parse(name).unwrap()
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Published { offset: 3 }),
        Just(Step::Unconfirmed { detail: "broker".to_owned() }),
        Just(Step::Unpublished { detail: "broker".to_owned() }),
        (0..4_i64, "(Accepted|Rejected|unlocked)").prop_map(|(event, word)| answered(event, &word)),
        Just(charging()),
        Just(preparing()),
        Just(Step::Expired { moved_to: None, looked_for: None }),
        Just(Step::Rerouted { from: gateway("pod-a"), to: gateway("pod-b"), partition: 5 }),
        Just(Step::Waiting),
        Just(released()),
        prop::sample::select(WaitEnd::ALL.to_vec()).prop_map(|cause| Step::WaitEnded { cause }),
        Just(Step::Republished { offset: 4 }),
        Just(Step::NotRepublished { detail: "broker".to_owned() }),
        Just(cancelled()),
    ]
}

fn life_of(steps: &[Step]) -> CommandLife {
    let mut life = CommandLife::accepted(at(0));
    for (second, step) in (1..).zip(steps) {
        life.apply(at(second), step.clone());
    }
    life
}

proptest! {
    #[test]
    fn states_only_move_forward_and_never_after_the_end(steps in prop::collection::vec(steps(), 0..12)) {
        let mut life = CommandLife::accepted(at(0));
        let mut before = life.state();
        for step in steps {
            let taken = life.apply(at(1), step);
            let now = life.state();
            prop_assert_eq!(taken == Merged::Changed, now != before);
            prop_assert!(!before.is_end() || now == before);
            prop_assert!(now != CommandState::Accepted || before <= CommandState::Accepted);
            before = now;
        }
    }

    #[test]
    fn a_repeated_step_changes_nothing(steps in prop::collection::vec(steps(), 0..12)) {
        let once = life_of(&steps);
        let mut twice = once.clone();
        for step in steps {
            prop_assert_eq!(twice.apply(at(9), step), Merged::Known);
        }
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn a_life_survives_serialization(steps in prop::collection::vec(steps(), 0..12)) {
        let life = life_of(&steps);
        let written = serde_json::to_string(&life).unwrap();
        prop_assert_eq!(serde_json::from_str::<CommandLife>(&written).unwrap(), life);
    }
}

#[test]
fn an_answer_and_an_effect_are_separate_steps() {
    let mut life = life_of(&[Step::Published { offset: 1 }, answered(1, "Accepted")]);
    assert_eq!((life.state(), life.effect()), (CommandState::Confirmed, None));
    assert_eq!(life.apply(at(30), charging()), Merged::Recorded);
    assert_eq!(life.effect().map(|(when, effect)| (when, effect.kind)), Some((at(30), EffectKind::Charging)));
}

#[test]
fn a_session_replaces_the_status_that_confirmed_a_start() {
    let mut life = life_of(&[Step::Published { offset: 1 }, preparing()]);
    assert_eq!((life.state(), life.is_start_pending()), (CommandState::Confirmed, true));
    let charges = Step::TookEffect(Effect::of_status(ConnectorStatus::Charging));
    assert_eq!(life.apply(at(3), charges), Merged::Recorded);
    assert!(!life.is_start_pending());
    assert_eq!(life.apply(at(4), charging()), Merged::Recorded);
    assert_eq!(life.apply(at(5), preparing()), Merged::Known);
    assert_eq!(life.effect().map(|(when, effect)| (when, effect.kind)), Some((at(4), EffectKind::Charging)));
}

#[test]
fn steps_unknown_to_the_previous_release_are_stored_separately() {
    let life = life_of(&[Step::Published { offset: 1 }, preparing(), answered(1, "Accepted")]);
    let stored = serde_json::to_value(&life).unwrap();
    let steps: Vec<_> = stored["trail"].as_array().unwrap().iter().map(|entry| &entry["step"]).collect();
    assert_eq!(steps, ["accepted", "published", "answered"]);
    assert_eq!((&stored["since"][0]["place"], &stored["since"][0]["kind"]), (&2.into(), &"status".into()));
    assert_eq!(serde_json::from_value::<CommandLife>(stored).unwrap(), life);
}

#[test]
fn a_stop_waits_is_released_and_published_once() {
    let mut life = CommandLife::waiting(at(0));
    assert_eq!(life.state(), CommandState::Waiting);
    assert_eq!(life.apply(at(1), released()), Merged::Changed);
    assert_eq!(life.state(), CommandState::Accepted);
    assert_eq!(life.apply(at(2), released()), Merged::Known);
    assert_eq!(life.apply(at(2), Step::WaitEnded { cause: WaitEnd::TimedOut }), Merged::Recorded);
    assert_eq!(life.apply(at(3), Step::Published { offset: 9 }), Merged::Changed);
    assert_eq!((life.state(), life.failure()), (CommandState::Published, None));
}

#[test]
fn a_wait_without_a_transaction_id_ends_with_its_cause() {
    for (cause, state, code) in [
        (WaitEnd::TimedOut, CommandState::Expired, FailureCode::TransactionIdUnknown),
        (WaitEnd::SessionEnded, CommandState::Failed, FailureCode::SessionEnded),
        (WaitEnd::SessionWithdrawn, CommandState::Failed, FailureCode::SessionEnded),
    ] {
        let mut life = CommandLife::waiting(at(0));
        assert_eq!(life.apply(at(1), Step::WaitEnded { cause }), Merged::Changed);
        let failure = life.failure().unwrap();
        assert_eq!((life.state(), failure.code, failure.detail), (state, code, cause.to_string()));
        assert_eq!(life.apply(at(2), released()), Merged::Recorded);
        assert_eq!(life.state(), state, "a stop is not sent after its wait ended");
    }
}

#[test]
fn the_previous_release_reads_a_waiting_stop() {
    let stored = serde_json::to_value(CommandLife::waiting(at(0))).unwrap();
    assert_eq!(stored["trail"].as_array().map(Vec::len), Some(1));
    assert_eq!(stored["trail"][0]["step"], "accepted");
    assert_eq!(stored["since"], serde_json::Value::Null, "it reads all steps there");
}

fn cancelled() -> Step {
    Step::Cancelled { by: Actor::parse("desk").unwrap() }
}

#[test]
fn a_cancelled_stop_is_never_sent() {
    let mut life = CommandLife::waiting(at(0));
    assert_eq!(life.apply(at(1), cancelled()), Merged::Changed);
    assert_eq!((life.state(), life.failure()), (CommandState::Cancelled, None));
    assert_eq!(life.apply(at(2), released()), Merged::Recorded);
    assert_eq!(life.apply(at(3), Step::WaitEnded { cause: WaitEnd::TimedOut }), Merged::Recorded);
    assert_eq!(life.state(), CommandState::Cancelled);
    let stored = serde_json::to_value(&life).unwrap();
    assert_eq!(serde_json::from_value::<CommandLife>(stored).unwrap(), life);
}

#[test]
fn only_a_waiting_command_can_be_cancelled() {
    for step in [released(), Step::WaitEnded { cause: WaitEnd::SessionEnded }] {
        let mut life = CommandLife::waiting(at(0));
        life.apply(at(1), step);
        let before = life.state();
        assert_eq!(life.apply(at(2), cancelled()), Merged::Recorded);
        assert_eq!(life.state(), before);
    }
}

#[test]
fn a_release_without_cancellations_reads_an_end() {
    let mut life = CommandLife::waiting(at(0));
    life.apply(at(1), cancelled());
    let mut stored = serde_json::to_value(&life).unwrap();
    stored["waits"][1].as_object_mut().unwrap().remove("cancelled_by").unwrap();
    let read: CommandLife = serde_json::from_value(stored).unwrap();
    assert_eq!(read.state(), CommandState::Expired, "a final state, so that the stop is not sent");
}

#[test]
fn an_expiry_names_the_expected_effects() {
    let expired = Step::Expired { moved_to: None, looked_for: Some("the device's answer".to_owned()) };
    let failure = life_of(&[expired]).failure().unwrap();
    assert_eq!(failure.code, FailureCode::NoAnswer);
    assert_eq!(failure.detail, "no effect was observed in time; expected: the device's answer");
}

#[test]
fn a_late_step_is_kept_and_changes_nothing() {
    let mut life =
        life_of(&[Step::Published { offset: 1 }, Step::Expired { moved_to: None, looked_for: None }]);
    assert_eq!(life.apply(at(99), answered(1, "Accepted")), Merged::Recorded);
    assert_eq!(life.state(), CommandState::Expired);
    assert_eq!(life.failure().map(|failure| failure.code), Some(FailureCode::NoAnswer));
    assert!(life.trail().last().is_some_and(|entry| entry.late));
}

#[test]
fn an_answer_resolves_an_unconfirmed_publication() {
    let unknown = Step::Unconfirmed { detail: "Kafka did not confirm the command".to_owned() };
    let life = life_of(std::slice::from_ref(&unknown));
    assert_eq!(life.failure().map(|failure| failure.code), Some(FailureCode::Unconfirmed));
    let life = life_of(&[unknown, answered(1, "accepted")]);
    assert_eq!((life.state(), life.failure()), (CommandState::Confirmed, None));
    let life = life_of(&[answered(1, "NotSupported"), Step::Published { offset: 4 }]);
    assert_eq!((life.state(), life.published()), (CommandState::Rejected, Some((at(2), 4))));
    assert_eq!(life.failure().unwrap().detail, "the device answered NotSupported");
}

#[test]
fn answers_beyond_the_limit_are_only_counted() {
    let answers: Vec<_> = (0..100).map(|event| answered(event, "Accepted")).collect();
    let mut life = life_of(&answers);
    assert_eq!(life.trail().len(), CommandLife::MAX_TRAIL);
    assert_eq!(life.omitted(), 101 - 32);
    assert_eq!((life.apply(at(200), charging()), life.omitted()), (Merged::Recorded, 101 - 32));
    assert!(life.effect().is_some(), "effects are always kept");
}
