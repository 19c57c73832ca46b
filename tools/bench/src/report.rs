//! The results in a machine-readable form (`report.json`, whose keys are stable within a schema
//! version), and its renderings as text and chart.

mod calls;
mod cells;
mod chart;
mod check;
mod commands;
mod idle_fleet;
mod limits;
mod load_alone;
mod markdown;
mod ratios;
mod reads;
mod retention;
mod sessions;
mod truth;
mod verdict;

#[cfg(test)]
mod sample;

pub use calls::CallPhase;
pub use cells::{Cells, Drain};
pub use check::Check;
pub use commands::{CommandRate, Commands};
pub use idle_fleet::IdleFleet;
pub use limits::{LimitedSessions, Limits, Percentiles};
pub use load_alone::LoadAlone;
pub use ratios::ratio_of_read;
pub use reads::{FloorPhase, NEARBY, PAGE, PILE, PRICE, PageCost, ReadKind, ReadTarget, Reads, Saturation};
pub use retention::{Retention, RetentionData, RetentionRound, RetentionSegment};
pub use sessions::{SessionData, SessionExport, Sessions};
pub use truth::{Arrivals, BeforeAndAfter, Counts, Interval, KilledPod, MovedDevices, OtherDevices, Truth};
pub use verdict::Verdict;

use crate::conditions::Conditions;
use crate::meters::ProcessUse;
use crate::numbers::{grouped, grouped_count, round};
use crate::ratios::RatioRun;
use crate::visibility::Backlog;
use anyhow::Context as _;
use serde::Serialize;
use std::path::Path;

/// Changes when a key changes its name or meaning.
const SCHEMA_VERSION: u32 = 2;

/// The results of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The version of the schema.
    pub schema_version: u32,
    /// `full` or `quick`.
    pub mode: &'static str,
    /// Whether everything planned was measured.
    pub complete: bool,
    /// The environment of the run.
    pub conditions: Conditions,
    /// The rates with targets.
    pub steady: Vec<Phase>,
    /// The lowest of them without an ingestor.
    pub load_alone: Option<LoadAlone>,
    /// The highest sustained rate.
    pub highest: Option<Phase>,
    /// The rates that were tried to find it.
    pub search: Vec<Phase>,
    /// Smaller fleets at the last of the steady rates.
    pub smaller_fleets: Vec<Phase>,
    /// Fleets that send nothing, the smaller first.
    pub idle_fleets: Vec<IdleFleet>,
    /// The throughput of `PostgreSQL` without anything else.
    pub floor: Option<Floor>,
    /// The latency of a commit, which is that of the disk.
    pub commit: Option<Latency>,
    /// The crash of an ingestor.
    pub takeover: Option<Takeover>,
    /// Commands.
    pub commands: Option<Commands>,
    /// Reads.
    pub reads: Option<Reads>,
    /// Lists and exports of sessions.
    pub sessions: Option<Sessions>,
    /// Commands while old ones are deleted.
    pub retention: Option<Retention>,
    /// The time to truth.
    pub truth: Option<Truth>,
    /// Limits of sessions.
    pub limits: Option<Limits>,
    /// Several cells in one database.
    pub cells: Option<Cells>,
    /// The ratios that have a threshold.
    pub check: Option<Check>,
    /// Targets, and whether they were met.
    pub verdicts: Vec<Verdict>,
}

/// Percentiles over every event or call, without exception.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// The median.
    pub p50_ms: f64,
    /// The 95th percentile.
    pub p95_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
    /// The maximum.
    pub max_ms: f64,
}

/// A segment of load.
#[derive(Debug, Clone, Serialize)]
pub struct Phase {
    /// Charge points of the fleet.
    pub charge_points: u32,
    /// Running ingestors.
    pub ingestors: usize,
    /// The requested events per second.
    pub rate: u32,
    /// Measured seconds.
    pub seconds: f64,
    /// Events sent in them.
    pub events: u64,
    /// Events sent per second.
    pub sent_per_s: f64,
    /// From sent to visible.
    pub latency: Latency,
    /// The target for P95.
    pub target_p95_ms: Option<f64>,
    /// Events sent and not yet visible.
    pub backlog: Backlog,
    /// Whether the rate was reached, and the backlog did not grow.
    pub sustained: bool,
    /// The greatest delay of the load generator behind schedule.
    pub generator_behind_ms: f64,
    /// The approximate number of the ingestors' transactions per second.
    pub batches_per_s: f64,
    /// The approximate number of events in one of them.
    pub events_per_batch: f64,
    /// Rows written per second.
    pub rows_per_s: f64,
    /// The interval of observing what is visible; counts as latency.
    #[serde(rename = "look_ms")]
    pub poll_ms: f64,
    /// The use of each process.
    pub processes: Vec<ProcessUse>,
}

/// Writing as fast as possible.
#[derive(Debug, Clone, Serialize)]
pub struct Writing {
    /// Concurrent connections.
    pub connections: usize,
    /// Events written.
    pub events: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Events per second.
    pub events_per_s: f64,
}

/// The throughput of `PostgreSQL` without anything else.
#[derive(Debug, Clone, Serialize)]
pub struct Floor {
    /// Events in a batch: as many as at the highest sustained rate.
    pub events_per_batch: usize,
    /// In batches.
    pub bulk: Writing,
    /// COPY of the same rows into empty copies of the same tables, in transactions of as many rows.
    pub copied: Writing,
    /// Rows per second, in batches.
    pub rows_per_s: f64,
    /// Rows per event, in batches.
    pub rows_per_event: f64,
    /// The share of the fold in the time of batches.
    pub folding_share: f64,
    /// One transaction per event, with one connection.
    pub one_by_one: Writing,
    /// One transaction per event, with as many connections as the ingestors use.
    pub one_by_one_at_once: Writing,
}

/// The crash of an ingestor.
#[derive(Debug, Clone, Serialize)]
pub struct Takeover {
    /// Events per second during the takeover.
    pub rate: u32,
    /// Ingestors before the crash.
    pub ingestors: usize,
    /// The duration of a lease.
    pub lease_s: f64,
    /// From the crash until every partition had a running owner.
    pub owned_after_s: f64,
    /// From the crash until the last event was visible that had waited for more than a second.
    pub caught_up_after_s: f64,
    /// The target for `caught_up_after_s`.
    pub limit_s: f64,
}

impl Report {
    /// A report without results.
    pub const fn new(mode: &'static str, conditions: Conditions) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            mode,
            complete: false,
            conditions,
            steady: Vec::new(),
            load_alone: None,
            highest: None,
            search: Vec::new(),
            smaller_fleets: Vec::new(),
            idle_fleets: Vec::new(),
            floor: None,
            commit: None,
            takeover: None,
            commands: None,
            reads: None,
            sessions: None,
            retention: None,
            truth: None,
            limits: None,
            cells: None,
            check: None,
            verdicts: Vec::new(),
        }
    }

    /// Whether the report has any results.
    pub const fn has_figures(&self) -> bool {
        !self.smaller_fleets.is_empty()
            || !self.idle_fleets.is_empty()
            || !self.steady.is_empty()
            || self.commands.is_some()
            || self.reads.is_some()
            || self.sessions.is_some()
            || self.retention.is_some()
            || self.truth.is_some()
            || self.limits.is_some()
            || self.cells.is_some()
            || self.check.is_some()
    }

    /// Compares the results with the targets.
    pub fn judge(&mut self) {
        self.verdicts = verdict::judge(self);
    }

    /// The report as Markdown with tables.
    pub fn markdown(&self) -> String {
        markdown::render(self)
    }

    /// Writes `report.json`, `report.md`, the ratios and the charts to `folder`.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        let json = serde_json::to_string_pretty(self)? + "\n";
        let ratios = RatioRun::new(&self.conditions, self.ratios());
        for (name, text) in [
            ("report.json", json),
            ("report.md", self.markdown()),
            ("ratios.toml", ratios.to_toml()?),
            ("ratios.svg", ratios.chart()?),
            ("latency.svg", chart::render(self)),
        ] {
            let path = folder.join(name);
            std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        }
        Ok(())
    }

    /// All segments of load, without those of smaller fleets.
    fn phases(&self) -> impl Iterator<Item = &Phase> {
        self.steady.iter().chain(&self.search).chain(&self.highest)
    }
}

/// The least share of due events that the load generator must have sent for a rate to count.
const MIN_SENT_SHARE: f64 = 0.98;

impl Phase {
    /// Whether the rate was reached, and the backlog did not grow; recorded as `sustained`.
    pub fn is_sustained(&self) -> bool {
        self.was_sent() && self.backlog.is_steady(self.rate)
    }

    /// The reason why the rate was not sustained; `None` if it was. A load generator that cannot
    /// send shares its cores with everything else: that is a limit of the machine, unlike a growing
    /// backlog.
    pub fn why_not(&self) -> Option<String> {
        let why_not = if self.was_sent() {
            format!("backlog grew by {}/s", grouped(self.backlog.growth_per_s))
        } else {
            format!("only {}/s were sent", grouped(self.sent_per_s))
        };
        (!self.sustained).then_some(why_not)
    }

    fn was_sent(&self) -> bool {
        self.sent_per_s >= f64::from(self.rate) * MIN_SENT_SHARE
    }

    /// The use of the process `name`.
    fn process(&self, name: &str) -> Option<&ProcessUse> {
        self.processes.iter().find(|process| process.name == name)
    }

    /// CPU of ingestors and `PostgreSQL` per event, in µs.
    fn cost_us(&self) -> Option<f64> {
        let of = |name| self.process(name).map(|process| process.cpu_us_per_event);
        Some(of("event-ingestor")? + of("postgres")?)
    }
}

impl Latency {
    /// The percentiles of durations in µs, in any order.
    pub fn of(mut micros: Vec<u32>) -> Self {
        micros.sort_unstable();
        let ms = |percent| round(f64::from(launch::percentile(&micros, percent)) / 1e3, 2);
        Self { p50_ms: ms(50), p95_ms: ms(95), p99_ms: ms(99), max_ms: ms(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_sustained_when_it_was_reached_and_the_backlog_did_not_grow() {
        let mut phase = sample::sample().highest.unwrap();
        assert!(phase.is_sustained());
        phase.sent_per_s = f64::from(phase.rate) * 0.97;
        phase.sustained = phase.is_sustained();
        assert_eq!(phase.why_not().as_deref(), Some("only 21,825/s were sent"));
        phase.sent_per_s = f64::from(phase.rate);
        phase.backlog.growth_per_s = 1_000.0;
        phase.sustained = phase.is_sustained();
        assert_eq!(phase.why_not().as_deref(), Some("backlog grew by 1,000/s"));
    }
}
