//! What must hold of any day, and that the model does what devices do.

use crate::costs::{EVENTS, ROWS_PER_CORE};
use crate::fleet::{DAY, Fleet, Trouble, seconds, usual_troubles};
use crate::minutes::{Minute, play};
use crate::paper::Paper;
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

fn troubles() -> impl Strategy<Value = Vec<Trouble>> {
    let any = prop_oneof![
        (0..DAY, 0.0..0.5).prop_map(|(at, share)| Trouble::PodDies { at, share }),
        (0..DAY, 1..60_u32, 0.0..0.5).prop_map(|(at, minutes, share)| Trouble::Cut { at, minutes, share }),
        (0..DAY, 1..60_u32).prop_map(|(at, minutes)| Trouble::Standstill { at, minutes }),
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
    fn nothing_comes_from_nowhere_and_nothing_is_lost(fleet in fleets(), troubles in troubles()) {
        let day = play(&fleet, &troubles);
        prop_assert_eq!(day.len(), 1_440);
        let mut backlog = 0.0;
        let mut before: Option<Minute> = None;
        for now in &day {
            prop_assert!(now.events.each().iter().all(|number| *number >= 0.0 && number.fract() == 0.0));
            prop_assert!((0.0..=fleet.piles * fleet.connectors).contains(&now.charging));
            prop_assert!((0.0..=fleet.piles).contains(&now.online));
            prop_assert!(now.images >= 0.0);
            let waits = backlog + now.rows - now.written;
            prop_assert!((waits - now.backlog).abs() <= 1e-6 * (1.0 + now.backlog), "rows are written once");
            prop_assert!(now.written <= fleet.cores * ROWS_PER_CORE * 60.0 + 1e-6);
            if let Some(was) = before {
                let told = now.events.start - now.events.stop;
                prop_assert!((was.charging + told - now.charging).abs() < 1e-6);
            }
            backlog = now.backlog;
            before = Some(*now);
        }
    }

    #[test]
    fn who_goes_comes_back(fleet in fleets(), share in 0.01..0.5, minutes in 0..30_u32) {
        let day = play(&fleet, &[Trouble::Cut { at: 600, minutes, share }]);
        let back = sum(&day, |minute| minute.events.hello);
        prop_assert_eq!(back, sum(&day, |minute| minute.events.goodbye));
        prop_assert_eq!(day.last().unwrap().online, fleet.piles);
    }

    #[test]
    fn the_same_seed_is_the_same_day(fleet in fleets(), troubles in troubles()) {
        prop_assert_eq!(play(&fleet, &troubles), play(&fleet, &troubles));
    }

    #[test]
    fn more_cores_never_leave_more_waiting(fleet in fleets(), troubles in troubles()) {
        let few = play(&fleet, &troubles);
        let more = Fleet { cores: fleet.cores + 1.0, ..fleet };
        for (few, many) in few.iter().zip(&play(&more, &troubles)) {
            prop_assert!(many.backlog <= few.backlog + 1e-6);
        }
    }

    #[test]
    fn a_quiet_day_is_what_arithmetic_says(seed in any::<u64>()) {
        let fleet = Fleet { seed, ..Fleet::default() };
        let (day, paper) = (play(&fleet, &[]), Paper::of(&fleet));
        let mean = sum(&day, |minute| minute.events.total()) / seconds();
        prop_assert!((mean / paper.mean.total() - 1.0).abs() < 0.01, "{} {}", mean, paper.mean.total());
        let rows = sum(&day, |minute| minute.rows);
        prop_assert!((rows / (paper.mean.at(&EVENTS, |cost| cost.rows) * seconds()) - 1.0).abs() < 0.01);
        let busiest = day.iter().map(|minute| minute.events.total() / 60.0).fold(0.0, f64::max);
        prop_assert!(busiest < paper.peak.total() * 1.01 && busiest > paper.peak.total() * 0.9);
    }
}

/// A standstill is followed by a time in which all is written that waited, as long as arithmetic says.
#[test]
fn a_backlog_goes_as_arithmetic_says() {
    let fleet = Fleet::default();
    let standstill = Trouble::Standstill { at: 1_170, minutes: 10 };
    let day = play(&fleet, &[standstill]);
    let behind = day.iter().filter(|minute| !minute.is_caught_up()).count();
    let drained = f64::from(u32::try_from(behind).unwrap()) - 10.0;
    let on_paper = Paper::of(&fleet).drained_min(&fleet, 10.0).unwrap();
    assert!((drained - on_paper).abs() <= 2.0 + 0.1 * on_paper, "{drained} {on_paper}");
    assert!(day.last().unwrap().is_caught_up());
    let worst = day.iter().map(|minute| minute.lag_s).fold(0.0, f64::max);
    assert!(worst > 60.0, "ten minutes of rows do not vanish: {worst}");
}

/// Who is slower than what comes never catches up, and the report says so.
#[test]
fn too_little_is_never_enough() {
    let fleet = Fleet { heartbeat_s: 10.0, cores: 1.0, ..Fleet::default() };
    assert_eq!(Paper::of(&fleet).drained_min(&fleet, 10.0), None);
    let day = play(&fleet, &usual_troubles());
    assert!(day.last().unwrap().lag_s > 3_600.0);
}

fn kinds(events: &[EventKind]) -> BTreeMap<&'static str, usize> {
    let mut kinds = BTreeMap::new();
    for event in events {
        *kinds.entry(event.name()).or_default() += 1;
    }
    kinds
}

/// The simulated device, which the whole platform is tested with, says in a session and when it comes back what the model says.
#[test]
fn a_device_says_what_the_model_says() {
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
    let came = device.apply(Input::Connect, now, &ids).events;
    assert_eq!(kinds(&came), BTreeMap::from([("connected", 1), ("status_changed", 2)]));
    let connector = ConnectorId::parse(1).unwrap();
    let mut said = device.apply(Input::Start(connector, IdTag::parse("TAG").unwrap()), now, &ids).events;
    // Twenty minutes, in which no battery gets full, and five more.
    while let Some(due) = device.due().filter(|due| *due <= DateTime::UNIX_EPOCH + TimeDelta::minutes(20)) {
        now = due;
        said.extend(device.apply(Input::Tick, now, &ids).events);
    }
    said.extend(device.apply(Input::Stop(connector), now, &ids).events);
    while let Some(due) = device.due().filter(|due| *due <= DateTime::UNIX_EPOCH + TimeDelta::minutes(25)) {
        now = due;
        said.extend(device.apply(Input::Tick, now, &ids).events);
    }
    let expected = [
        ("heartbeat", 5),
        ("meter_values", 40),
        ("status_changed", 4),
        ("transaction_started", 1),
        ("transaction_stopped", 1),
    ];
    assert_eq!(kinds(&said), BTreeMap::from(expected));
}
