//! What was found of commands.

use super::{CallPhase, Latency};
use crate::numbers::{round, share};
use serde::Serialize;

/// Commands.
#[derive(Debug, Clone, Serialize)]
pub struct Commands {
    /// Piles that were commanded in turn.
    pub piles: u32,
    /// Partitions of the command topic that they were spread over.
    pub partitions: usize,
    /// The planned rates.
    pub steady: Vec<CommandRate>,
    /// The highest sustained rate.
    pub highest: Option<CommandRate>,
    /// What was tried to find it.
    pub search: Vec<CallPhase>,
    /// The highest rate that the floor sustains.
    pub floor_highest: Option<u32>,
    /// What was tried to find that.
    pub floor_search: Vec<CallPhase>,
}

/// One rate: the floor and the platform, one right after the other.
#[derive(Debug, Clone, Serialize)]
pub struct CommandRate {
    /// Commands per second.
    pub rate: u32,
    /// One look-up, one insert, one record, bare.
    pub floor: CallPhase,
    /// POST → 202.
    pub platform: CallPhase,
    /// POST → record read from the command topic.
    pub readable: Latency,
    /// P50 of POST → 202, in multiples of the floor's.
    pub p50_to_floor: f64,
}

impl CommandRate {
    /// The two beside each other.
    pub fn new(rate: u32, floor: CallPhase, platform: CallPhase, readable: Latency) -> Self {
        let p50_to_floor = round(share(platform.latency.p50_ms, floor.latency.p50_ms), 2);
        Self { rate, floor, platform, readable, p50_to_floor }
    }
}
