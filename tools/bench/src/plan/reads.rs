//! How reads are measured.

use super::seconds;
use anyhow::Context as _;
use std::time::Duration;

/// How reads are measured.
#[derive(Debug, Clone)]
pub struct ReadPlan {
    /// How many stations the database contains; it has ten times as many piles.
    pub stations: u64,
    /// The time at the beginning of each measurement that is not counted.
    pub warm_up: Duration,
    /// How long the highest throughput is measured.
    pub saturated: Duration,
    /// How long each rate is measured.
    pub paced: Duration,
    /// How often pages at each depth are requested.
    pub rounds: usize,
}

impl ReadPlan {
    /// The number of stations in `number`: enough for pages at all depths, and a fixture that is
    /// created within minutes.
    pub(super) fn parse_stations(number: &str) -> anyhow::Result<u64> {
        let stations = number.parse().context("`stations` has no valid number")?;
        anyhow::ensure!((10_000..=100_000).contains(&stations), "stations must be between 10000 and 100000");
        Ok(stations)
    }

    pub(super) const fn full() -> Self {
        Self { stations: 10_000, warm_up: seconds(2), saturated: seconds(6), paced: seconds(10), rounds: 100 }
    }

    pub(super) const fn quick() -> Self {
        Self { warm_up: seconds(1), saturated: seconds(1), paced: seconds(2), rounds: 5, ..Self::full() }
    }
}
