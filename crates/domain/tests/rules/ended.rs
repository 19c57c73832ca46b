//! Sessions that an operator ended because their stop did not arrive.

use crate::device::{Device, at, metered, started, started_without_meter, stopped};
use chrono::{DateTime, Utc};
use domain::devices::charge_point::Outcome;
use domain::sessions::session::{ChargingSession, ENDED_BY_OPERATOR, SUPERSEDED, SessionState};
use proptest::prelude::*;

/// When a session ended, why, and at which register.
type End = Option<(DateTime<Utc>, String, Option<f64>)>;

fn end(session: &ChargingSession) -> End {
    match &session.state {
        SessionState::Open => None,
        SessionState::Ended { at, reason, meter_stop_wh } => {
            Some((*at, reason.clone().unwrap_or_default(), *meter_stop_wh))
        }
    }
}

fn ended(seconds: i64, reason: &str, meter_wh: Option<f64>) -> End {
    Some((at(seconds), reason.to_owned(), meter_wh))
}

/// Ends the first session at `seconds`, as an operator does: only if it is open.
fn end_first(device: &mut Device, seconds: i64) {
    let session = device.sessions()[0].clone();
    if session.is_open() {
        assert!(device.state.end_session(&session, Some(2_000.0), at(seconds)));
    }
}

#[test]
fn an_operator_ends_an_open_session() {
    let mut device = Device::new();
    device.report(10, "a", started(1, "700"));
    device.report(20, "a", metered(1, "700"));
    end_first(&mut device, 100);
    assert_eq!(end(&device.sessions()[0]), ended(100, ENDED_BY_OPERATOR, Some(2_000.0)));
    device.report(110, "a", metered(1, "700"));
    device.report(120, "a", started(1, "701"));
    let sessions = device.sessions();
    assert_eq!(sessions.len(), 2, "neither readings nor the next start change the end");
    assert_eq!(end(&sessions[0]), ended(100, ENDED_BY_OPERATOR, Some(2_000.0)));
}

#[test]
fn a_stop_that_arrives_later_replaces_the_end_by_an_operator() {
    for stopped_at in [50, 100, 150, 1_000] {
        let mut device = Device::new();
        device.report(10, "a", started(1, "700"));
        end_first(&mut device, 100);
        device.state.settle();
        assert_eq!(device.report(stopped_at, "a", stopped("700")), Outcome::Applied);
        assert_eq!(end(&device.sessions()[0]), ended(stopped_at, "Remote", Some(3_500.0)));
    }
}

#[test]
fn a_stop_ends_the_session_before_the_next_one_on_its_connector_began() {
    let mut device = Device::new();
    device.report(10, "a", started(1, "700"));
    end_first(&mut device, 100);
    device.report(200, "a", started_without_meter(1, "701"));
    device.report(210, "a", stopped("700"));
    let sessions = device.sessions();
    assert_eq!(end(&sessions[0]), ended(200, "Remote", Some(3_500.0)));
    assert!(sessions[1].is_open());
}

#[test]
fn a_start_that_was_only_late_ends_the_session_earlier_than_the_operator() {
    let mut device = Device::new();
    device.report(10, "a", started(1, "700"));
    end_first(&mut device, 100);
    device.report(60, "a", started(1, "701"));
    assert_eq!(end(&device.sessions()[0]), ended(60, SUPERSEDED, None));
}

#[test]
fn a_session_without_a_transaction_id_can_be_ended() {
    let mut device = Device::new();
    device.report(10, "a", started(1, ""));
    end_first(&mut device, 100);
    assert_eq!(end(&device.sessions()[0]), ended(100, ENDED_BY_OPERATOR, Some(2_000.0)));
}

#[test]
fn the_end_by_an_operator_survives_storage_and_is_a_stop_for_the_previous_release() {
    let mut device = Device::new();
    device.report(10, "a", started(1, "700"));
    end_first(&mut device, 100);
    let mut stored = serde_json::to_value(&device.state.ledger).unwrap();
    device.state.ledger = serde_json::from_value(stored.clone()).unwrap();
    assert_eq!(end(&device.sessions()[0]), ended(100, ENDED_BY_OPERATOR, Some(2_000.0)));
    let stop = stored["facts"][1]["told"]["stop"].as_object_mut().unwrap();
    assert!(stop.remove("closes").is_some(), "the previous release ignores this field");
    device.state.ledger = serde_json::from_value(stored).unwrap();
    assert_eq!(end(&device.sessions()[0]), ended(100, ENDED_BY_OPERATOR, Some(2_000.0)));
}

proptest! {
    /// Whenever an operator ends the session, what the device reports decides in the end.
    #[test]
    fn an_end_by_an_operator_changes_nothing_that_a_stop_reports(
        operator_at in 11..2_000_i64,
        stopped_at in 11..1_000_i64,
        next in proptest::option::of(1_001..2_000_i64),
        is_late in any::<bool>(),
    ) {
        let story = |ends: bool| {
            let mut device = Device::new();
            device.report(10, "a", started(1, "700"));
            if !is_late {
                device.report(stopped_at, "a", stopped("700"));
            }
            if ends {
                end_first(&mut device, operator_at);
            }
            if let Some(next) = next {
                device.report(next, "a", started(1, "701"));
            }
            if is_late {
                device.report(stopped_at, "a", stopped("700"));
            }
            device.state.settle();
            device.sessions()
        };
        prop_assert_eq!(story(true), story(false));
    }
}
