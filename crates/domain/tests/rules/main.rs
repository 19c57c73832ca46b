//! The semantic rules of the gateway contract, one by one.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod causes;
mod clocks;
mod device;
mod ended;
mod evidence;
mod lost;
mod recorded;

use chrono::{DateTime, TimeDelta};
use device::{Device, at, metered, started, status, stopped, transaction};
use domain::devices::charge_point::{Ignored, Outcome, UnplacedReason};
use domain::event::{BootReport, CommandAnswer, EventKind};
use domain::sessions::ledger::{Ledger, Unplaced};
use domain::sessions::session::{ChargingSession, SessionState};
use domain::status::ConnectorStatus;

const GONE: EventKind = EventKind::Disconnected { reason: None };

#[test]
fn the_newer_event_wins_in_any_order_of_arrival() {
    let mut device = Device::new();
    device.report(10, "a", status(1, ConnectorStatus::Charging));
    let late = device.report(5, "b", status(1, ConnectorStatus::Available));
    assert_eq!(late, Outcome::Ignored(Ignored::Stale));
    assert_eq!(device.status(1), ConnectorStatus::Charging);
}

#[test]
fn an_implausible_clock_falls_back_to_the_record() {
    let mut device = Device::new();
    device.report(10, "a", status(1, ConnectorStatus::Available));
    let y1970 = DateTime::from_timestamp(0, 0);
    device.report_claiming(y1970, at(20), "a", status(1, ConnectorStatus::Charging));
    assert_eq!(device.status(1), ConnectorStatus::Charging);
    device.report_claiming(Some(at(86_400 * 365)), at(30), "a", status(1, ConnectorStatus::Finishing));
    device.report(40, "a", status(1, ConnectorStatus::Available));
    assert_eq!(device.status(1), ConnectorStatus::Available, "next year's event must not hide today's");
}

#[test]
fn a_copy_of_an_event_without_a_clock_is_not_newer() {
    let mut device = Device::new();
    device.report_claiming(None, at(1), "a", status(1, ConnectorStatus::Charging));
    device.report(2, "a", status(1, ConnectorStatus::Available));
    device.offset = 0;
    let copy = device.report_claiming(None, at(3), "a", status(1, ConnectorStatus::Charging));
    assert_eq!(copy, Outcome::Ignored(Ignored::Duplicate));
    assert_eq!(device.status(1), ConnectorStatus::Available);
}

#[test]
fn a_late_disconnection_does_not_affect_a_device_that_has_moved() {
    let mut device = Device::new();
    device.report(1, "old-pod", EventKind::Heartbeat);
    device.report(5, "new-pod", EventKind::Connected(BootReport::default()));
    assert_eq!(device.report(6, "old-pod", GONE), Outcome::Ignored(Ignored::Stale));
    assert!(device.state.liveness.online());
    assert_eq!(device.report(7, "new-pod", GONE), Outcome::Applied);
    assert!(!device.state.liveness.online());
    device.report(8, "new-pod", status(1, ConnectorStatus::Available));
    assert!(device.state.liveness.online(), "any newer event takes it online again");
}

#[test]
fn a_report_that_the_device_is_unreachable_is_not_a_sign_of_life() {
    let mut device = Device::new();
    device.report(1, "a", EventKind::Heartbeat);
    device.report(2, "a", GONE);
    let answer = CommandAnswer {
        command_id: None,
        command_name: None,
        status: "Rejected".to_owned(),
        reason: Some("DEVICE_OFFLINE".to_owned()),
    };
    device.report(3, "a", EventKind::CommandAnswered(answer));
    assert!(!device.state.liveness.online());
}

#[test]
fn only_boots_and_heartbeats_count_as_heartbeats() {
    let mut device = Device::new();
    device.report(1, "a", EventKind::Heartbeat);
    device.report(9, "a", status(1, ConnectorStatus::Available));
    assert_eq!(device.state.liveness.last_heartbeat_at, Some(at(1)));
    assert_eq!(device.state.liveness.last_seen_at, at(9));
}

#[test]
fn the_first_meter_value_names_the_session() {
    let mut device = Device::new();
    device.report(1, "a", started(1, ""));
    assert_eq!(device.sessions()[0].transaction_id, None);
    device.report(2, "a", metered(1, "634"));
    assert_eq!(device.sessions()[0].transaction_id, transaction("634"));
    assert_eq!(device.report(3, "a", stopped("634")), Outcome::Applied);
    let session = &device.sessions()[0];
    assert_eq!(session.energy_wh(None), Some(2_500.0));
    assert_eq!(session.ended_at(), Some(at(3)));
}

#[test]
fn a_stop_names_and_ends_the_only_open_session() {
    let mut device = Device::new();
    device.report(1, "a", started(2, ""));
    assert_eq!(device.report(3, "a", stopped("77")), Outcome::Applied);
    let session = &device.sessions()[0];
    assert_eq!((session.transaction_id.clone(), session.is_open()), (transaction("77"), false));
}

#[test]
fn an_ambiguous_stop_ends_no_session() {
    let mut device = Device::new();
    device.report(1, "a", started(1, ""));
    device.report(2, "a", started(2, ""));
    let outcome = device.report(3, "a", stopped("77"));
    assert_eq!(outcome, Outcome::Unplaced(UnplacedReason::Stop(Unplaced::Ambiguous)));
    assert!(device.sessions().iter().all(ChargingSession::is_open));
    device.report(4, "a", metered(1, "78"));
    let open: Vec<_> = device.sessions().iter().map(|s| (s.connector_id.number(), s.is_open())).collect();
    assert_eq!(open, [(1, true), (2, false)], "once the other session has an id, only one candidate is left");
}

#[test]
fn a_stop_without_a_session_is_kept() {
    let mut device = Device::new();
    let outcome = device.report(3, "a", stopped("77"));
    assert_eq!(outcome, Outcome::Unplaced(UnplacedReason::Stop(Unplaced::NoOpenSession)));
    device.report(1, "b", started(1, ""));
    assert!(!device.sessions()[0].is_open(), "a late start finds its stop");
}

#[test]
fn a_stop_before_the_start_ends_nothing() {
    let mut device = Device::new();
    device.report(1, "a", started(1, "5"));
    device.report(2, "a", stopped("5"));
    device.report(10, "a", started(1, ""));
    device.report(3, "a", stopped("4"));
    assert!(device.sessions()[1].is_open());
}

#[test]
fn the_ledger_forgets_old_sessions_and_reports_late_facts() {
    let mut device = Device::new();
    for n in 1..=30 {
        device.report(n * 10, "a", started(1, &n.to_string()));
        device.report(n * 10 + 5, "a", stopped(&n.to_string()));
    }
    assert_eq!(device.sessions().len(), 30, "nothing is forgotten before it is written");
    device.state.settle();
    assert_eq!(device.sessions().len(), Ledger::REMEMBERED_SESSIONS);
    assert!(device.sessions().iter().all(|s| matches!(s.state, SessionState::Ended { .. })));
    device.offset = 0;
    assert_eq!(device.report(10, "a", started(1, "1")), Outcome::Unplaced(UnplacedReason::TooLate));
    let long_gone = device.state.liveness.last_seen_at - TimeDelta::days(1);
    device.report_claiming(Some(long_gone), at(400), "a", started(1, ""));
    device.state.settle();
    assert_eq!(device.sessions().len(), Ledger::REMEMBERED_SESSIONS);
}

#[test]
fn the_ledger_of_an_implausible_device_stays_bounded() {
    let mut device = Device::new();
    for n in 1..=1_000 {
        device.report(n, "a", started(1, ""));
    }
    assert!(device.sessions().len() <= 4 * Ledger::MAX_FACTS);
    device.state.settle();
    assert!(device.sessions().len() <= Ledger::MAX_FACTS);
}
