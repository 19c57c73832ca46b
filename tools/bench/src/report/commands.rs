//! The results for commands.

use super::{CallPhase, Latency};
use crate::meters::{OF_COMMAND_FLOOR, OF_COMMANDS};
use crate::numbers::{round, share};
use serde::Serialize;

/// The results for commands.
#[derive(Debug, Clone, Serialize)]
pub struct Commands {
    /// Piles that received commands in turn.
    pub piles: u32,
    /// Partitions of the command topic over which they were spread.
    pub partitions: usize,
    /// How often, at each planned rate, the floor and then the platform were measured.
    pub rounds: u32,
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

/// One rate: the floor and the platform, in turns at the planned rates, otherwise one right after the
/// other.
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
    /// P99 of POST → 202, in multiples of the floor's.
    pub p99_to_floor: f64,
    /// The CPU time per command of the services and servers together, in µs.
    pub cpu_us: f64,
    /// The same of the floor and the servers.
    pub floor_cpu_us: f64,
    /// The first in multiples of the second.
    pub cpu_to_floor: f64,
}

impl CommandRate {
    /// Combines both.
    pub fn new(rate: u32, floor: CallPhase, platform: CallPhase, readable: Latency) -> Self {
        let times = |ours: f64, floors: f64| round(share(ours, floors), 2);
        let (cpu_us, floor_cpu_us) = (platform.cpu_us(&OF_COMMANDS), floor.cpu_us(&OF_COMMAND_FLOOR));
        Self {
            rate,
            p50_to_floor: times(platform.latency.p50_ms, floor.latency.p50_ms),
            p99_to_floor: times(platform.latency.p99_ms, floor.latency.p99_ms),
            cpu_us: round(cpu_us, 1),
            floor_cpu_us: round(floor_cpu_us, 1),
            cpu_to_floor: times(cpu_us, floor_cpu_us),
            floor,
            platform,
            readable,
        }
    }
}
