//! The results for commands.

use super::{CallPhase, Latency};
use crate::meters::{LOAD, OF_COMMAND_FLOOR, OF_COMMANDS};
use crate::numbers::{round, share};
use serde::Serialize;

/// The results for commands.
#[derive(Debug, Clone, Serialize)]
pub struct Commands {
    /// Piles that received commands in turn.
    pub piles: u32,
    /// Partitions of the command topic over which they were spread.
    pub partitions: usize,
    /// How often, at each planned rate, the floor, the least and then the platform were measured.
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

/// One rate: the floor, the least and the platform, in turns at the planned rates, otherwise one right
/// after the other.
#[derive(Debug, Clone, Serialize)]
pub struct CommandRate {
    /// Commands per second.
    pub rate: u32,
    /// One look-up, one insert and one record, without anything else.
    pub floor: CallPhase,
    /// A request that is refused for its body, a look-up in PostgreSQL, and then the floor: what any
    /// service needs that checks a command before it records it.
    pub least: CallPhase,
    /// POST → 202.
    pub platform: CallPhase,
    /// POST → record read from the command topic.
    pub readable: Latency,
    /// P50 of POST → 202, in multiples of the floor's.
    pub p50_to_floor: f64,
    /// P50 of the least, in multiples of the floor's.
    pub least_p50_to_floor: f64,
    /// P99 of POST → 202, in multiples of the floor's.
    pub p99_to_floor: f64,
    /// The CPU time per command of the services and servers together, in µs.
    pub cpu_us: f64,
    /// The same of the floor and the servers.
    pub floor_cpu_us: f64,
    /// The first in multiples of the second.
    pub cpu_to_floor: f64,
    /// The CPU time per call of the least, without its HTTP client, in µs.
    pub least_cpu_us: f64,
    /// That in multiples of the floor's.
    pub least_cpu_to_floor: f64,
}

impl CommandRate {
    /// Combines them. With commands, the load generator is the HTTP client only, so what it used then is
    /// subtracted from the least.
    pub fn new(
        rate: u32,
        floor: CallPhase,
        least: CallPhase,
        platform: CallPhase,
        readable: Latency,
    ) -> Self {
        let times = |ours: f64, floors: f64| round(share(ours, floors), 2);
        let (cpu_us, floor_cpu_us) = (platform.cpu_us(&OF_COMMANDS), floor.cpu_us(&OF_COMMAND_FLOOR));
        let least_cpu_us = least.cpu_us(&OF_COMMANDS) + least.cpu_us(&[LOAD]) - platform.cpu_us(&[LOAD]);
        Self {
            rate,
            least_p50_to_floor: times(least.latency.p50_ms, floor.latency.p50_ms),
            least_cpu_us: round(least_cpu_us, 1),
            least_cpu_to_floor: times(least_cpu_us, floor_cpu_us),
            p50_to_floor: times(platform.latency.p50_ms, floor.latency.p50_ms),
            p99_to_floor: times(platform.latency.p99_ms, floor.latency.p99_ms),
            cpu_us: round(cpu_us, 1),
            floor_cpu_us: round(floor_cpu_us, 1),
            cpu_to_floor: times(cpu_us, floor_cpu_us),
            floor,
            least,
            platform,
            readable,
        }
    }
}
