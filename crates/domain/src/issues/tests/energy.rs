//! A session without energy is an issue, also if no meter is known of it.

use super::fixture::*;
use crate::feed::{FeedChange, SessionPhase};
use crate::ids::SessionId;
use crate::issues::Cause::SessionWithoutEnergy;
use crate::issues::TransitionKind::{Closed, Opened, Recurred};
use crate::issues::{Rule, Seen, Verdict};
use serde_json::{Value, json};
use uuid::Uuid;

const UNPRICED: Option<&str> = Some("SESSION_NOT_METERED");

fn changed(seconds: i64, number: u128, phase: &str, more: &Value) -> FeedChange {
    session(at(seconds), "charging.session.changed.v1", number, phase, more)
}

fn open(seconds: i64, number: u128) -> FeedChange {
    changed(seconds, number, "open", &json!({}))
}

fn ended(seconds: i64, number: u128) -> FeedChange {
    changed(seconds, number, "ended", &json!({}))
}

fn session_is(number: u128, phase: SessionPhase) -> Seen {
    Seen::Session { session_id: SessionId(Uuid::from_u128(number)), phase }
}

#[test]
fn a_session_without_any_reading_is_an_issue_until_its_receipt_has_energy() {
    let mut run = Run::default();
    run.pass(&[open(1, 1)], Some(at(300)));
    assert_eq!(run.seen(), []);
    run.pass(&[], Some(at(301)));
    assert_eq!(run.seen(), [(SessionWithoutEnergy, Opened, 301)]);
    assert_eq!(run.transitions[0].fact.seen, session_is(1, SessionPhase::Open));
    run.pass(&[open(310, 1), ended(600, 1)], Some(at(700)));
    assert_eq!(run.seen().len(), 1, "its end does not show energy");
    run.pass(&[settled(at(1_500), 1, 4_000.0, None)], None);
    assert_eq!(run.seen()[1..], [(SessionWithoutEnergy, Closed, 1_500)]);
}

#[test]
fn a_meter_that_is_silent_after_its_first_reading_is_an_issue() {
    for first in [Some(3.0), None] {
        let mut run = Run::default();
        run.pass(&[open(1, 1), metered(at(30), 1, first)], Some(at(301)));
        assert_eq!(run.seen(), [(SessionWithoutEnergy, Opened, 301)], "{first:?}");
    }
}

#[test]
fn a_first_reading_with_energy_is_enough() {
    let mut run = Run::default();
    run.pass(&[open(1, 1), metered(at(30), 1, Some(150.0))], Some(at(9_000)));
    assert_eq!(run.seen_of(SessionWithoutEnergy), []);
}

#[test]
fn energy_that_comes_late_closes_the_issue_and_a_reading_without_is_part_of_it() {
    let mut run = Run::default();
    run.pass(&[open(1, 1), metered(at(400), 1, Some(3.0)), open(410, 1)], None);
    run.pass(&[metered(at(420), 1, Some(4.0)), metered(at(450), 1, Some(150.0))], Some(at(900)));
    let expected = [(Opened, 301), (Recurred, 400), (Closed, 450)];
    assert_eq!(run.seen(), expected.map(|(kind, seconds)| (SessionWithoutEnergy, kind, seconds)));
}

#[test]
fn a_short_session_that_has_ended_may_take_none() {
    let mut run = Run::default();
    run.pass(&[open(1, 1), ended(299, 1), settled(at(299), 1, None, UNPRICED)], Some(at(9_000)));
    assert_eq!((run.seen(), run.stored()), (vec![], 0));
}

#[test]
fn an_ended_session_is_judged_by_its_receipt() {
    let mut run = Run::default();
    run.pass(&[open(1, 1), ended(300, 1)], Some(at(1_199)));
    assert_eq!(run.seen(), [], "the receipt may have energy");
    run.pass(&[settled(at(1_200), 1, None, UNPRICED)], None);
    assert_eq!(run.seen(), [(SessionWithoutEnergy, Opened, 1_200)]);
    assert_eq!(run.transitions[0].fact.seen, session_is(1, SessionPhase::Ended));
}

#[test]
fn registers_at_both_ends_are_energy() {
    let registers = |stop: f64| json!({ "meterStartWh": 1_000.0, "meterStopWh": stop });
    let mut run = Run::default();
    run.pass(&[open(1, 1)], Some(at(301)));
    run.pass(&[changed(600, 1, "ended", &registers(1_050.0))], None);
    assert_eq!(run.seen().len(), 1, "too little");
    run.pass(&[changed(610, 1, "ended", &registers(1_100.0))], None);
    assert_eq!(run.seen()[1..], [(SessionWithoutEnergy, Closed, 610)]);
}

#[test]
fn a_short_session_does_not_close_the_issue_of_another_one() {
    let mut run = Run::default();
    run.pass(&[open(1, 1)], Some(at(301)));
    run.pass(&[ended(400, 1), open(500, 2), ended(510, 2)], Some(at(9_000)));
    assert_eq!(run.seen(), [(SessionWithoutEnergy, Opened, 301)]);
}

#[test]
fn an_open_session_is_no_issue_where_the_feed_has_no_meters() {
    let rule = |while_open| Rule::SessionWithoutEnergy {
        min_energy_wh: 100.0,
        min_duration: minutes(5),
        while_open,
    };
    let open = open(7, 1);
    assert_eq!(rule(false).judge(written(&open, at(7))), None);
    let verdict = rule(true).judge(written(&open, at(7))).unwrap().verdict;
    assert_eq!(verdict, Verdict::PresentAt(at(307)));
}
