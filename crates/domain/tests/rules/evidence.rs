//! Sessions of gateways that report no start: they rest on readings, or on the stop alone.

use crate::device::{
    Device, at, metered, metered_at, read, started, started_without_meter, status, stopped,
    stopped_without_meter, transaction,
};
use chrono::{DateTime, Utc};
use domain::devices::charge_point::{Outcome, UnplacedReason};
use domain::event::EventKind;
use domain::ids::ConnectorId;
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
fn the_register_at_the_beginning_is_the_meter_start_and_not_a_reading() {
    let mut device = Device::new();
    device.report(10, "a", metered_at(1, "700", Some(163_630.0), Some(157_440.0), None));
    assert_eq!(device.sessions()[0].meter_start_wh, Some(157_440.0));
    let connector = &device.state.connectors[&ConnectorId::parse(1).unwrap()];
    assert_eq!(connector.energy_wh.map(|energy| energy.value), Some(163_630.0));
}

#[test]
fn registers_at_begin_and_end_name_the_transaction_but_are_not_live_values() {
    let mut device = Device::new();
    device.report(10, "a", read(1, "700", 163_630.0));
    device.report(20, "a", metered_at(1, "700", None, Some(157_440.0), Some(170_000.0)));
    device.report(30, "a", metered_at(2, "701", None, Some(5.0), None));
    let energy = |number| {
        let connector = &device.state.connectors[&ConnectorId::parse(number).unwrap()];
        connector.energy_wh.map(|energy| energy.value)
    };
    assert_eq!((energy(1), energy(2)), (Some(163_630.0), None));
    assert_eq!(device.state.liveness.last_seen_at, at(30), "they are signs of life");
    let sessions = device.sessions();
    let seen: Vec<_> =
        sessions.iter().map(|held| (held.transaction_id.clone(), held.meter_start_wh)).collect();
    assert_eq!(seen, [(transaction("700"), Some(163_630.0)), (transaction("701"), Some(5.0))]);
}

#[test]
fn a_smaller_single_value_does_not_lower_the_register_of_its_transaction() {
    let energy = |device: &Device| {
        let connector = &device.state.connectors[&ConnectorId::parse(1).unwrap()];
        connector.energy_wh.map(|energy| (energy.at, energy.value))
    };
    let mut device = device_after([(10, read(1, "700", 1_150.0)), (20, read(1, "700", 60.0))]);
    assert_eq!(energy(&device), Some((at(20), 1_150.0)));
    device.report(30, "a", read(1, "701", 60.0));
    assert_eq!(
        energy(&device),
        Some((at(30), 60.0)),
        "a first value cannot be recognized as another measurand"
    );
}

#[test]
fn registers_at_begin_and_end_replace_missing_ones_of_start_and_stop() {
    let events = [
        (10, started_without_meter(1, "634")),
        (12, metered_at(1, "634", Some(163_630.0), Some(157_440.0), None)),
        (90, metered_at(1, "634", None, None, Some(170_000.0))),
        (91, stopped_without_meter("634")),
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let device = device_after(order.map(|index: usize| events[index].clone()));
        assert_eq!(device.sessions()[0].energy_wh(None), Some(12_560.0), "{order:?}");
    }
    let mut device = device_after([(10, started(1, "634")), (90, stopped("634"))]);
    device.report(91, "a", metered_at(1, "634", None, Some(1.0), Some(2.0)));
    assert_eq!(device.sessions()[0].energy_wh(None), Some(2_500.0), "start and stop take precedence");
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
fn a_stop_alone_is_a_session_where_one_connector_charged() {
    let charged = |connector| {
        vec![
            (1, status(1, Available)),
            (1, status(2, Available)),
            (5, status(connector, Preparing)),
            (6, status(connector, Charging)),
        ]
    };
    let mut device = device_after(charged(2));
    assert_eq!(device.report(60, "a", stopped("700")), Outcome::Applied);
    let [session] = device.sessions().try_into().unwrap();
    assert_eq!(began(&session), (StartedBy::Stop, 2, at(6), Some(at(60))));
    assert_eq!(session.transaction_id, transaction("700"));
}

#[test]
fn a_stop_alone_is_a_session_on_the_only_connector() {
    let mut device = device_after([(1, status(1, Available)), (1, status(0, Available))]);
    assert_eq!(device.report(60, "a", stopped("700")), Outcome::Applied);
    assert_eq!(began(&device.sessions()[0]), (StartedBy::Stop, 1, at(60), Some(at(60))));
    let mut device = device_after([(1, started(1, "5")), (1, status(1, Charging))]);
    let outcome = device.report(60, "a", stopped("700"));
    assert_eq!(
        outcome,
        Outcome::Unplaced(UnplacedReason::Stop(Unplaced::NoOpenSession)),
        "the charge belongs to another session"
    );
}

#[test]
fn a_stop_alone_waits_until_its_connector_is_known() {
    let mut device = device_after([
        (1, status(1, Preparing)),
        (1, status(2, Preparing)),
        (2, status(1, Charging)),
        (3, status(2, Charging)),
    ]);
    let outcome = device.report(60, "a", stopped("700"));
    assert_eq!(outcome, Outcome::Unplaced(UnplacedReason::Stop(Unplaced::Ambiguous)));
    device.report(61, "a", metered(2, "701"));
    let sessions: Vec<_> = device.sessions().iter().map(began).collect();
    let other = (StartedBy::Readings, 2, at(3), None);
    assert_eq!(sessions, [other, (StartedBy::Stop, 1, at(2), Some(at(60)))]);
}

#[test]
fn the_charge_of_a_forgotten_session_belongs_to_no_other_session() {
    let mut device = device_after([
        (1, status(1, Available)),
        (2, status(2, Preparing)),
        (3, status(2, Charging)),
        (4, metered(2, "600")),
        (5, stopped("600")),
    ]);
    for number in 1..=9 {
        for (seconds, kind) in charge(100 * number, &(700 + number).to_string()) {
            device.report(seconds, "a", kind);
        }
        device.state.settle();
    }
    assert!(device.sessions().iter().all(|session| session.connector_id.number() == 1));
    device.report(1_000, "a", status(1, Preparing));
    device.report(1_001, "a", status(1, Charging));
    assert_eq!(device.report(1_060, "a", stopped("800")), Outcome::Applied, "connector 2 was idle");
    let newest = device.sessions().pop().unwrap();
    assert_eq!(began(&newest), (StartedBy::Stop, 1, at(1_001), Some(at(1_060))));
    device.report(1_100, "a", metered(2, "801"));
    let newest = device.sessions().pop().unwrap();
    assert_eq!(
        began(&newest),
        (StartedBy::Readings, 2, at(1_100), None),
        "not at the beginning of the old charge"
    );
}

#[test]
fn readings_after_the_stop_show_its_connector() {
    let mut device =
        device_after([(1, status(1, Available)), (1, status(2, Available)), (60, stopped("700"))]);
    device.report(61, "a", metered(2, "700"));
    let [session] = device.sessions().try_into().unwrap();
    assert_eq!(began(&session), (StartedBy::Stop, 2, at(60), Some(at(60))));
}

#[test]
fn readings_long_after_a_stop_belong_to_another_charge() {
    let mut device = device_after([(1, status(1, Available)), (1, status(2, Available)), (60, stopped("5"))]);
    device.report(90_000, "a", metered(1, "5"));
    let [session] = device.sessions().try_into().unwrap();
    assert_eq!(began(&session), (StartedBy::Readings, 1, at(90_000), None));
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
fn a_stop_without_a_register_ends_the_unnamed_session_on_any_connector() {
    let mut device = device_after([(10, started(1, "1")), (100, stopped("1")), (1_000, started(2, ""))]);
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
fn a_stop_with_a_reused_id_belongs_to_the_newer_charge() {
    let mut device = device_after(charge(10, "1"));
    device.report(400, "a", status(1, Preparing));
    device.report(410, "a", status(1, Charging));
    device.report(2_000, "a", stopped_without_meter("1"));
    let [_, session] = device.sessions().try_into().unwrap();
    assert_eq!(began(&session), (StartedBy::Stop, 1, at(410), Some(at(2_000))));
}

#[test]
fn a_start_without_an_id_just_after_a_stop_belongs_to_the_same_charge() {
    for reads in [true, false] {
        let mut device = device_after([(1, status(1, Available)), (8, stopped("5")), (10, started(1, ""))]);
        if reads {
            device.report(20, "a", metered(1, "5"));
        }
        let [session] = device.sessions().try_into().unwrap();
        assert_eq!(began(&session), (StartedBy::Event, 1, at(10), Some(at(10))));
        assert_eq!(session.transaction_id, transaction("5"));
    }
    let device = device_after([(8, stopped("5")), (9, started(1, ""))]);
    assert_eq!(began(&device.sessions()[0]), (StartedBy::Event, 1, at(9), Some(at(9))));
    let device = device_after([(8, stopped("5")), (90, started(1, ""))]);
    assert_eq!(
        began(&device.sessions()[0]),
        (StartedBy::Event, 1, at(90), None),
        "it began long after the stop"
    );
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

#[test]
fn a_reading_of_an_ended_transaction_affects_no_session() {
    for taken_at in [None, Some(DateTime::UNIX_EPOCH), Some(at(2_000))] {
        let mut device = device_after([
            (10, started(1, "700")),
            (100, stopped("700")),
            (1_000, started(1, "701")),
            (1_010, read(1, "701", 1_500.0)),
        ]);
        let EventKind::MeterValues(mut late) = read(1, "700", 9_000_000.0) else { panic!("no readings") };
        late.readings[0].taken_at = taken_at;
        device.report(2_000, "a", EventKind::MeterValues(late));
        let connector = &device.state.connectors[&ConnectorId::parse(1).unwrap()];
        let [ended, open] = device.sessions().try_into().unwrap();
        let shown = |session: &ChargingSession| session.energy_wh(connector.registers.of_session(session));
        assert_eq!((shown(&ended), shown(&open)), (Some(2_500.0), Some(500.0)), "{taken_at:?}");
        assert!(open.is_open());
    }
}

/// A device that reports `Charging` just after it starts transaction 5, as most devices do.
fn charging_with_an_id() -> Device {
    device_after([(1, status(1, Preparing)), (2, started(1, "5")), (3, status(1, Charging))])
}

#[test]
fn a_stop_with_an_unknown_id_ends_no_named_session() {
    let mut device = charging_with_an_id();
    for seconds in [60, 600] {
        let outcome = device.report(seconds, "a", stopped("700"));
        assert_eq!(outcome, Outcome::Unplaced(UnplacedReason::Stop(Unplaced::NoOpenSession)));
    }
    let [session] = device.sessions().try_into().unwrap();
    assert_eq!(began(&session), (StartedBy::Event, 1, at(2), None));
}

#[test]
fn a_stop_with_an_unknown_id_belongs_to_the_newer_charge() {
    let mut device = charging_with_an_id();
    device.report(100, "a", status(1, Preparing));
    device.report(102, "a", status(1, Charging));
    assert_eq!(device.report(160, "a", stopped("700")), Outcome::Applied);
    let [known, other] = device.sessions().try_into().unwrap();
    assert_eq!((known.ended_at(), end_reason(&known)), (Some(at(102)), Some(SUPERSEDED)));
    assert_eq!(began(&other), (StartedBy::Stop, 1, at(102), Some(at(160))));
}

#[test]
fn a_reading_with_another_id_shortens_no_session_with_a_current_charge() {
    let mut device = charging_with_an_id();
    device.report(60, "a", metered(1, "6"));
    let [known, other] = device.sessions().try_into().unwrap();
    assert_eq!(began(&known), (StartedBy::Event, 1, at(2), Some(at(60))));
    assert_eq!(began(&other), (StartedBy::Readings, 1, at(60), None));
}

#[test]
fn a_stop_just_before_its_start_waits_for_it_while_another_connector_charges() {
    let mut device = device_after([
        (1, status(1, Available)),
        (1, status(2, Preparing)),
        (2, started(2, "6")),
        (3, status(2, Charging)),
        (100, stopped("5")),
        (101, started(1, "5")),
    ]);
    device.report(102, "a", status(1, Charging));
    let sessions: Vec<_> = device.sessions().iter().map(began).collect();
    let ended = (StartedBy::Event, 1, at(101), Some(at(101)));
    assert_eq!(sessions, [(StartedBy::Event, 2, at(2), None), ended]);
}
