//! Work that is repeated at an interval.

use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Ticks `period` apart, the first at once. A tick that is missed delays the following ones, so work
/// that takes longer than `period` is not repeated in a burst.
///
/// # Panics
/// When `period` is zero.
#[must_use]
pub fn every(period: Duration) -> Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
