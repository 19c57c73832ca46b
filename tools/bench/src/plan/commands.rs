//! How commands are measured.

use super::seconds;
use std::time::Duration;

/// How commands are measured.
#[derive(Debug, Clone)]
pub struct CommandPlan {
    /// Piles that receive commands in turn: enough that none receives two within seconds.
    pub piles: u32,
    /// Pods that hold them, each with a partition of the command topic.
    pub pods: usize,
    /// Rates to measure.
    pub rates: Vec<u32>,
    /// How often, at each of them, the floor, the least and then commands are measured; at least 1.
    pub rounds: u32,
    /// The time at the beginning of each measurement of a round that is not counted.
    pub round_warm_up: Duration,
    /// How long each of the rates is measured in all rounds together, and the highest at once.
    pub measured: Duration,
    /// The time at the beginning of the highest that is not counted.
    pub warm_up: Duration,
    /// Rates to try in this order, until one is not sustained.
    pub ladder: Vec<u32>,
    /// The time at the beginning of each of those that is not counted.
    pub step_warm_up: Duration,
    /// How long each is tried.
    pub step: Duration,
    /// The greatest number of rates to try.
    pub steps: usize,
}

impl CommandPlan {
    pub(super) fn full() -> Self {
        Self {
            piles: 10_000,
            pods: 8,
            rates: vec![50, 500],
            // Two seconds each: a change of the machine's speed lasts longer, and counts for both.
            rounds: 8,
            round_warm_up: Duration::from_millis(500),
            measured: seconds(16),
            warm_up: seconds(2),
            ladder: vec![1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000, 6_000, 8_000],
            step_warm_up: seconds(1),
            step: seconds(5),
            steps: 8,
        }
    }

    pub(super) fn quick() -> Self {
        Self {
            piles: 2_000,
            rounds: 3,
            measured: seconds(3),
            warm_up: seconds(1),
            ladder: vec![1_000, 2_000],
            step: seconds(2),
            steps: 2,
            ..Self::full()
        }
    }
}
