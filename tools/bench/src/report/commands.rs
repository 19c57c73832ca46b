//! The results for commands.

use super::{CallPhase, Latency};
use crate::numbers::{round, share};
use serde::Serialize;

/// The results for commands.
#[derive(Debug, Clone, Serialize)]
pub struct Commands {
    /// Piles that received commands in turn.
    pub piles: u32,
    /// Partitions of the command topic over which they were spread.
    pub partitions: usize,
    /// The planned rates.
    pub steady: Vec<CommandRate>,
    /// The highest sustained rate.
    pub highest: Option<CommandRate>,
    /// The rates that were tried to find it.
    pub search: Vec<CallPhase>,
    /// The highest rate that the floor sustains.
    pub floor_highest: Option<u32>,
    /// The rates that were tried to find that.
    pub floor_search: Vec<CallPhase>,
}

/// One rate: the floor, and the platform immediately after it.
#[derive(Debug, Clone, Serialize)]
pub struct CommandRate {
    /// Commands per second.
    pub rate: u32,
    /// One look-up, one insert and one record, without anything else.
    pub floor: CallPhase,
    /// POST → 202.
    pub platform: CallPhase,
    /// POST → record read from the command topic.
    pub readable: Latency,
    /// P50 of POST → 202, in multiples of the floor's.
    pub p50_to_floor: f64,
}

impl CommandRate {
    /// Combines both.
    pub fn new(rate: u32, floor: CallPhase, platform: CallPhase, readable: Latency) -> Self {
        let p50_to_floor = round(share(platform.latency.p50_ms, floor.latency.p50_ms), 2);
        Self { rate, floor, platform, readable, p50_to_floor }
    }
}
