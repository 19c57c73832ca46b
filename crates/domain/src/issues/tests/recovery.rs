//! The ladder: one step after the other, and none while a command is under way.

use super::fixture::{at, key, minutes};
use crate::commands::CommandState;
use crate::issues::{Attempt, Cause, Decision, Ladder, RecoveryStep};
use chrono::TimeDelta;

const LADDER: Ladder = Ladder { pause: TimeDelta::minutes(5), last: RecoveryStep::OutOfService };

fn attempt(step: RecoveryStep, seconds: i64, state: Option<CommandState>) -> Attempt {
    Attempt { step, issued_at: at(seconds), state }
}

#[test]
fn climbs_step_by_step_with_pauses() {
    let fault = key(Cause::Fault, Some(1));
    assert_eq!(LADDER.decide(&fault, at(0), &[], at(299)), Decision::Wait(at(300)));
    let mut attempts = Vec::new();
    for (step, seconds) in RecoveryStep::ALL.into_iter().zip((1..).map(|number| number * 300)) {
        assert_eq!(LADDER.decide(&fault, at(0), &attempts, at(seconds)), Decision::Try(step));
        attempts.push(attempt(step, seconds, Some(CommandState::Confirmed)));
    }
    assert_eq!(LADDER.decide(&fault, at(0), &attempts, at(99_999)), Decision::Exhausted);
}

#[test]
fn waits_while_a_command_is_under_way_and_skips_a_refused_one() {
    let fault = key(Cause::Fault, Some(1));
    let running = [attempt(RecoveryStep::Trigger, 300, Some(CommandState::Published))];
    let waits = LADDER.decide(&fault, at(0), &running, at(5_000));
    assert_eq!(waits, Decision::Wait(at(5_000) + minutes(5)));
    let refused = [attempt(RecoveryStep::Trigger, 300, None)];
    assert_eq!(LADDER.decide(&fault, at(0), &refused, at(600)), Decision::Try(RecoveryStep::SoftReset));
}

#[test]
fn tries_only_what_helps_and_what_is_allowed() {
    let first = |cause, connector| LADDER.decide(&key(cause, connector), at(0), &[], at(9_999));
    assert_eq!(first(Cause::Offline, None), Decision::Exhausted);
    assert_eq!(first(Cause::PriceGap, Some(1)), Decision::Exhausted);
    assert_eq!(first(Cause::ClockSkew, None), Decision::Try(RecoveryStep::SoftReset));
    let reset = [attempt(RecoveryStep::HardReset, 0, Some(CommandState::Expired))];
    let whole = LADDER.decide(&key(Cause::Fault, Some(0)), at(0), &reset, at(9_999));
    assert_eq!(whole, Decision::Try(RecoveryStep::OutOfService), "the whole device cannot be unlocked");
    let gentle = Ladder { last: RecoveryStep::SoftReset, ..LADDER };
    let soft = [attempt(RecoveryStep::SoftReset, 0, Some(CommandState::Confirmed))];
    assert_eq!(gentle.decide(&key(Cause::Fault, Some(1)), at(0), &soft, at(9_999)), Decision::Exhausted);
}

#[test]
fn every_step_is_a_command() {
    for step in RecoveryStep::ALL {
        assert!(step.command(crate::ids::ConnectorId::parse(1).ok()).is_some(), "{step:?}");
        assert_eq!(RecoveryStep::parse(step.as_str()), Some(step));
    }
}
