//! Tests of the rules for times and clocks.

use super::Fixture;
use crate::check::verdict::RuleResult;
use chrono::TimeDelta;
use domain::event::EventKind;

#[test]
fn judges_implausible_timestamps_like_the_platform() {
    for (ahead_s, is_absurd) in [(60, false), (61, true), (-7 * 86_400, false), (-7 * 86_400 - 1, true)] {
        let mut fixture = Fixture::new();
        let mut event = fixture.event("pod-0", EventKind::Heartbeat);
        event.claimed_at = event.claimed_at.map(|claimed| claimed + TimeDelta::seconds(ahead_s));
        fixture.send(&event);
        let expected: &[&str] = if is_absurd { &["TIMESTAMP_ABSURD"] } else { &[] };
        assert_eq!(fixture.broken(), expected, "{ahead_s} s");
    }
}

#[test]
fn judges_a_clock_by_five_events_of_a_pod() {
    for (ahead_s, is_wrong) in [(0, false), (5, false), (6, true), (-5, false), (-6, true)] {
        let mut fixture = Fixture::new();
        for number in 0..5 {
            assert_eq!(fixture.result("CLOCK_SKEW"), RuleResult::NotJudged);
            let mut event = fixture.at(number).event("pod-0", EventKind::Heartbeat);
            event.claimed_at = event.claimed_at.map(|claimed| claimed + TimeDelta::seconds(ahead_s));
            fixture.send(&event);
        }
        let expected: &[&str] = if is_wrong { &["CLOCK_SKEW"] } else { &[] };
        assert_eq!(fixture.broken(), expected, "{ahead_s} s");
    }
}

#[test]
fn judges_the_clock_of_records_too() {
    let mut fixture = Fixture::new();
    let pods = [("pod-0", 0), ("pod-1", 2_400), ("pod-2", -900)];
    for (number, (pod, ahead_s)) in (0..15).zip(pods.into_iter().cycle()) {
        fixture.at(number).records_ahead = ahead_s;
        let mut event = fixture.event(pod, EventKind::Heartbeat);
        event.claimed_at = event.claimed_at.map(|claimed| claimed + TimeDelta::seconds(ahead_s));
        fixture.send(&event);
    }
    let verdict = fixture.verdict();
    let finding = verdict.finding("CLOCK_SKEW").unwrap();
    assert_eq!((finding.broken, finding.judged), (2, 3), "{finding:?}");
    assert_eq!(
        finding.examples,
        [
            "pod-1: 5 events, sent up to 2401000 ms before the time of event or record",
            "pod-2: 5 events, sent at least 898000 ms after the time of event or record",
        ]
    );
}

#[test]
fn one_wrong_device_clock_or_one_delayed_event_is_not_a_skew() {
    let mut fixture = Fixture::new();
    for late_s in [0, 0, 0, -50, 40] {
        let mut event = fixture.event("pod-0", EventKind::Heartbeat);
        event.claimed_at = event.claimed_at.map(|claimed| claimed - TimeDelta::seconds(late_s));
        fixture.send(&event);
    }
    assert_eq!(fixture.result("CLOCK_SKEW"), RuleResult::Pass);
}
