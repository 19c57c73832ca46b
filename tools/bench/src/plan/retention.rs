//! How commands are measured while old ones are deleted.

use super::seconds;
use std::time::Duration;

/// How commands are measured while old ones are deleted.
#[derive(Debug, Clone)]
pub struct RetentionPlan {
    /// Commands of the year before, in the database.
    pub commands: u64,
    /// New commands per second.
    pub rate: u32,
    /// How often commands are measured without and with retention.
    pub rounds: usize,
    /// The time at the beginning of each measurement that is not counted.
    pub warm_up: Duration,
    /// How long each is measured.
    pub measured: Duration,
}

impl RetentionPlan {
    pub(super) const fn full() -> Self {
        // P99 rests on 150 commands of 15,000. The routes last for 15 minutes, which is enough.
        Self { commands: 10_000_000, rate: 500, rounds: 3, warm_up: seconds(3), measured: seconds(30) }
    }

    pub(super) const fn quick() -> Self {
        Self { commands: 100_000, rate: 200, rounds: 1, warm_up: seconds(1), measured: seconds(3) }
    }
}
