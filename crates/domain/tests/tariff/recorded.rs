//! The usage of recorded sessions with missing or wrong readings.

use crate::build::{instant, wh};
use chrono::{DateTime, Utc};
use domain::ids::{ChargePointId, ConnectorId, SessionId};
use domain::sessions::session::{ChargingSession, SessionState, StartedBy};
use domain::tariffs::{InvalidUsage, Usage};
use proptest::prelude::*;
use uuid::Uuid;

fn at(clock: &str) -> DateTime<Utc> {
    instant(&format!("2026-11-23T{clock}:00Z"))
}

fn session(start_wh: Option<f64>, ended: Option<Option<f64>>) -> ChargingSession {
    ChargingSession {
        id: SessionId(Uuid::nil()),
        charge_point_id: ChargePointId::parse("CP-1").unwrap(),
        connector_id: ConnectorId::parse(1).unwrap(),
        transaction_id: None,
        id_tag: None,
        reservation_id: None,
        command_id: None,
        started_at: at("10:00"),
        meter_start_wh: start_wh,
        started_by: StartedBy::Event,
        state: ended.map_or(SessionState::Open, |meter_stop_wh| SessionState::Ended {
            at: at("11:00"),
            reason: None,
            meter_stop_wh,
        }),
    }
}

fn samples(list: &[(&str, f64)]) -> Vec<(DateTime<Utc>, f64)> {
    list.iter().map(|(clock, wh)| (at(clock), *wh)).collect()
}

#[test]
fn readings_between_start_and_end_shape_the_curve() {
    let readings = samples(&[("09:50", 1.0), ("10:30", 1_900.0), ("11:10", 9_000.0)]);
    let usage = Usage::recorded(&session(Some(1_000.0), Some(Some(2_000.0))), readings).unwrap();
    assert_eq!((usage.energy_until(at("10:30")), usage.energy()), (wh("900"), wh("1000")));
    assert_eq!((usage.started_at(), usage.ended_at()), (at("10:00"), at("11:00")));
}

#[test]
fn a_wrong_last_sample_is_not_the_end() {
    for errors in [[("10:10", 1_500.0), ("10:20", 0.0)], [("10:10", 9e9), ("10:20", 1_500.0)]] {
        for ended in [None, Some(None)] {
            let usage = Usage::recorded(&session(Some(1_000.0), ended), samples(&errors)).unwrap();
            assert_eq!(usage.energy(), wh("500"), "{errors:?}");
        }
    }
}

#[test]
fn meter_errors_are_ignored() {
    let readings = samples(&[
        ("10:10", 1_500.0),
        ("10:20", 900.0),
        ("10:30", 1_800.0),
        ("10:40", 7_000.0),
        ("10:50", -1.0),
    ]);
    let usage = Usage::recorded(&session(Some(1_000.0), Some(Some(2_000.0))), readings).unwrap();
    assert_eq!(usage.reading_count(), 4);
    assert_eq!(
        (usage.energy_until(at("10:20")), usage.energy_until(at("10:40"))),
        (wh("650"), wh("866.667"))
    );
}

#[test]
fn samples_replace_missing_registers_of_start_or_end() {
    let readings = samples(&[("10:00", 1_000.0), ("10:30", 1_500.0), ("11:00", 1_700.0)]);
    let usage = Usage::recorded(&session(None, Some(None)), readings).unwrap();
    assert_eq!((usage.energy(), usage.ended_at()), (wh("700"), at("11:00")));
    let usage =
        Usage::recorded(&session(None, Some(None)), samples(&[("10:10", 5.0), ("10:20", 9.0)])).unwrap();
    assert_eq!((usage.energy(), usage.started_at(), usage.ended_at()), (wh("4"), at("10:00"), at("11:00")));
    let open =
        Usage::recorded(&session(Some(0.0), None), samples(&[("10:10", 5.0), ("10:20", 9.0)])).unwrap();
    assert_eq!((open.energy(), open.ended_at()), (wh("9"), at("10:20")));
}

#[test]
fn a_session_without_readings_has_no_price() {
    for (start, ended) in [(None, None), (Some(1.0), None), (None, Some(None)), (None, Some(Some(9.0)))] {
        assert_eq!(Usage::recorded(&session(start, ended), vec![]), Err(InvalidUsage::Count));
    }
    let backwards = Usage::recorded(&session(Some(9.0), Some(Some(1.0))), vec![]);
    assert_eq!(backwards, Err(InvalidUsage::Falling { at: at("11:00") }));
}

proptest! {
    #[test]
    fn samples_never_change_the_registers_of_start_and_end(
        readings in prop::collection::vec((0_i64..4_000, -100.0..5_000.0_f64), 0..40),
    ) {
        let mut readings: Vec<_> =
            readings.into_iter().map(|(s, wh)| (at("10:00") + chrono::TimeDelta::seconds(s - 200), wh)).collect();
        readings.sort_by_key(|(at, _)| *at);
        let usage = Usage::recorded(&session(Some(1_000.0), Some(Some(2_000.0))), readings).unwrap();
        prop_assert_eq!(usage.energy(), wh("1000"));
        prop_assert_eq!((usage.started_at(), usage.ended_at()), (at("10:00"), at("11:00")));
    }
}
