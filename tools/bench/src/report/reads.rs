//! The results for reads.

use super::{CallPhase, Latency};
use crate::numbers::{round, share};
use serde::Serialize;

/// The kind of request whose throughput has a target: `GET /piles/{id}`.
pub const PILE: &str = "a pile";
/// `GET /tariffs/price`.
pub const PRICE: &str = "the price at a connector";
/// `GET /stations`.
pub const PAGE: &str = "a page of 50 stations";
/// `GET /stations?near=…`.
pub const NEARBY: &str = "50 stations nearby";

/// A target for the latency at a rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReadTarget {
    /// Requests per second.
    pub rate: u32,
    /// The greatest P99, in ms.
    pub p99_ms: f64,
}

/// The results for reads.
#[derive(Debug, Clone, Serialize)]
pub struct Reads {
    /// Stations in the database.
    pub stations: u64,
    /// Piles in the database.
    pub piles: u64,
    /// Connections to `PostgreSQL`, for asset-api and for the floor each.
    pub connections: usize,
    /// The kinds of requests.
    pub kinds: Vec<ReadKind>,
    /// The cost of a page deep in each list.
    pub pages: Vec<PageCost>,
}

/// One kind of request: asset-api, and the floor in the same run.
#[derive(Debug, Clone, Serialize)]
pub struct ReadKind {
    /// The name of the kind.
    pub name: &'static str,
    /// The target for its latency.
    pub target: ReadTarget,
    /// Statements per request.
    pub statements: usize,
    /// Round trips per request.
    pub round_trips: usize,
    /// The highest throughput of asset-api.
    pub saturated: Saturation,
    /// The highest throughput of the same statements through pgbench.
    pub floor: Saturation,
    /// `saturated` in percent of `floor`.
    pub of_floor_percent: f64,
    /// At the target's rate, or at half of the highest throughput if that is less.
    pub paced: CallPhase,
    /// The same statements at that rate.
    pub floor_paced: FloorPhase,
}

/// The highest throughput, by clients that send the next request as soon as they have a response.
#[derive(Debug, Clone, Serialize)]
pub struct Saturation {
    /// Concurrent clients.
    pub clients: usize,
    /// Responses per second.
    pub per_s: f64,
    /// From request to response.
    pub latency: Latency,
}

/// pgbench at a rate.
#[derive(Debug, Clone, Serialize)]
pub struct FloorPhase {
    /// The requested transactions per second.
    pub rate: u32,
    /// Transactions per second that ended.
    pub per_s: f64,
    /// From when each was due.
    pub latency: Latency,
}

/// The cost of a page, by its depth in the list.
#[derive(Debug, Clone, Serialize)]
pub struct PageCost {
    /// The name of the list.
    pub list: &'static str,
    /// The number of its items.
    pub items: usize,
    /// Rounds, in each of which every page was requested once.
    pub rounds: usize,
    /// For each depth, in percent of the list, the median duration of the page, in ms; the first is
    /// page 1.
    pub pages: Vec<(u32, f64)>,
    /// The slowest page in multiples of page 1.
    pub ratio: f64,
}

impl ReadKind {
    /// The throughput in percent of the floor.
    pub fn share_of(saturated: &Saturation, floor: &Saturation) -> f64 {
        round(share(saturated.per_s, floor.per_s) * 100.0, 1)
    }
}

impl PageCost {
    /// From the medians at each depth.
    pub fn new(list: &'static str, items: usize, rounds: usize, pages: Vec<(u32, f64)>) -> Self {
        let first = pages.first().map_or(0.0, |(_, ms)| *ms);
        let slowest = pages.iter().map(|(_, ms)| *ms).fold(0.0, f64::max);
        Self { list, items, rounds, pages, ratio: round(share(slowest, first), 2) }
    }
}
