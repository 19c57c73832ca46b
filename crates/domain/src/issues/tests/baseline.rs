//! What devices already had when their watch began.

use super::fixture::*;
use crate::feed::{FeedChange, FeedKind};
use crate::ids::IssueId;
use crate::issues::Cause::{Fault, Offline, StuckSession};
use crate::issues::TransitionKind::{Closed, Opened, Recurred};
use crate::issues::{Cause, Fact, Period, Seen, TransitionKind};
use crate::status::ConnectorStatus::{Available, Faulted};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn what_was_wrong_before_is_an_issue_until_it_ends() {
    let mut run = Run::default();
    let states = [connectivity(at(0), false), status(at(10), Faulted, None)];
    run.read(&states, at(9_000)).pass(&[], Some(at(9_002)));
    assert_eq!(run.seen(), [(Fault, Opened, 9_000), (Offline, Opened, 9_000)]);
    assert_eq!(run.transitions[0].fact.at, at(10), "the fact has the time since which it is wrong");
    run.read(&states, at(9_500)).pass(&[], Some(at(9_502)));
    assert_eq!(run.transitions.len(), 2, "a second baseline finds nothing new");
    run.transitions.clear();
    run.pass(&[status(at(9_600), Available, None), connectivity(at(9_700), true)], None);
    assert_eq!(run.seen(), [(Fault, Closed, 9_600), (Offline, Closed, 9_700)]);
}

#[test]
fn a_device_that_is_well_or_has_not_been_offline_for_long_is_no_issue_yet() {
    let mut run = Run::default();
    run.read(&[connectivity(at(0), true), status(at(0), Available, None)], at(100));
    assert_eq!(run.stored(), 0);
    run.read(&[connectivity(at(50), false)], at(100)).pass(&[], Some(at(349)));
    assert_eq!(run.seen(), []);
    run.pass(&[], Some(at(350)));
    assert_eq!(run.seen(), [(Offline, Opened, 350)]);
}

#[test]
fn maintenance_postpones_what_was_wrong_before() {
    let mut run = Run::default();
    run.maintenance.add(device(), Period { from: at(0), until: at(1_000) });
    run.read(&[status(at(10), Faulted, None)], at(500)).pass(&[], Some(at(999)));
    assert_eq!(run.seen(), []);
    run.pass(&[], Some(at(1_000)));
    assert_eq!(run.seen(), [(Fault, Opened, 1_000)]);
}

#[test]
fn an_issue_whose_end_was_missed_ends_with_the_state_as_proof() {
    let mut run = Run::default();
    run.pass(&[status(at(0), Faulted, None), connectivity(at(0), false)], Some(at(300)));
    run.transitions.clear();
    run.read(&[connectivity(at(500), true), status(at(600), Available, None)], at(9_000));
    run.pass(&[], Some(at(8_999)));
    assert_eq!(run.seen(), [], "changes that were written before may follow");
    run.pass(&[], Some(at(9_000)));
    assert_eq!(run.seen(), [(Fault, Closed, 9_000), (Offline, Closed, 9_000)]);
    assert_eq!(run.transitions[0].fact, Fact { at: at(600), seen: available() });
    assert_eq!(run.stored(), 0);
}

#[test]
fn a_sign_that_was_written_before_the_state_was_read_keeps_the_issue_open() {
    let mut run = Run::default();
    run.pass(&[status(at(0), Faulted, None)], None);
    run.read(&[status(at(600), Available, None)], at(9_000));
    run.pass(&[status(at(8_999), Faulted, Some("OverVoltage"))], Some(at(20_000)));
    assert_eq!(run.seen(), [(Fault, Opened, 0), (Fault, Recurred, 8_999)]);
}

#[test]
fn what_is_wrong_again_after_the_missed_end_is_another_issue() {
    let mut run = Run::default();
    run.pass(&[status(at(0), Faulted, None)], None);
    run.read(&[status(at(600), Available, None)], at(9_000));
    run.pass(&[status(at(9_001), Faulted, None)], None);
    assert_eq!(run.seen(), [(Fault, Opened, 0), (Fault, Closed, 9_000), (Fault, Opened, 9_001)]);
}

#[test]
fn a_device_whose_return_was_missed_does_not_stay_due() {
    let mut run = Run::default();
    run.pass(&[connectivity(at(0), false)], None);
    run.read(&[connectivity(at(100), true)], at(200)).pass(&[], Some(at(9_000)));
    assert_eq!((run.seen(), run.stored()), (vec![], 0));
}

#[test]
fn the_state_of_another_session_ends_nothing() {
    let changed = "charging.session.changed.v1";
    let mut run = Run::default();
    run.pass(&[session(at(0), changed, 1, "open", &json!({}))], Some(at(3_600)));
    let opened = [(StuckSession, Opened, 3_600)];
    assert_eq!(run.seen_of(StuckSession), opened);
    run.read(&[session(at(50), changed, 2, "ended", &json!({}))], at(5_000)).pass(&[], Some(at(6_000)));
    assert_eq!(run.seen_of(StuckSession), opened);
    run.read(&[session(at(4_000), changed, 1, "ended", &json!({}))], at(6_000)).pass(&[], Some(at(7_000)));
    assert_eq!(run.seen_of(StuckSession)[1..], [(StuckSession, Closed, 6_000)]);
}

fn available() -> Seen {
    Seen::Status { status: Available, error_code: None, vendor_error_code: None }
}

/// Statuses and connectivity of a device, with up to 20 minutes between them.
fn log() -> impl Strategy<Value = Vec<FeedChange>> {
    proptest::collection::vec((0..5_u8, 0..1_200_i64), 1..30).prop_map(|parts| {
        let mut seconds = 0;
        let change = |(kind, pause)| {
            seconds += pause;
            match kind {
                0 => connectivity(at(seconds), false),
                1 => connectivity(at(seconds), true),
                2 => status(at(seconds), Faulted, Some("GroundFailure")),
                3 => status(at(seconds), Faulted, Some("OverVoltage")),
                _ => status(at(seconds), Available, None),
            }
        };
        parts.into_iter().map(change).collect()
    })
}

/// The state that the device has after `log`: the last change of each kind.
fn states(log: &[FeedChange]) -> Vec<FeedChange> {
    let kinds = [true, false].into_iter();
    let is_status = |change: &FeedChange| matches!(change.kind, FeedKind::ConnectorStatusChanged(_));
    kinds.filter_map(|kind| log.iter().rfind(|change| is_status(change) == kind).cloned()).collect()
}

fn steps(run: &Run, cause: Cause) -> Vec<(IssueId, TransitionKind, DateTime<Utc>)> {
    let of_cause = run.transitions.iter().filter(|step| step.key.cause == cause);
    of_cause.map(|step| (step.issue, step.kind, step.at)).collect()
}

/// The causes of issues that are open at the end.
fn open(run: &Run) -> BTreeSet<Cause> {
    let mut open = BTreeSet::new();
    for step in &run.transitions {
        match step.kind {
            Opened => open.insert(step.key.cause),
            Closed => open.remove(&step.key.cause),
            _ => false,
        };
    }
    open
}

proptest! {
    /// Whatever was missed: what is open in the end is what is wrong.
    #[test]
    fn missed_changes_leave_no_issue_open_and_none_unopened(log in log(), evaluated in 0..30_usize) {
        let (before, _missed) = log.split_at(evaluated.min(log.len()));
        let mut alone = Run::default();
        alone.pass(&log, Some(at(1_000_000)));
        let mut run = Run::default();
        run.pass(before, None).read(&states(&log), log[log.len() - 1].at + minutes(1));
        run.pass(&[], Some(at(1_000_000)));
        for cause in [Fault, Offline] {
            prop_assert_eq!(open(&alone).contains(&cause), open(&run).contains(&cause), "{}", cause);
        }
        prop_assert!(open(&run).len() <= run.stored());
    }

    /// The state of a device is newer than the changes that are not evaluated yet.
    #[test]
    fn changes_that_are_evaluated_after_the_baseline_count_once(log in log(), evaluated in 0..30_usize) {
        let (before, after) = log.split_at(evaluated.min(log.len()));
        let mut alone = Run::default();
        alone.pass(&log, Some(at(1_000_000)));
        let mut run = Run::default();
        run.pass(before, None).read(&states(&log), log[log.len() - 1].at + minutes(1));
        run.pass(after, Some(at(1_000_000)));
        for cause in [Fault, Offline] {
            prop_assert_eq!(steps(&alone, cause), steps(&run, cause));
        }
    }
}
