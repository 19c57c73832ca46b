//! The ladder: one step after the other, and none while a command is under way or the place is in use.

use super::fixture::{at, key, minutes};
use crate::commands::CommandState;
use crate::ids::{CommandId, ConnectorId, IssueId};
use crate::issues::{
    Attempt, AttemptState, Cause, Circumstances, Decision, Hold, Ladder, RecoveryCase, RecoveryOutlook,
    RecoveryState, RecoveryStep,
};
use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;

const LADDER: Ladder =
    Ladder { pause: TimeDelta::minutes(5), last: RecoveryStep::OutOfService, device_steps_per_day: 9 };

fn sent(step: RecoveryStep, seconds: i64, state: CommandState) -> Attempt {
    Attempt { number: 1, step, at: at(seconds), state: AttemptState::Command(state) }
}

/// An issue that opened at time 0, at a device that is online and not in use.
fn case(cause: Cause, connector: Option<i64>, attempts: &[Attempt]) -> RecoveryCase {
    RecoveryCase {
        key: key(cause, connector),
        opened_at: at(0),
        attempts: attempts.to_vec(),
        circumstances: Circumstances { is_online: true, ..Circumstances::default() },
    }
}

fn fault(attempts: &[Attempt]) -> RecoveryCase {
    case(Cause::Fault, Some(1), attempts)
}

#[test]
fn climbs_step_by_step_with_pauses() {
    assert_eq!(LADDER.decide(&fault(&[]), at(299)), Decision::Wait(at(300)));
    let mut attempts = Vec::new();
    for (step, number) in RecoveryStep::ALL.into_iter().zip(1..) {
        let now = at(i64::from(number) * 300);
        assert_eq!(LADDER.decide(&fault(&attempts), now), Decision::Try(step, number));
        let state = AttemptState::Command(CommandState::Confirmed);
        attempts.push(Attempt { number, step, at: now, state });
    }
    assert_eq!(LADDER.decide(&fault(&attempts), at(99_999)), Decision::Exhausted);
}

#[test]
fn waits_while_a_command_is_under_way_and_skips_a_refused_one() {
    let running = fault(&[sent(RecoveryStep::Trigger, 300, CommandState::Published)]);
    assert_eq!(LADDER.decide(&running, at(5_000)), Decision::Wait(at(5_000) + minutes(5)));
    let refused =
        Attempt { state: AttemptState::Refused, ..sent(RecoveryStep::Trigger, 300, CommandState::Published) };
    let next = Decision::Try(RecoveryStep::SoftReset, 2);
    assert_eq!(LADDER.decide(&fault(&[refused]), at(600)), next);
}

#[test]
fn repeats_what_did_not_reach_the_topic() {
    let trigger = sent(RecoveryStep::Trigger, 300, CommandState::Failed);
    let again = Decision::Try(RecoveryStep::Trigger, 2);
    assert_eq!(LADDER.decide(&fault(&[trigger]), at(600)), again);
    let pending = Attempt { state: AttemptState::Pending, ..trigger };
    let same = Decision::Try(RecoveryStep::Trigger, 1);
    assert_eq!(LADDER.decide(&fault(&[pending]), at(599)), Decision::Wait(at(600)));
    assert_eq!(LADDER.decide(&fault(&[pending]), at(600)), same, "its command is still to be recorded");
    let none = Ladder { last: RecoveryStep::Trigger, ..LADDER };
    let reset = Attempt { step: RecoveryStep::SoftReset, ..pending };
    assert_eq!(none.decide(&fault(&[reset]), at(9_999)), Decision::Exhausted, "the settings have changed");
}

#[test]
fn tries_only_what_helps_and_what_is_allowed() {
    let first = |cause, connector| LADDER.decide(&case(cause, connector, &[]), at(9_999));
    assert_eq!(first(Cause::Offline, None), Decision::Exhausted);
    assert_eq!(first(Cause::PriceGap, Some(1)), Decision::Exhausted);
    assert_eq!(first(Cause::ClockSkew, None), Decision::Try(RecoveryStep::SoftReset, 1));
    let reset = [sent(RecoveryStep::HardReset, 0, CommandState::Expired)];
    let whole = LADDER.decide(&case(Cause::Fault, Some(0), &reset), at(9_999));
    let next = Decision::Try(RecoveryStep::OutOfService, 2);
    assert_eq!(whole, next, "the whole device cannot be unlocked");
    let gentle = Ladder { last: RecoveryStep::SoftReset, ..LADDER };
    let soft = [sent(RecoveryStep::SoftReset, 0, CommandState::Confirmed)];
    assert_eq!(gentle.decide(&fault(&soft), at(9_999)), Decision::Exhausted);
}

#[test]
fn every_hold_keeps_a_step_from_being_tried() {
    let now = at(9_999);
    let held = |change: fn(&mut Circumstances)| {
        let mut case = fault(&[]);
        change(&mut case.circumstances);
        LADDER.decide(&case, now)
    };
    assert_eq!(held(|_| ()), Decision::Try(RecoveryStep::Trigger, 1));
    assert_eq!(held(|here| here.muted_until = Some(at(9_999))), Decision::Try(RecoveryStep::Trigger, 1));
    assert_eq!(held(|here| here.muted_until = Some(at(10_000))), Decision::Held(Hold::Muted));
    assert_eq!(held(|here| here.maintenance_until = Some(at(10_000))), Decision::Held(Hold::Maintenance));
    assert_eq!(held(|here| here.is_assigned = true), Decision::Held(Hold::Assigned));
    assert_eq!(held(|here| here.is_online = false), Decision::Held(Hold::Offline));
    assert_eq!(held(|here| here.last_step_of_others = Some(at(9_700))), Decision::Held(Hold::DeviceLimit));
    assert_eq!(held(|here| here.steps_in_day = 9), Decision::Held(Hold::DeviceLimit));
}

#[test]
fn the_outlook_says_what_is_next_and_why_it_waits() {
    let outlook = |case: &RecoveryCase, seconds| {
        let RecoveryOutlook { state, step, until } = LADDER.outlook(case, at(seconds));
        (state, step, until)
    };
    let trigger = Some(RecoveryStep::Trigger);
    let waiting = (RecoveryState::Waiting, trigger, Some(at(300)));
    assert_eq!(outlook(&fault(&[]), 299), waiting);
    assert_eq!(outlook(&fault(&[]), 300), (RecoveryState::Due, trigger, None));
    let mut muted = fault(&[]);
    muted.circumstances.muted_until = Some(at(900));
    muted.circumstances.is_assigned = true;
    assert_eq!(outlook(&muted, 300), (RecoveryState::Muted, trigger, Some(at(900))));
    assert_eq!(outlook(&muted, 900), (RecoveryState::Assigned, trigger, None));
    let running = fault(&[sent(RecoveryStep::Trigger, 300, CommandState::Published)]);
    assert_eq!(outlook(&running, 9_999), (RecoveryState::InProgress, trigger, None));
    let tried = fault(&[sent(RecoveryStep::OutOfService, 300, CommandState::Confirmed)]);
    assert_eq!(outlook(&tried, 9_999), (RecoveryState::Exhausted, None, None));
    let price = case(Cause::PriceGap, Some(1), &[]);
    assert_eq!(outlook(&price, 9_999), (RecoveryState::Unsupported, None, None));
}

#[test]
fn a_charge_is_not_interrupted() {
    let in_use = |connector, attempts: &[Attempt]| {
        let mut case = fault(attempts);
        case.circumstances.in_use = [ConnectorId::parse(connector).unwrap()].into();
        LADDER.decide(&case, at(9_999))
    };
    let held = Decision::Held(Hold::InUse);
    assert_eq!(in_use(1, &[]), held);
    assert_eq!(in_use(0, &[]), held);
    assert_eq!(in_use(2, &[]), Decision::Try(RecoveryStep::Trigger, 1));
    let trigger = [sent(RecoveryStep::Trigger, 0, CommandState::Confirmed)];
    assert_eq!(in_use(2, &trigger), held, "a reset interrupts all connectors");
    let reset = [sent(RecoveryStep::HardReset, 0, CommandState::Confirmed)];
    assert_eq!(in_use(2, &reset), Decision::Try(RecoveryStep::Unlock, 2));
}

#[test]
fn every_step_is_a_command() {
    for step in RecoveryStep::ALL {
        assert!(step.command(ConnectorId::parse(1).ok()).is_some(), "{step:?}");
        assert_eq!(RecoveryStep::parse(step.as_str()), Some(step));
    }
}

#[test]
fn all_replicas_derive_the_same_command() {
    let issue = IssueId(Uuid::now_v7());
    let first = CommandId::of_recovery(issue, 1);
    assert_eq!(first, CommandId::of_recovery(issue, 1));
    assert_ne!(first, CommandId::of_recovery(issue, 2));
    assert_ne!(first, CommandId::of_recovery(IssueId(Uuid::now_v7()), 1));
}

/// What follows from an attempt, and in the end what its command becomes.
fn any_state() -> impl Strategy<Value = AttemptState> {
    prop_oneof![
        Just(AttemptState::Pending),
        Just(AttemptState::Refused),
        proptest::sample::select(CommandState::ALL.to_vec()).prop_map(AttemptState::Command),
    ]
}

proptest! {
    #[test]
    fn whatever_follows_the_steps_only_climb(
        cause in proptest::sample::select(Cause::ALL.to_vec()),
        last in proptest::sample::select(RecoveryStep::ALL.to_vec()),
        turns in proptest::collection::vec((0..900_i64, any_state(), any::<bool>()), 0..60),
    ) {
        let ladder = Ladder { last, ..LADDER };
        let (mut case, mut seconds) = (case(cause, Some(1), &[]), 0);
        for (pause, state, is_used) in turns {
            seconds += pause;
            case.circumstances.in_use = if is_used { [ConnectorId::WHOLE].into() } else { [].into() };
            let decision = ladder.decide(&case, at(seconds));
            let Decision::Try(step, number) = decision else {
                // Time passes for the command that is under way.
                if let Some(last) = case.attempts.last_mut().filter(|last| last.is_under_way()) {
                    last.state = state;
                }
                continue;
            };
            prop_assert!(!is_used && step <= last && step.helps_against(cause));
            let before = case.attempts.last().copied();
            if let Some(before) = before {
                let is_repeated = before.state == AttemptState::Pending && before.number == number;
                let failed = before.state == AttemptState::Command(CommandState::Failed);
                prop_assert!(!before.is_under_way());
                prop_assert!(is_repeated || before.number + 1 == number);
                prop_assert!(before.at + ladder.pause <= at(seconds));
                prop_assert!(step > before.step || (step == before.step && (is_repeated || failed)));
            }
            case.attempts.retain(|attempt| attempt.number != number);
            case.attempts.push(Attempt { number, step, at: at(seconds), state });
        }
    }
}
