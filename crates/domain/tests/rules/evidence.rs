//! Sessions of gateways that report no start: they rest on readings, or on the stop alone.

mod registers;
mod stops;

use crate::device::{
    Device, at, metered, read, started, status, stopped, stopped_without_meter, transaction,
};
use chrono::{DateTime, Utc};
use domain::devices::charge_point::{Outcome, UnplacedReason};
use domain::event::EventKind;
use domain::sessions::ledger::Unplaced;
use domain::sessions::session::{ChargingSession, SUPERSEDED, SessionState, StartedBy};
use domain::status::ConnectorStatus::{Available, Charging, Finishing, Preparing, SuspendedEV};

fn began(session: &ChargingSession) -> (StartedBy, u16, DateTime<Utc>, Option<DateTime<Utc>>) {
    (session.started_by, session.connector_id.number(), session.started_at, session.ended_at())
}

fn end_reason(session: &ChargingSession) -> Option<&str> {
    match &session.state {
        SessionState::Ended { reason, .. } => reason.as_deref(),
        SessionState::Open => None,
    }
}

/// The events that the published gateway sends about a charge.
pub fn charge(from: i64, id: &str) -> Vec<(i64, EventKind)> {
    vec![
        (from, status(1, Preparing)),
        (from + 2, status(1, Charging)),
        (from + 10, read(1, id, 1_100.0)),
        (from + 20, read(1, id, 1_200.0)),
        (from + 25, stopped(id)),
        (from + 26, status(1, Finishing)),
        (from + 30, status(1, Available)),
    ]
}

pub fn device_after(events: impl IntoIterator<Item = (i64, EventKind)>) -> Device {
    let mut device = Device::new();
    for (seconds, kind) in events {
        device.report(seconds, "a", kind);
    }
    device
}

#[test]
fn readings_open_a_session_that_began_with_the_charge() {
    let device = device_after(
        [vec![(1, status(1, Available)), (1, status(2, Available))], charge(10, "700")].concat(),
    );
    let [session] = device.sessions().try_into().unwrap();
    assert_eq!(began(&session), (StartedBy::Readings, 1, at(12), Some(at(35))));
    assert_eq!((session.transaction_id.clone(), session.meter_start_wh), (transaction("700"), Some(1_100.0)));
    assert_eq!(session.energy_wh(None), Some(2_400.0), "up to the register of the stop");
}

#[test]
fn a_session_without_a_known_beginning_began_at_its_first_sighting() {
    let device = device_after([(7, metered(1, "700"))]);
    assert_eq!(began(&device.sessions()[0]), (StartedBy::Readings, 1, at(7), None));
    let device = device_after([(1, status(1, Charging)), (7, metered(1, "700"))]);
    assert_eq!(began(&device.sessions()[0]).2, at(7), "the start of the charge is unknown");
    let device = device_after([charge(10, "700"), vec![(50, metered(1, "701"))]].concat());
    assert_eq!(began(&device.sessions()[1]).2, at(50), "the earlier charge belongs to the earlier session");
}

#[test]
fn a_pause_is_not_a_beginning() {
    let mut device =
        device_after([(1, status(1, Preparing)), (3, status(1, Charging)), (4, status(1, SuspendedEV))]);
    device.report(5, "a", status(1, Charging));
    device.report(6, "a", metered(1, "700"));
    assert_eq!(began(&device.sessions()[0]).2, at(3));
}

#[test]
fn a_start_that_arrives_later_replaces_the_evidence() {
    for start in [(11, started(1, "700")), (11, started(1, ""))] {
        let mut device = device_after(charge(10, "700"));
        device.report(start.0, "b", start.1);
        let [session] = device.sessions().try_into().unwrap();
        assert_eq!(began(&session), (StartedBy::Event, 1, at(11), Some(at(35))));
        assert_eq!((session.transaction_id, session.meter_start_wh), (transaction("700"), Some(1_000.0)));
    }
}

#[test]
fn a_start_with_a_clock_that_is_ahead_belongs_to_the_same_charge() {
    let mut device =
        device_after([(1, status(1, Preparing)), (2, status(1, Charging)), (3, metered(1, "700"))]);
    device.report(4, "b", started(1, ""));
    assert_eq!(began(&device.sessions()[0]), (StartedBy::Event, 1, at(4), None));
    assert_eq!(device.sessions().len(), 1);
}

#[test]
fn an_id_seen_on_another_connector_after_its_end_belongs_to_another_charge() {
    let mut device = device_after([(10, started(1, "1")), (100, stopped("1")), (1_000, started(2, ""))]);
    device.report(1_010, "a", metered(2, "1"));
    let names: Vec<_> = device.sessions().into_iter().map(|session| session.transaction_id).collect();
    assert_eq!(names, [transaction("1"), transaction("1")]);
    device.report(2_000, "a", stopped_without_meter("1"));
    assert_eq!(device.sessions()[1].ended_at(), Some(at(2_000)));
}

#[test]
fn an_id_seen_again_after_its_end_names_the_unnamed_session() {
    let mut device = device_after([(10, started(1, "1")), (100, stopped("1")), (1_000, started(1, ""))]);
    device.report(1_010, "a", metered(1, "1"));
    assert_eq!(device.sessions()[1].transaction_id, transaction("1"));
}

#[test]
fn late_statuses_still_show_when_a_charge_began() {
    let mut device = device_after([(7, metered(1, "700")), (60, stopped("700")), (70, status(1, Available))]);
    assert_eq!(began(&device.sessions()[0]).2, at(7));
    device.report(4, "b", status(1, Preparing));
    device.report(5, "b", status(1, Charging));
    assert_eq!(began(&device.sessions()[0]).2, at(5));
}

#[test]
fn one_id_on_two_connectors_is_two_sessions() {
    let mut device = device_after([(10, metered(1, "700")), (11, metered(2, "700"))]);
    assert_eq!(device.sessions().iter().filter(|session| session.is_open()).count(), 2);
    let outcome = device.report(60, "a", stopped("700"));
    assert_eq!(outcome, Outcome::Unplaced(UnplacedReason::Stop(Unplaced::Ambiguous)), "both sessions match");
    assert!(device.sessions().iter().all(ChargingSession::is_open));
}

#[test]
fn the_next_session_ends_one_whose_stop_was_lost() {
    let mut device =
        device_after([(1, started(1, "5")), (80, status(1, Preparing)), (82, status(1, Charging))]);
    device.report(90, "a", metered(1, "6"));
    let sessions = device.sessions();
    assert_eq!(began(&sessions[0]), (StartedBy::Event, 1, at(1), Some(at(82))));
    assert_eq!(end_reason(&sessions[0]), Some(SUPERSEDED));
    assert!(sessions[1].is_open());
    device.report(40, "b", stopped("5"));
    let sessions = device.sessions();
    assert_eq!((sessions[0].ended_at(), end_reason(&sessions[0])), (Some(at(40)), Some("Remote")));
    assert!(sessions[1].is_open(), "only its own stop ends the session");
}

/// A device that reports `Charging` just after it starts transaction 5, as most devices do.
fn charging_with_an_id() -> Device {
    device_after([(1, status(1, Preparing)), (2, started(1, "5")), (3, status(1, Charging))])
}

#[test]
fn a_reading_with_another_id_shortens_no_session_with_a_current_charge() {
    let mut device = charging_with_an_id();
    device.report(60, "a", metered(1, "6"));
    let [known, other] = device.sessions().try_into().unwrap();
    assert_eq!(began(&known), (StartedBy::Event, 1, at(2), Some(at(60))));
    assert_eq!(began(&other), (StartedBy::Readings, 1, at(60), None));
}
