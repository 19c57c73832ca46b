//! Rules that are turned off, and on again.

use super::fixture::*;
use super::properties::{END, by_key, log, run};
use crate::issues::Cause::{Fault, Offline};
use crate::issues::TransitionKind::{Closed, Opened};
use crate::issues::{Cause, Fact, Rule, Seen, Transition};
use crate::status::ConnectorStatus::Faulted;
use proptest::prelude::*;

fn rules_without(cause: Cause) -> Vec<Rule> {
    rules().into_iter().filter(|rule| rule.cause() != cause).collect()
}

#[test]
fn the_issue_of_a_rule_that_is_turned_off_closes_with_that_as_proof() {
    let mut run = Run::default();
    run.pass(&[status(at(0), Faulted, None), connectivity(at(0), false)], Some(at(300)));
    assert_eq!(run.seen(), [(Fault, Opened, 0), (Offline, Opened, 300)]);
    run.transitions.clear();
    run.pass_with(&rules_without(Fault), &[], at(400));
    assert_eq!(run.seen(), [(Fault, Closed, 400)]);
    assert_eq!(run.transitions[0].fact, Fact { at: at(400), seen: Seen::RuleOff });
    run.pass_with(&rules_without(Fault), &[status(at(450), Faulted, None)], at(500));
    run.pass_with(&rules(), &[], at(600));
    assert_eq!(run.transitions.len(), 1, "what was wrong before the rule was on again is no evidence");
    run.pass_with(&rules(), &[status(at(650), Faulted, None)], at(700));
    assert_eq!(run.seen()[1..], [(Fault, Opened, 650)]);
}

#[test]
fn what_is_due_opens_nothing_when_its_rule_is_off() {
    let mut run = Run::default();
    run.pass(&[connectivity(at(0), false)], None);
    run.pass_with(&rules_without(Offline), &[], at(9_000));
    assert_eq!((run.seen(), run.stored()), (vec![], 0));
    run.pass_with(&rules(), &[], at(9_900));
    assert_eq!(run.seen(), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_rule_that_is_off_has_no_open_issue_and_the_others_do_not_notice(
        log in log(), split in 0..40_usize, off in proptest::sample::select(Cause::ALL.to_vec()),
    ) {
        let (before, after) = log.split_at(split.min(log.len()));
        let mut all = run();
        all.pass(&log, Some(at(END)));
        let mut less = run();
        less.pass(before, None).pass_with(&rules_without(off), after, at(END));
        let of = |transitions: &[Transition], is_off: bool| -> Vec<Transition> {
            transitions.iter().filter(|step| (step.key.cause == off) == is_off).cloned().collect()
        };
        prop_assert_eq!(by_key(&of(&all.transitions, false)), by_key(&of(&less.transitions, false)));
        let mut on = run();
        on.pass(before, None);
        let own = by_key(&of(&less.transitions, true));
        for (key, before) in by_key(&of(&on.transitions, true)) {
            let is_open = before.last().is_some_and(|step| step.kind != Closed);
            let (earlier, ended) = own[&key].split_at(before.len());
            prop_assert_eq!(earlier, &before[..]);
            prop_assert_eq!(ended.len(), usize::from(is_open));
            prop_assert!(ended.iter().all(|step| step.kind == Closed && step.fact.seen == Seen::RuleOff));
        }
        prop_assert_eq!(own.len(), by_key(&of(&on.transitions, true)).len(), "none opens");
        let count = less.transitions.len();
        less.pass_with(&rules(), &[], at(2 * END));
        prop_assert_eq!(less.transitions.len(), count, "nothing of before is remembered");
    }
}
