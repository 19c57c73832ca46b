//! Stops whose session no start reported, and stops with an unknown or reused id.

use super::{began, charge, charging_with_an_id, device_after, end_reason};
use crate::device::{at, metered, started, status, stopped, stopped_without_meter, transaction};
use domain::devices::charge_point::{Outcome, UnplacedReason};
use domain::sessions::ledger::Unplaced;
use domain::sessions::session::{SUPERSEDED, StartedBy};
use domain::status::ConnectorStatus::{Available, Charging, Preparing};

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
fn a_stop_without_a_register_ends_the_unnamed_session_on_any_connector() {
    let mut device = device_after([(10, started(1, "1")), (100, stopped("1")), (1_000, started(2, ""))]);
    device.report(2_000, "a", stopped_without_meter("1"));
    assert_eq!(device.sessions()[1].ended_at(), Some(at(2_000)));
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
