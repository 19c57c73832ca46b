//! What was found of reads.

use super::{CallPhase, Latency};
use crate::numbers::{round, share};
use serde::Serialize;

/// The kind whose throughput is judged: `GET /piles/{id}`.
pub const PILE: &str = "a pile";

/// How long callers may wait, and when.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReadTarget {
    /// At so many requests per second.
    pub rate: u32,
    /// P99 at most, in ms.
    pub p99_ms: f64,
}

/// Reads.
#[derive(Debug, Clone, Serialize)]
pub struct Reads {
    /// Stations that are there.
    pub stations: u64,
    /// Piles that are there.
    pub piles: u64,
    /// Connections to `PostgreSQL`, of asset-api and of the floor each.
    pub connections: usize,
    /// Each kind of request.
    pub kinds: Vec<ReadKind>,
    /// What a page costs deep in each list.
    pub pages: Vec<PageCost>,
}

/// One kind of request: asset-api, and the floor in the same run.
#[derive(Debug, Clone, Serialize)]
pub struct ReadKind {
    /// Which.
    pub name: &'static str,
    /// How long callers may wait for it.
    pub target: ReadTarget,
    /// Statements that a request sends.
    pub statements: usize,
    /// Round trips that it needs for them.
    pub round_trips: usize,
    /// As many as are answered.
    pub saturated: Saturation,
    /// The same statements through pgbench, as fast as it goes.
    pub floor: Saturation,
    /// The first in percent of the second.
    pub of_floor_percent: f64,
    /// At a rate: that of the target, or half of what is answered where that is less.
    pub paced: CallPhase,
    /// The same statements at that rate.
    pub floor_paced: FloorPhase,
}

/// As many as are answered, by clients that ask anew as soon as they have their answer.
#[derive(Debug, Clone, Serialize)]
pub struct Saturation {
    /// Clients at once.
    pub clients: usize,
    /// Answers per second.
    pub per_s: f64,
    /// From asked to answered.
    pub latency: Latency,
}

/// pgbench at a rate.
#[derive(Debug, Clone, Serialize)]
pub struct FloorPhase {
    /// Transactions per second that were asked for.
    pub rate: u32,
    /// Transactions per second that ended.
    pub per_s: f64,
    /// From when each was due.
    pub latency: Latency,
}

/// What a page costs, by where it is in its list.
#[derive(Debug, Clone, Serialize)]
pub struct PageCost {
    /// The list.
    pub list: &'static str,
    /// How many items it has.
    pub items: usize,
    /// Rounds, in each of which every page was asked for once.
    pub rounds: usize,
    /// For each depth, in percent of the list, the median of what the page took, in ms; the first is page 1.
    pub pages: Vec<(u32, f64)>,
    /// The dearest beside page 1.
    pub ratio: f64,
}

impl ReadKind {
    /// In percent of the floor.
    pub fn share_of(saturated: &Saturation, floor: &Saturation) -> f64 {
        round(share(saturated.per_s, floor.per_s) * 100.0, 1)
    }
}

impl PageCost {
    /// Of medians at each depth.
    pub fn new(list: &'static str, items: usize, rounds: usize, pages: Vec<(u32, f64)>) -> Self {
        let first = pages.first().map_or(0.0, |(_, ms)| *ms);
        let dearest = pages.iter().map(|(_, ms)| *ms).fold(0.0, f64::max);
        Self { list, items, rounds, pages, ratio: round(share(dearest, first), 2) }
    }
}
