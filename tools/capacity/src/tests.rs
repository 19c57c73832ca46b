//! Properties of any simulated day, and a comparison of the model with a simulated device.

use crate::costs::{EVENTS, ROWS_PER_CORE_S};
use crate::estimate::Estimate;
use crate::faults::{Fault, default_faults};
use crate::fleet::{Fleet, MINUTES_PER_DAY, SECONDS_PER_DAY};
use crate::simulation::{Minute, simulate};
use chrono::{DateTime, TimeDelta, Utc};
use domain::event::EventKind;
use domain::ids::{ChargePointId, ConnectorId, IdTag};
use gateway_simulator::DeviceSpec;
use gateway_simulator::device::{Device, Input, Pace, TransactionIds};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn sum(day: &[Minute], of: impl Fn(&Minute) -> f64) -> f64 {
    day.iter().map(of).sum()
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let any = prop_oneof![
        (0..MINUTES_PER_DAY, 0.0..0.5).prop_map(|(at, share)| Fault::PodDeath { at, share }),
        (0..MINUTES_PER_DAY, 1..60_u32, 0.0..0.5).prop_map(|(at, minutes, share)| Fault::NetworkOutage {
            at,
            minutes,
            share
        }),
        (0..MINUTES_PER_DAY, 1..60_u32).prop_map(|(at, minutes)| Fault::WriteOutage { at, minutes }),
    ];
    proptest::collection::vec(any, 0..5)
}

fn fleets() -> impl Strategy<Value = Fleet> {
    let sizes = (1..1_000_000_u32, 1..4_u32, 10..900_u32, 5..120_u32);
    let uses = (1..20_u32, 5..180_u32, 1..4_u32, any::<u64>());
    (sizes, uses).prop_map(|((piles, connectors, heartbeat, meter), (sessions, session, cores, seed))| {
        Fleet {
            piles: piles.into(),
            connectors: connectors.into(),
            heartbeat_s: heartbeat.into(),
            meter_s: meter.into(),
            sessions_per_day: sessions.into(),
            session_min: session.into(),
            cores: cores.into(),
            seed,
            ..Fleet::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn conserves_rows_devices_and_sessions(fleet in fleets(), faults in faults()) {
        let day = simulate(&fleet, &faults);
        prop_assert_eq!(day.len(), 1_440);
        let mut backlog = 0.0;
        let mut before: Option<Minute> = None;
        for now in &day {
            prop_assert!(now.events.values().iter().all(|count| *count >= 0.0 && count.fract() == 0.0));
            prop_assert!((0.0..=fleet.piles * fleet.connectors).contains(&now.charging));
            prop_assert!((0.0..=fleet.piles).contains(&now.online));
            prop_assert!(now.page_image_bytes >= 0.0);
            let unwritten = backlog + now.rows - now.written_rows;
            let difference = (unwritten - now.backlog_rows).abs();
            prop_assert!(difference <= 1e-6 * (1.0 + now.backlog_rows), "rows are written once");
            prop_assert!(now.written_rows <= fleet.cores * ROWS_PER_CORE_S * 60.0 + 1e-6);
            if let Some(before) = before {
                let change = now.events.started - now.events.stopped;
                prop_assert!((before.charging + change - now.charging).abs() < 1e-6);
            }
            backlog = now.backlog_rows;
            before = Some(*now);
        }
    }

    #[test]
    fn disconnected_devices_reconnect(fleet in fleets(), share in 0.01..0.5, minutes in 0..30_u32) {
        let day = simulate(&fleet, &[Fault::NetworkOutage { at: 600, minutes, share }]);
        let connected = sum(&day, |minute| minute.events.connected);
        prop_assert_eq!(connected, sum(&day, |minute| minute.events.disconnected));
        prop_assert_eq!(day.last().unwrap().online, fleet.piles);
    }

    #[test]
    fn the_same_seed_gives_the_same_day(fleet in fleets(), faults in faults()) {
        prop_assert_eq!(simulate(&fleet, &faults), simulate(&fleet, &faults));
    }

    #[test]
    fn more_cores_never_leave_a_longer_backlog(fleet in fleets(), faults in faults()) {
        let few = simulate(&fleet, &faults);
        let more = Fleet { cores: fleet.cores + 1.0, ..fleet };
        for (few, many) in few.iter().zip(&simulate(&more, &faults)) {
            prop_assert!(many.backlog_rows <= few.backlog_rows + 1e-6);
        }
    }

    #[test]
    fn a_day_without_faults_matches_the_estimate(seed in any::<u64>()) {
        let fleet = Fleet { seed, ..Fleet::default() };
        let (day, estimate) = (simulate(&fleet, &[]), Estimate::of(&fleet));
        let mean = sum(&day, |minute| minute.events.total()) / SECONDS_PER_DAY;
        prop_assert!((mean / estimate.mean.total() - 1.0).abs() < 0.01, "{} {}", mean, estimate.mean.total());
        let rows = sum(&day, |minute| minute.rows);
        let estimated_rows = estimate.mean.total_cost(&EVENTS, |cost| cost.rows) * SECONDS_PER_DAY;
        prop_assert!((rows / estimated_rows - 1.0).abs() < 0.01);
        let peak = day.iter().map(|minute| minute.events.total() / 60.0).fold(0.0, f64::max);
        prop_assert!(peak < estimate.peak.total() * 1.01 && peak > estimate.peak.total() * 0.9);
    }
}

#[test]
fn a_backlog_drains_in_the_estimated_time() {
    let fleet = Fleet::default();
    let outage = Fault::WriteOutage { at: 1_170, minutes: 10 };
    let day = simulate(&fleet, &[outage]);
    let behind = day.iter().filter(|minute| !minute.is_caught_up()).count();
    let drained = f64::from(u32::try_from(behind).unwrap()) - 10.0;
    let estimated = Estimate::of(&fleet).drain_min(&fleet, 10.0).unwrap();
    assert!((drained - estimated).abs() <= 2.0 + 0.1 * estimated, "{drained} {estimated}");
    assert!(day.last().unwrap().is_caught_up());
    let longest = day.iter().map(|minute| minute.lag_s).fold(0.0, f64::max);
    assert!(longest > 60.0, "the rows of ten minutes cause a lag: {longest}");
}

#[test]
fn too_few_cores_never_catch_up() {
    let fleet = Fleet { heartbeat_s: 10.0, cores: 1.0, ..Fleet::default() };
    assert_eq!(Estimate::of(&fleet).drain_min(&fleet, 10.0), None);
    let day = simulate(&fleet, &default_faults());
    assert!(day.last().unwrap().lag_s > 3_600.0);
}

fn counts(events: &[EventKind]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry(event.name()).or_default() += 1;
    }
    counts
}

/// The model is compared with the simulated device that all tests of the platform use: a connection
/// and a session.
#[test]
fn a_simulated_device_sends_the_events_of_the_model() {
    let mut now: DateTime<Utc> = DateTime::UNIX_EPOCH;
    let pace = Pace {
        heartbeat: Some(TimeDelta::seconds(300)),
        phase: 1.0,
        meter: Some(TimeDelta::seconds(30)),
        finishing: Some(TimeDelta::seconds(60)),
        reboot: TimeDelta::seconds(3),
    };
    let spec = DeviceSpec::new(ChargePointId::parse("SN-1").unwrap());
    let (mut device, ids) = (Device::new(spec, pace), TransactionIds::from(1));
    let connected = device.apply(Input::Connect, now, &ids).events;
    assert_eq!(counts(&connected), BTreeMap::from([("connected", 1), ("status_changed", 2)]));
    let connector = ConnectorId::parse(1).unwrap();
    let mut sent = device.apply(Input::Start(connector, IdTag::parse("TAG").unwrap()), now, &ids).events;
    // Twenty minutes of charging, too short for the battery to be full, and five more minutes.
    while let Some(due) = device.due().filter(|due| *due <= DateTime::UNIX_EPOCH + TimeDelta::minutes(20)) {
        now = due;
        sent.extend(device.apply(Input::Tick, now, &ids).events);
    }
    sent.extend(device.apply(Input::Stop(connector), now, &ids).events);
    while let Some(due) = device.due().filter(|due| *due <= DateTime::UNIX_EPOCH + TimeDelta::minutes(25)) {
        now = due;
        sent.extend(device.apply(Input::Tick, now, &ids).events);
    }
    let expected = [
        ("heartbeat", 5),
        ("meter_values", 40),
        ("status_changed", 4),
        ("transaction_started", 1),
        ("transaction_stopped", 1),
    ];
    assert_eq!(counts(&sent), BTreeMap::from(expected));
}
