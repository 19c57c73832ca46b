//! Energy registers of transactions, and readings that belong to none.

use super::device_after;
use crate::device::{
    Device, at, metered_at, read, started, started_without_meter, stopped, stopped_without_meter, transaction,
};
use chrono::DateTime;
use domain::event::EventKind;
use domain::ids::ConnectorId;
use domain::sessions::session::ChargingSession;

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
