//! Tests of the verdict: its outcome, its text, its examples and its limits.

use super::{Fixture, at, device, parameters};
use crate::check::judge::Judge;
use crate::check::parameters::Parameters;
use crate::check::verdict::{Outcome, RuleResult};
use domain::event::EventKind;
use domain::ids::EventId;
use wire::event::encode::{Dialect, encode_event_json};

#[test]
fn a_valid_event_breaks_no_rule() {
    let mut fixture = Fixture::new();
    fixture.heartbeat("pod-0");
    let verdict = fixture.verdict();
    assert_eq!((verdict.outcome, verdict.exit_code()), (Outcome::Keeps, 0));
    assert_eq!(fixture.broken(), [""; 0]);
    assert_eq!(verdict.finding("TRACE_MISSING").unwrap().result, RuleResult::Pass);
    assert!(verdict.to_string().ends_with("VERDICT: the gateway keeps the contract\n"), "{verdict}");
}

#[test]
fn reports_that_nothing_was_observed() {
    let verdict = Judge::new(parameters(), at(0)).verdict(at(60));
    assert_eq!((verdict.outcome, verdict.exit_code()), (Outcome::NothingObserved, 2));
    assert!(verdict.to_string().contains("VERDICT: nothing was observed"), "{verdict}");
}

#[test]
fn memory_is_bounded_and_the_verdict_reports_it() {
    let mut fixture = Fixture::with_parameters(Parameters { max_devices: 1, max_events: 2, ..parameters() });
    let first = fixture.event("pod-0", EventKind::Heartbeat);
    fixture.send(&first);
    assert!(!fixture.verdict().to_string().contains("LIMITS"));
    for name in ["CP-2", "CP-3"] {
        let mut event = fixture.event("pod-0", EventKind::Heartbeat);
        event.charge_point_id = device(name);
        fixture.send(&event);
    }
    fixture.send(&first);
    let verdict = fixture.verdict();
    assert_eq!((verdict.observed.devices, verdict.observed.records_of_unjudged), (1, 2));
    assert!(verdict.observed.forgotten_events);
    assert_eq!(verdict.finding("EVENT_REPEATED").unwrap().broken, 0, "already forgotten");
    let text = verdict.to_string();
    assert!(text.contains("check.max_devices") && text.contains("check.max_events"), "{text}");
}

#[test]
fn shows_three_examples_of_many() {
    let mut fixture = Fixture::new();
    for number in 0..5 {
        let mut event = fixture.event("pod-0", EventKind::Heartbeat);
        event.event_id = EventId::parse(&format!("e-{number}")).unwrap();
        fixture.record(0, None, Some(&encode_event_json(&event, Dialect::Contract)), &[]);
    }
    let finding = fixture.verdict().finding("KEY_MISSING").unwrap().clone();
    assert_eq!((finding.broken, finding.examples.len()), (5, 3));
}
