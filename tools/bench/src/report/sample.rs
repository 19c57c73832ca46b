//! A report for testing the renderings.

use super::{
    Arrivals, BeforeAndAfter, CallPhase, Cells, CommandRate, Commands, Counts, Drain, Floor, FloorPhase,
    Interval, KilledPod, Latency, LimitedSessions, Limits, LoadAlone, MovedDevices, OtherDevices, PageCost,
    Percentiles, Phase, ReadKind, ReadTarget, Reads, Report, Retention, RetentionData, RetentionRound,
    RetentionSegment, Saturation, SessionData, SessionExport, Sessions, Takeover, Truth, Writing,
};
use crate::conditions::Conditions;
use crate::meters::ProcessUse;
use crate::server::Setting;
use crate::visibility::Backlog;

fn latency(p50_ms: f64, p95_ms: f64, p99_ms: f64, max_ms: f64) -> Latency {
    Latency { p50_ms, p95_ms, p99_ms, max_ms }
}

fn phase(rate: u32, latency: Latency, target_p95_ms: Option<f64>, us_per_event: f64) -> Phase {
    let process = |name, part: f64, peak_mb| {
        ProcessUse::new(name, f64::from(rate) * us_per_event * part / 1e6, 1.0, f64::from(rate), peak_mb)
    };
    Phase {
        charge_points: 100_000,
        ingestors: 1,
        rate,
        seconds: 60.0,
        events: u64::from(rate) * 60,
        sent_per_s: f64::from(rate),
        latency,
        target_p95_ms,
        backlog: Backlog { at_begin: 10, at_end: 12, growth_per_s: 0.1 },
        sustained: true,
        generator_behind_ms: 1.5,
        batches_per_s: 200.0,
        events_per_batch: f64::from(rate) / 200.0,
        rows_per_s: f64::from(rate) * 1.4,
        poll_ms: 4.2,
        processes: vec![
            process("event-ingestor", 0.4, Some(31.0)),
            process("postgres", 0.6, Some(350.0)),
            process("kafka", 0.3, Some(500.0)),
        ],
    }
}

fn interval(from_s: f64, p95_ms: f64, cores: f64) -> Interval {
    let process = |name, share: f64| ProcessUse::new(name, cores * share * 5.0, 5.0, 3_000.0, None);
    Interval {
        from_s,
        events: 3_000,
        latency: latency(5.0, p95_ms, 20.0, 40.0),
        processes: vec![process("event-ingestor", 0.4), process("postgres", 0.6)],
    }
}

fn writing(connections: usize, events_per_s: f64) -> Writing {
    Writing { connections, events: 1_000, seconds: 1.0, events_per_s }
}

/// Arbitrary numbers.
pub fn sample() -> Report {
    let setting = |name: &str, value: &str| Setting { name: name.to_owned(), value: value.to_owned() };
    let conditions = Conditions {
        date: "2026-11-23 10:00 UTC".to_owned(),
        commit: "0123456789ab".to_owned(),
        profile: "release",
        cores: 2,
        cpu: "Some CPU".to_owned(),
        memory_gb: 8.0,
        kernel: "6.1.0".to_owned(),
        load_before: "0.01 0.02 0.03".to_owned(),
        postgres: vec![setting("version", "15.18"), setting("fsync", "on")],
        kafka: Some("4.4.0".to_owned()),
        kafka_heap: Some("512m".to_owned()),
        servers_are_here: true,
        ingestors: 1,
        partitions: 16,
    };
    let mut report = Report::new("full", conditions);
    report.steady = vec![
        phase(600, latency(8.0, 12.5, 19.0, 41.0), Some(50.0), 400.0),
        phase(6_000, latency(15.0, 130.0, 180.0, 240.0), Some(100.0), 120.0),
    ];
    report.load_alone = Some(LoadAlone {
        rate: 600,
        seconds: 20.0,
        events: 12_000,
        processes: vec![ProcessUse::new("kafka", 1.08, 20.0, 12_000.0, Some(500.0))],
    });
    report.search = vec![
        phase(10_000, latency(20.0, 60.0, 80.0, 120.0), None, 80.0),
        Phase {
            sustained: false,
            backlog: Backlog { at_begin: 9_000, at_end: 60_000, growth_per_s: 7_100.0 },
            ..phase(30_000, latency(2_000.0, 4_000.0, 4_500.0, 5_000.0), None, 60.0)
        },
    ];
    report.highest = Some(phase(22_500, latency(90.0, 210.0, 350.0, 700.0), Some(500.0), 70.0));
    report.smaller_fleets = vec![
        Phase { charge_points: 1_000, ..phase(6_000, latency(12.0, 30.0, 40.0, 60.0), None, 110.0) },
        Phase { charge_points: 10_000, ..phase(6_000, latency(13.0, 31.0, 41.0, 61.0), None, 115.0) },
    ];
    report.floor = Some(Floor {
        events_per_batch: 112,
        bulk: writing(12, 45_000.0),
        copied: writing(12, 90_000.0),
        rows_per_s: 63_000.0,
        rows_per_event: 1.4,
        folding_share: 0.012,
        one_by_one: writing(1, 700.0),
        one_by_one_at_once: writing(12, 3_000.0),
    });
    report.commit = Some(latency(0.9, 1.4, 2.2, 6.0));
    report.takeover = Some(Takeover {
        rate: 6_000,
        ingestors: 2,
        lease_s: 10.0,
        owned_after_s: 10.8,
        caught_up_after_s: 12.3,
        limit_s: 13.0,
    });
    report.commands = Some(commands());
    report.reads = Some(reads());
    report.truth = Some(truth());
    report.limits = Some(limits());
    let drain = |cells, events_per_s| Drain { cells, events: 300_000, seconds: 10.0, events_per_s };
    report.cells = Some(Cells { charge_points: 20_000, one: drain(1, 30_000.0), two: drain(2, 31_500.0) });
    report.complete = true;
    report
}

fn call_phase(rate: u32, latency: Latency) -> CallPhase {
    CallPhase {
        rate,
        seconds: 15.0,
        calls: u64::from(rate) * 15,
        failed: 0,
        failure: None,
        answered_per_s: f64::from(rate),
        latency,
        p99_at_end_ms: latency.p99_ms,
        in_flight: Backlog { at_begin: 2, at_end: 3, growth_per_s: 0.1 },
        sustained: true,
        generator_behind: Latency { p50_ms: 0.1, p95_ms: 0.2, p99_ms: 0.4, max_ms: 3.0 },
        processes: vec![ProcessUse::new(
            "command-dispatcher",
            f64::from(rate) / 1e3,
            1.0,
            f64::from(rate),
            Some(22.0),
        )],
    }
}

fn commands() -> Commands {
    let measured = |rate, floor, platform, readable| {
        let mut floor = call_phase(rate, floor);
        floor.processes.push(ProcessUse::new(
            "load generator",
            f64::from(rate) / 1_250.0,
            1.0,
            f64::from(rate),
            None,
        ));
        CommandRate::new(rate, floor.clone(), floor, call_phase(rate, platform), readable)
    };
    let mut late = measured(
        2_250,
        latency(3.0, 9.0, 15.0, 30.0),
        latency(12.0, 60.0, 90.0, 150.0),
        latency(10.0, 55.0, 85.0, 140.0),
    );
    late.platform.generator_behind = latency(0.2, 1.0, 2.5, 20.0);
    let failed = CallPhase {
        sustained: false,
        failed: 12,
        failure: Some("503 DATABASE_UNAVAILABLE".to_owned()),
        ..call_phase(3_000, latency(900.0, 1_800.0, 1_950.0, 2_001.0))
    };
    Commands {
        piles: 10_000,
        partitions: 8,
        rounds: 8,
        steady: vec![
            measured(
                50,
                latency(2.5, 4.0, 6.0, 9.0),
                latency(3.5, 5.2, 7.5, 17.0),
                latency(2.8, 3.8, 6.3, 15.8),
            ),
            measured(
                500,
                latency(2.5, 5.0, 8.0, 12.0),
                latency(4.0, 9.0, 24.0, 40.0),
                latency(3.2, 7.0, 20.0, 38.0),
            ),
        ],
        highest: Some(late),
        search: vec![failed],
        floor_highest: Some(3_000),
        floor_search: vec![call_phase(3_000, latency(4.0, 15.0, 30.0, 60.0))],
    }
}

fn read_kind(
    name: &'static str,
    target_rate: u32,
    rate: u32,
    (per_s, floor_per_s): (f64, f64),
    p99_ms: f64,
) -> ReadKind {
    let saturated = Saturation { clients: 32, per_s, latency: latency(3.0, 6.0, 9.0, 30.0) };
    let floor = Saturation { clients: 8, per_s: floor_per_s, latency: latency(0.4, 0.8, 1.2, 9.0) };
    ReadKind {
        name,
        target: ReadTarget { rate: target_rate, p99_ms: 20.0 },
        statements: 3,
        round_trips: 1,
        of_floor_percent: ReadKind::share_of(&saturated, &floor),
        saturated,
        floor,
        paced: call_phase(rate, latency(0.9, 2.5, p99_ms, 22.0)),
        floor_paced: FloorPhase { rate, per_s: rate.into(), latency: latency(0.2, 0.5, 1.1, 8.0) },
    }
}

/// Arbitrary numbers for lists of sessions, which a full run does not measure.
pub fn sessions() -> Sessions {
    let kind = |name, rate, per_s, p99_ms| read_kind(name, 200, rate, (per_s, per_s * 2.0), p99_ms);
    Sessions {
        data: SessionData {
            sessions: 10_000_000,
            open: 640,
            stations: 10_000,
            piles: 100_000,
            id_tags: 250_000,
            filled_s: 240.0,
            indexed_s: 180.0,
            database_mb: 6_200.0,
            rows_mb: 2_000.0,
            indexes_mb: 4_100.0,
        },
        connections: 8,
        kinds: vec![
            kind("sessions by station and month, page 1", 200, 3_000.0, 4.0),
            kind("sessions by pile", 200, 3_000.0, 20.1),
            kind("open sessions", 80, 150.0, 5.0),
        ],
        exports: vec![SessionExport {
            format: "csv",
            outcome: "complete",
            rows: 99_871,
            mb: 25.5,
            seconds: 4.0,
            rows_per_s: 24_968.0,
        }],
    }
}

fn reads() -> Reads {
    let kind =
        |name, rate, per_s, floor_per_s, p99_ms| read_kind(name, 2_000, rate, (per_s, floor_per_s), p99_ms);
    Reads {
        stations: 10_000,
        piles: 100_000,
        connections: 8,
        kinds: vec![
            kind("a pile", 2_000, 10_000.0, 20_000.0, 4.0),
            kind("a page of 50 stations", 250, 500.0, 600.0, 15.0),
        ],
        pages: vec![
            PageCost::new("stations", 10_000, 100, vec![(0, 2.0), (10, 2.1), (50, 1.9), (99, 2.2)]),
            PageCost::new("stations nearby", 1_300, 100, vec![(0, 2.0), (10, 2.1), (50, 3.0), (99, 4.0)]),
        ],
    }
}

fn truth() -> Truth {
    let counts = |live, doubtful, offline, elsewhere| Counts {
        live,
        doubtful,
        offline,
        elsewhere,
        offline_returned: 10_000 - live - doubtful - offline - elsewhere,
    };
    let mut seconds = vec![counts(10_000, 0, 0, 0); 20];
    seconds.extend(vec![counts(0, 9_000, 0, 1_000); 15]);
    Truth {
        moved: MovedDevices { devices: 50, followed: 50, latency: latency(550.0, 620.0, 700.0, 710.0) },
        killed: KilledPod {
            devices: 10_000,
            idle: false,
            returned: 2_000,
            watched_s: 58.2,
            snapshot_ms: 500.0,
            noticed: Arrivals { reached: 10_000, p50_s: Some(19.5), p95_s: Some(20.1), max_s: Some(20.6) },
            settled: Arrivals { reached: 9_999, p50_s: Some(40.0), p95_s: Some(55.5), max_s: None },
            seconds,
            at_end: counts(0, 0, 8_000, 1_999),
            others: OtherDevices::new(
                10_000,
                600,
                BeforeAndAfter {
                    before: latency(5.0, 10.0, 20.0, 40.0),
                    after: latency(6.0, 13.0, 30.0, 90.0),
                    intervals: vec![interval(-5.0, 10.0, 0.3), interval(0.0, 13.0, 0.5)],
                },
            ),
        },
    }
}

/// Arbitrary numbers for limits of sessions, one of which was stopped twice.
pub fn limits() -> Limits {
    let percentiles = |p50, p95, max| Percentiles { p50, p95, max };
    let energy = LimitedSessions {
        sessions: 200,
        stopped_once: 200,
        stops: 200,
        fewest_stops: 1,
        most_stops: 1,
        until_ended_s: percentiles(2.4, 3.6, 4.1),
        overshoot_wh: Some(percentiles(250.3, 420.8, 460.0)),
        overshoot_power_s: Some(percentiles(7.51, 12.62, 13.8)),
    };
    let duration = LimitedSessions {
        sessions: 100,
        stopped_once: 99,
        stops: 101,
        most_stops: 2,
        until_ended_s: percentiles(1.3, 2.3, 2.6),
        overshoot_wh: None,
        overshoot_power_s: None,
        ..energy
    };
    Limits {
        power_kw: 120.0,
        reading_s: 10,
        other_devices: 10_000,
        other_rate: 600,
        sent_per_s: 599.0,
        energy,
        duration,
        failures: vec!["the session of LS-1: 2 stops were recorded".to_owned()],
    }
}

/// A database with old commands, with arbitrary numbers.
pub fn retention() -> Retention {
    let segment =
        |latency, deleted| RetentionSegment { phase: call_phase(500, latency), readable: latency, deleted };
    let round = RetentionRound {
        without: segment(latency(3.0, 6.0, 10.0, 30.0), 0),
        with: segment(latency(3.1, 6.2, 10.5, 31.0), 150_000),
    };
    Retention {
        data: RetentionData { commands: 10_000_000, filled_s: 200.0, rows_mb: 5_000.0, indexes_mb: 2_500.0 },
        rate: 500,
        rounds: vec![round.clone(), round.clone(), round],
    }
}
