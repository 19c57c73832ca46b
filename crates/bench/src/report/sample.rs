//! A report to test the renderings with.

use super::{Commands, Floor, Latency, Phase, ProcessUse, Report, Takeover, Writing};
use crate::conditions::Conditions;
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
        look_ms: 4.2,
        processes: vec![
            process("event-ingestor", 0.4, Some(31.0)),
            process("postgres", 0.6, Some(350.0)),
            process("kafka", 0.3, Some(500.0)),
        ],
    }
}

fn writing(connections: usize, events_per_s: f64) -> Writing {
    Writing { connections, events: 1_000, seconds: 1.0, events_per_s }
}

/// Some numbers.
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
        limit_s: 15.0,
    });
    report.commands = Some(Commands {
        rate: 50,
        commands: 750,
        answered: latency(3.7, 5.2, 7.5, 17.0),
        recorded: latency(2.8, 3.8, 6.3, 15.8),
    });
    report.complete = true;
    report
}
