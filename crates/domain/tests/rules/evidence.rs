//! Sessions of gateways that tell no start: they rest on readings, or on the stop alone.

use crate::device::{
    Device, at, metered, metered_at, read, started, started_without_meter, status, stopped,
    stopped_without_meter, transaction,
};
use chrono::{DateTime, Utc};
use domain::devices::charge_point::{Misfit, Outcome};
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

/// What the published gateway sends of a charge.
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

pub fn told(events: impl IntoIterator<Item = (i64, EventKind)>) -> Device {
    let mut device = Device::new();
    for (seconds, kind) in events {
        device.tell(seconds, "a", kind);
    }
    device
}

#[test]
fn readings_open_a_session_that_began_with_the_charge() {
    let device =
        told([vec![(1, status(1, Available)), (1, status(2, Available))], charge(10, "700")].concat());
    let [session] = device.sessions().try_into().unwrap();
    assert_eq!(began(&session), (StartedBy::Readings, 1, at(12), Some(at(35))));
    assert_eq!((session.transaction_id.clone(), session.meter_start_wh), (transaction("700"), Some(1_100.0)));
    assert_eq!(session.energy_wh(None), Some(2_400.0), "up to the register that the stop tells");
}

#[test]
fn the_register_at_the_begin_is_the_meter_start_and_no_reading() {
    let mut device = Device::new();
    device.tell(10, "a", metered_at(1, "700", Some(163_630.0), Some(157_440.0), None));
    assert_eq!(device.sessions()[0].meter_start_wh, Some(157_440.0));
    let connector = &device.state.connectors[&ConnectorId::parse(1).unwrap()];
    assert_eq!(connector.energy_wh.map(|energy| energy.value), Some(163_630.0));
}

#[test]
fn registers_at_begin_and_end_alone_name_the_transaction_and_are_no_live_value() {
    let mut device = Device::new();
    device.tell(10, "a", read(1, "700", 163_630.0));
    device.tell(20, "a", metered_at(1, "700", None, Some(157_440.0), Some(170_000.0)));
    device.tell(30, "a", metered_at(2, "701", None, Some(5.0), None));
    let energy = |number| {
        let connector = &device.state.connectors[&ConnectorId::parse(number).unwrap()];
        connector.energy_wh.map(|energy| energy.value)
    };
    assert_eq!((energy(1), energy(2)), (Some(163_630.0), None));
    assert_eq!(device.state.liveness.last_seen_at, at(30), "they are proof of life");
    let sessions = device.sessions();
    let seen: Vec<_> =
        sessions.iter().map(|held| (held.transaction_id.clone(), held.meter_start_wh)).collect();
    assert_eq!(seen, [(transaction("700"), Some(163_630.0)), (transaction("701"), Some(5.0))]);
}

#[test]
fn a_lone_value_that_is_less_does_not_lower_the_register_of_its_transaction() {
    let energy = |device: &Device| {
        let connector = &device.state.connectors[&ConnectorId::parse(1).unwrap()];
        connector.energy_wh.map(|energy| (energy.at, energy.value))
    };
    let mut device = told([(10, read(1, "700", 1_150.0)), (20, read(1, "700", 60.0))]);
    assert_eq!(energy(&device), Some((at(20), 1_150.0)));
    device.tell(30, "a", read(1, "701", 60.0));
    assert_eq!(energy(&device), Some((at(30), 60.0)), "of a first value nothing says that it is none");
}

#[test]
fn registers_at_begin_and_end_take_the_place_of_those_that_start_and_stop_left_out() {
    let events = [
        (10, started_without_meter(1, "634")),
        (12, metered_at(1, "634", Some(163_630.0), Some(157_440.0), None)),
        (90, metered_at(1, "634", None, None, Some(170_000.0))),
        (91, stopped_without_meter("634")),
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let device = told(order.map(|index: usize| events[index].clone()));
        assert_eq!(device.sessions()[0].energy_wh(None), Some(12_560.0), "{order:?}");
    }
    let mut device = told([(10, started(1, "634")), (90, stopped("634"))]);
    device.tell(91, "a", metered_at(1, "634", None, Some(1.0), Some(2.0)));
    assert_eq!(device.sessions()[0].energy_wh(None), Some(2_500.0), "start and stop know best");
}

#[test]
fn a_session_without_a_seen_beginning_began_at_the_first_sight() {
    let device = told([(7, metered(1, "700"))]);
    assert_eq!(began(&device.sessions()[0]), (StartedBy::Readings, 1, at(7), None));
    let device = told([(1, status(1, Charging)), (7, metered(1, "700"))]);
    assert_eq!(began(&device.sessions()[0]).2, at(7), "how long it charged already is not known");
    let device = told([charge(10, "700"), vec![(50, metered(1, "701"))]].concat());
    assert_eq!(began(&device.sessions()[1]).2, at(50), "the charge before belongs to the session before");
}

#[test]
fn a_pause_is_no_beginning() {
    let mut device = told([(1, status(1, Preparing)), (3, status(1, Charging)), (4, status(1, SuspendedEV))]);
    device.tell(5, "a", status(1, Charging));
    device.tell(6, "a", metered(1, "700"));
    assert_eq!(began(&device.sessions()[0]).2, at(3));
}

#[test]
fn a_start_that_arrives_later_replaces_the_evidence() {
    for start in [(11, started(1, "700")), (11, started(1, ""))] {
        let mut device = told(charge(10, "700"));
        device.tell(start.0, "b", start.1);
        let [session] = device.sessions().try_into().unwrap();
        assert_eq!(began(&session), (StartedBy::Event, 1, at(11), Some(at(35))));
        assert_eq!((session.transaction_id, session.meter_start_wh), (transaction("700"), Some(1_000.0)));
    }
}

#[test]
fn a_start_told_by_a_clock_that_is_ahead_is_still_of_the_same_charge() {
    let mut device = told([(1, status(1, Preparing)), (2, status(1, Charging)), (3, metered(1, "700"))]);
    device.tell(4, "b", started(1, ""));
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
    let mut device = told(charged(2));
    assert_eq!(device.tell(60, "a", stopped("700")), Outcome::Applied);
    let [session] = device.sessions().try_into().unwrap();
    assert_eq!(began(&session), (StartedBy::Stop, 2, at(6), Some(at(60))));
    assert_eq!(session.transaction_id, transaction("700"));
}

#[test]
fn a_stop_alone_is_a_session_on_the_only_connector() {
    let mut device = told([(1, status(1, Available)), (1, status(0, Available))]);
    assert_eq!(device.tell(60, "a", stopped("700")), Outcome::Applied);
    assert_eq!(began(&device.sessions()[0]), (StartedBy::Stop, 1, at(60), Some(at(60))));
    let mut device = told([(1, started(1, "5")), (1, status(1, Charging))]);
    let outcome = device.tell(60, "a", stopped("700"));
    assert_eq!(outcome, Outcome::Unplaced(Misfit::Stop(Unplaced::NoOpenSession)), "it is another's");
}

#[test]
fn a_stop_alone_waits_until_its_connector_can_be_told() {
    let mut device = told([
        (1, status(1, Preparing)),
        (1, status(2, Preparing)),
        (2, status(1, Charging)),
        (3, status(2, Charging)),
    ]);
    let outcome = device.tell(60, "a", stopped("700"));
    assert_eq!(outcome, Outcome::Unplaced(Misfit::Stop(Unplaced::Ambiguous)));
    device.tell(61, "a", metered(2, "701"));
    let sessions: Vec<_> = device.sessions().iter().map(began).collect();
    let other = (StartedBy::Readings, 2, at(3), None);
    assert_eq!(sessions, [other, (StartedBy::Stop, 1, at(2), Some(at(60)))]);
}

#[test]
fn a_charge_of_a_session_that_was_forgotten_is_of_no_other_session() {
    let mut device = told([
        (1, status(1, Available)),
        (2, status(2, Preparing)),
        (3, status(2, Charging)),
        (4, metered(2, "600")),
        (5, stopped("600")),
    ]);
    for number in 1..=9 {
        for (seconds, kind) in charge(100 * number, &(700 + number).to_string()) {
            device.tell(seconds, "a", kind);
        }
        device.state.settle();
    }
    assert!(device.sessions().iter().all(|session| session.connector_id.number() == 1));
    device.tell(1_000, "a", status(1, Preparing));
    device.tell(1_001, "a", status(1, Charging));
    assert_eq!(device.tell(1_060, "a", stopped("800")), Outcome::Applied, "connector 2 was idle");
    let newest = device.sessions().pop().unwrap();
    assert_eq!(began(&newest), (StartedBy::Stop, 1, at(1_001), Some(at(1_060))));
    device.tell(1_100, "a", metered(2, "801"));
    let newest = device.sessions().pop().unwrap();
    assert_eq!(began(&newest), (StartedBy::Readings, 2, at(1_100), None), "not with the charge of long ago");
}

#[test]
fn readings_that_come_after_the_stop_tell_its_connector() {
    let mut device = told([(1, status(1, Available)), (1, status(2, Available)), (60, stopped("700"))]);
    device.tell(61, "a", metered(2, "700"));
    let [session] = device.sessions().try_into().unwrap();
    assert_eq!(began(&session), (StartedBy::Stop, 2, at(60), Some(at(60))));
}

#[test]
fn readings_long_after_a_stop_are_of_another_charge() {
    let mut device = told([(1, status(1, Available)), (1, status(2, Available)), (60, stopped("5"))]);
    device.tell(90_000, "a", metered(1, "5"));
    let [session] = device.sessions().try_into().unwrap();
    assert_eq!(began(&session), (StartedBy::Readings, 1, at(90_000), None));
}

#[test]
fn an_id_that_is_seen_on_another_connector_after_its_end_is_of_another_charge() {
    let mut device = told([(10, started(1, "1")), (100, stopped("1")), (1_000, started(2, ""))]);
    device.tell(1_010, "a", metered(2, "1"));
    let names: Vec<_> = device.sessions().into_iter().map(|session| session.transaction_id).collect();
    assert_eq!(names, [transaction("1"), transaction("1")]);
    device.tell(2_000, "a", stopped_without_meter("1"));
    assert_eq!(device.sessions()[1].ended_at(), Some(at(2_000)));
}

#[test]
fn a_stop_without_a_register_ends_the_session_without_an_id_wherever_it_is() {
    let mut device = told([(10, started(1, "1")), (100, stopped("1")), (1_000, started(2, ""))]);
    device.tell(2_000, "a", stopped_without_meter("1"));
    assert_eq!(device.sessions()[1].ended_at(), Some(at(2_000)));
}

#[test]
fn an_id_that_is_seen_again_after_its_end_names_the_session_that_has_none() {
    let mut device = told([(10, started(1, "1")), (100, stopped("1")), (1_000, started(1, ""))]);
    device.tell(1_010, "a", metered(1, "1"));
    assert_eq!(device.sessions()[1].transaction_id, transaction("1"));
}

#[test]
fn a_stop_with_an_id_that_was_used_before_is_of_the_charge_that_began_since() {
    let mut device = told(charge(10, "1"));
    device.tell(400, "a", status(1, Preparing));
    device.tell(410, "a", status(1, Charging));
    device.tell(2_000, "a", stopped_without_meter("1"));
    let [_, session] = device.sessions().try_into().unwrap();
    assert_eq!(began(&session), (StartedBy::Stop, 1, at(410), Some(at(2_000))));
}

#[test]
fn a_start_without_an_id_just_after_a_stop_is_of_the_same_charge() {
    for reads in [true, false] {
        let mut device = told([(1, status(1, Available)), (8, stopped("5")), (10, started(1, ""))]);
        if reads {
            device.tell(20, "a", metered(1, "5"));
        }
        let [session] = device.sessions().try_into().unwrap();
        assert_eq!(began(&session), (StartedBy::Event, 1, at(10), Some(at(10))));
        assert_eq!(session.transaction_id, transaction("5"));
    }
    let device = told([(8, stopped("5")), (9, started(1, ""))]);
    assert_eq!(began(&device.sessions()[0]), (StartedBy::Event, 1, at(9), Some(at(9))));
    let device = told([(8, stopped("5")), (90, started(1, ""))]);
    assert_eq!(began(&device.sessions()[0]), (StartedBy::Event, 1, at(90), None), "long after it");
}

#[test]
fn statuses_that_arrive_late_still_tell_when_a_charge_began() {
    let mut device = told([(7, metered(1, "700")), (60, stopped("700")), (70, status(1, Available))]);
    assert_eq!(began(&device.sessions()[0]).2, at(7));
    device.tell(4, "b", status(1, Preparing));
    device.tell(5, "b", status(1, Charging));
    assert_eq!(began(&device.sessions()[0]).2, at(5));
}

#[test]
fn one_id_on_two_connectors_is_two_sessions() {
    let mut device = told([(10, metered(1, "700")), (11, metered(2, "700"))]);
    assert_eq!(device.sessions().iter().filter(|session| session.is_open()).count(), 2);
    let outcome = device.tell(60, "a", stopped("700"));
    assert_eq!(outcome, Outcome::Unplaced(Misfit::Stop(Unplaced::Ambiguous)), "either may be meant");
    assert!(device.sessions().iter().all(ChargingSession::is_open));
}

#[test]
fn the_next_session_ends_one_whose_stop_was_lost() {
    let mut device = told([(1, started(1, "5")), (80, status(1, Preparing)), (82, status(1, Charging))]);
    device.tell(90, "a", metered(1, "6"));
    let sessions = device.sessions();
    assert_eq!(began(&sessions[0]), (StartedBy::Event, 1, at(1), Some(at(82))));
    assert_eq!(end_reason(&sessions[0]), Some(SUPERSEDED));
    assert!(sessions[1].is_open());
    device.tell(40, "b", stopped("5"));
    let sessions = device.sessions();
    assert_eq!((sessions[0].ended_at(), end_reason(&sessions[0])), (Some(at(40)), Some("Remote")));
    assert!(sessions[1].is_open(), "its own stop ends it, whenever it arrives");
}

#[test]
fn a_reading_of_an_ended_transaction_shows_in_no_session_whatever_time_it_claims() {
    for taken_at in [None, Some(DateTime::UNIX_EPOCH), Some(at(2_000))] {
        let mut device = told([
            (10, started(1, "700")),
            (100, stopped("700")),
            (1_000, started(1, "701")),
            (1_010, read(1, "701", 1_500.0)),
        ]);
        let EventKind::MeterValues(mut late) = read(1, "700", 9_000_000.0) else { panic!("no readings") };
        late.readings[0].taken_at = taken_at;
        device.tell(2_000, "a", EventKind::MeterValues(late));
        let connector = &device.state.connectors[&ConnectorId::parse(1).unwrap()];
        let [ended, open] = device.sessions().try_into().unwrap();
        let shown = |session: &ChargingSession| session.energy_wh(connector.registers.of_session(session));
        assert_eq!((shown(&ended), shown(&open)), (Some(2_500.0), Some(500.0)), "{taken_at:?}");
        assert!(open.is_open());
    }
}

/// A device that reports `Charging` just after it starts transaction 5, as most do.
fn charging_with_a_name() -> Device {
    told([(1, status(1, Preparing)), (2, started(1, "5")), (3, status(1, Charging))])
}

#[test]
fn a_stop_with_an_unknown_id_ends_no_session_that_has_a_name() {
    let mut device = charging_with_a_name();
    for seconds in [60, 600] {
        let outcome = device.tell(seconds, "a", stopped("700"));
        assert_eq!(outcome, Outcome::Unplaced(Misfit::Stop(Unplaced::NoOpenSession)));
    }
    let [session] = device.sessions().try_into().unwrap();
    assert_eq!(began(&session), (StartedBy::Event, 1, at(2), None));
}

#[test]
fn a_stop_with_an_unknown_id_is_of_the_charge_that_began_since() {
    let mut device = charging_with_a_name();
    device.tell(100, "a", status(1, Preparing));
    device.tell(102, "a", status(1, Charging));
    assert_eq!(device.tell(160, "a", stopped("700")), Outcome::Applied);
    let [known, other] = device.sessions().try_into().unwrap();
    assert_eq!((known.ended_at(), end_reason(&known)), (Some(at(102)), Some(SUPERSEDED)));
    assert_eq!(began(&other), (StartedBy::Stop, 1, at(102), Some(at(160))));
}

#[test]
fn a_reading_with_another_id_shortens_no_session_whose_charge_goes_on() {
    let mut device = charging_with_a_name();
    device.tell(60, "a", metered(1, "6"));
    let [known, other] = device.sessions().try_into().unwrap();
    assert_eq!(began(&known), (StartedBy::Event, 1, at(2), Some(at(60))));
    assert_eq!(began(&other), (StartedBy::Readings, 1, at(60), None));
}

#[test]
fn a_stop_just_before_its_start_waits_for_it_while_another_connector_charges() {
    let mut device = told([
        (1, status(1, Available)),
        (1, status(2, Preparing)),
        (2, started(2, "6")),
        (3, status(2, Charging)),
        (100, stopped("5")),
        (101, started(1, "5")),
    ]);
    device.tell(102, "a", status(1, Charging));
    let sessions: Vec<_> = device.sessions().iter().map(began).collect();
    let ended = (StartedBy::Event, 1, at(101), Some(at(101)));
    assert_eq!(sessions, [(StartedBy::Event, 2, at(2), None), ended]);
}
