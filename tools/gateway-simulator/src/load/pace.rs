//! A load whose schedule can be slowed down while it runs.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// The percentage of its rate at which a load produces events: 100 unless it is changed, 0 while the
/// load pauses. Clones share it.
#[derive(Debug, Clone)]
pub struct LoadPace(Arc<AtomicU32>);

impl LoadPace {
    /// The percentage of the rate of the settings.
    pub const FULL: u32 = 100;

    /// Changes the percentage; at most [`FULL`](Self::FULL).
    pub fn set(&self, percent: u32) {
        self.0.store(percent.min(Self::FULL), Relaxed);
    }

    /// The current percentage.
    #[must_use]
    pub fn percent(&self) -> u32 {
        self.0.load(Relaxed)
    }
}

impl Default for LoadPace {
    fn default() -> Self {
        Self(Arc::new(AtomicU32::new(Self::FULL)))
    }
}

/// The time of a schedule, which passes at a pace.
#[derive(Debug)]
pub(super) struct Schedule {
    pace: LoadPace,
    passed: Duration,
    seen_at: Instant,
}

impl Schedule {
    pub(super) const fn new(begun: Instant, pace: LoadPace) -> Self {
        Self { pace, passed: Duration::ZERO, seen_at: begun }
    }

    /// The time that has passed on the schedule until now.
    pub(super) fn now(&mut self) -> Duration {
        self.at(Instant::now())
    }

    fn at(&mut self, now: Instant) -> Duration {
        self.passed += now.saturating_duration_since(self.seen_at) * self.pace.percent() / LoadPace::FULL;
        self.seen_at = now;
        self.passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_passes_at_the_pace_and_makes_nothing_up_after_a_pause() {
        let (begun, pace) = (Instant::now(), LoadPace::default());
        let mut schedule = Schedule::new(begun, pace.clone());
        let after = |seconds| begun + Duration::from_secs(seconds);
        assert_eq!(schedule.at(after(4)), Duration::from_secs(4));
        pace.set(0);
        assert_eq!(schedule.at(after(9)), Duration::from_secs(4));
        pace.set(50);
        assert_eq!(schedule.at(after(11)), Duration::from_secs(5));
        pace.set(1_000);
        assert_eq!(schedule.at(after(12)), Duration::from_secs(6), "never faster than the settings");
    }
}
