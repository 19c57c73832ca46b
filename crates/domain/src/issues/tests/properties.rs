//! Whatever the changes are: the result depends on them alone, not on when and in which parts they are
//! evaluated.

use super::fixture::*;
use crate::feed::FeedChange;
use crate::issues::{IssueKey, Period, Transition, TransitionKind};
use crate::status::ConnectorStatus::{Available, Charging, Faulted};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

/// The change of this kind that happens at `at`.
fn happening(kind: u8, number: u128, at: DateTime<Utc>) -> FeedChange {
    let changed = "charging.session.changed.v1";
    match kind {
        0 | 1 => connectivity(at, false),
        2 => connectivity(at, true),
        3 => status(at, Faulted, Some("GroundFailure")),
        4 => status(at, Charging, None),
        5 => session(at, changed, number, "open", &json!({})),
        6 => session(at, changed, number, "ended", &json!({})),
        7 => start(at, number, true, None),
        8 => metered(at, number, Some(3.0)),
        9 => metered(at, number, Some(150.0)),
        _ => settled(at, number, 3.0, Some("NO_TARIFF_APPLIES")),
    }
}

/// Up to 40 changes with up to 20 minutes between them.
pub(super) fn log() -> impl Strategy<Value = Vec<FeedChange>> {
    proptest::collection::vec((0..11_u8, 1..4_u128, 0..1_200_i64), 0..40).prop_map(|parts| {
        let mut seconds = 0;
        let change = |(kind, number, pause)| {
            seconds += pause;
            happening(kind, number, at(seconds))
        };
        parts.into_iter().map(change).collect()
    })
}

/// The steps of each issue, in order.
pub(super) fn by_key(transitions: &[Transition]) -> BTreeMap<IssueKey, Vec<Transition>> {
    let mut steps = BTreeMap::<IssueKey, Vec<Transition>>::new();
    for transition in transitions {
        steps.entry(transition.key.clone()).or_default().push(transition.clone());
    }
    steps
}

pub(super) fn run() -> Run {
    let mut run = Run::default();
    run.maintenance.add(device(), Period { from: at(4_000), until: at(6_000) });
    run
}

pub(super) const END: i64 = 1_000_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn pauses_and_restarts_change_nothing(log in log(), together in 1..9_usize, ticks in any::<bool>()) {
        let mut whole = run();
        whole.pass(&log, Some(at(END)));
        let mut parts = run();
        for changes in log.chunks(together) {
            parts.pass(changes, changes.last().filter(|_| ticks).map(|change| change.at));
        }
        parts.pass(&[], Some(at(END)));
        prop_assert_eq!(by_key(&whole.transitions), by_key(&parts.transitions));
        prop_assert_eq!(whole.stored(), parts.stored());
    }

    #[test]
    fn an_issue_opens_before_it_closes_and_one_is_open_at_most(log in log()) {
        let mut run = run();
        run.pass(&log, Some(at(END)));
        for (key, steps) in by_key(&run.transitions) {
            let mut open = None;
            for step in steps {
                match step.kind {
                    TransitionKind::Opened => {
                        prop_assert_eq!(open, None, "{} is open twice", key);
                        open = Some(step.issue);
                    }
                    TransitionKind::Recurred => prop_assert_eq!(open, Some(step.issue)),
                    TransitionKind::Closed => prop_assert_eq!(open.take(), Some(step.issue)),
                    TransitionKind::Joined | TransitionKind::Left => prop_assert!(false, "there is no outage"),
                }
            }
        }
    }

    #[test]
    fn a_repeated_change_changes_nothing(log in log()) {
        let mut once = run();
        once.pass(&log, Some(at(END)));
        let twice: Vec<_> = log.iter().flat_map(|change| [change.clone(), change.clone()]).collect();
        let mut repeated = run();
        repeated.pass(&twice, Some(at(END)));
        prop_assert_eq!(by_key(&once.transitions), by_key(&repeated.transitions));
    }

    #[test]
    fn no_issue_opens_during_maintenance(log in log()) {
        let mut run = run();
        run.pass(&log, Some(at(END)));
        for step in run.transitions.iter().filter(|step| step.kind == TransitionKind::Opened) {
            prop_assert!(step.at < at(4_000) || step.at >= at(6_000), "{:?}", step);
        }
    }
}

#[test]
fn a_device_that_recovers_needs_no_row() {
    let mut run = run();
    run.pass(&[connectivity(at(0), false), status(at(0), Faulted, None)], None);
    assert_eq!(run.stored(), 3);
    run.pass(&[connectivity(at(9), true), status(at(9), Available, None)], Some(at(END)));
    assert_eq!(run.stored(), 0);
}
