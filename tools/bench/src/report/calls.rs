//! The result of a segment of calls.

use super::{Latency, grouped, grouped_count};
use crate::meters::ProcessUse;
use crate::visibility::Backlog;
use serde::Serialize;

/// A segment of calls.
#[derive(Debug, Clone, Serialize)]
pub struct CallPhase {
    /// The requested calls per second.
    pub rate: u32,
    /// Measured seconds.
    pub seconds: f64,
    /// Calls that were due in them.
    pub calls: u64,
    /// How many of those failed.
    pub failed: u64,
    /// The reason of the first failure.
    pub failure: Option<String>,
    /// Successful responses per second in the measured time.
    pub answered_per_s: f64,
    /// From due to responded, of every call, including failed ones.
    pub latency: Latency,
    /// P99 of the last third.
    pub p99_at_end_ms: f64,
    /// Calls that are due and without a response.
    #[serde(rename = "under_way")]
    pub in_flight: Backlog,
    /// Whether all calls succeeded, as fast as they were due, and none was late.
    pub sustained: bool,
    /// From due to begun: the delay of the load generator itself, which is part of the latency.
    pub generator_behind: Latency,
    /// The use of each process; for the floor, the load generator is the floor itself.
    pub processes: Vec<ProcessUse>,
}

/// The least share of the requested calls that must succeed in the measured time.
const MIN_ANSWERED_SHARE: f64 = 0.99;
/// The greatest P99 at the end.
const P99_AT_END_MS: f64 = 500.0;
/// A growth of at most this many calls from the beginning to the end is ignored.
const IGNORED_GROWTH: f64 = 10.0;
/// The delay of the load generator from which on the report mentions it.
const BEHIND_MS: f64 = 1.0;

impl CallPhase {
    /// Whether all calls succeeded, as fast as they were due, and none was late; recorded as
    /// `sustained`.
    pub fn is_sustained(&self) -> bool {
        self.failed == 0 && self.keeps_up() && self.is_steady() && self.is_in_time()
    }

    /// The CPU time per call of these processes together, in µs.
    pub fn cpu_us(&self, names: &[&str]) -> f64 {
        ProcessUse::cpu_us_of(&self.processes, names)
    }

    /// The reason why the rate was not sustained; `None` if it was.
    pub fn why_not(&self) -> Option<String> {
        let why_not = if self.failed > 0 {
            let failure = self.failure.as_deref().unwrap_or_default();
            format!("{} of {} failed: {failure}", grouped_count(self.failed), grouped_count(self.calls))
        } else if !self.keeps_up() {
            format!("only {}/s were answered", grouped(self.answered_per_s))
        } else if !self.is_steady() {
            format!("calls in flight grew by {}/s", grouped(self.in_flight.growth_per_s))
        } else {
            format!("P99 was {:.1} ms at the end", self.p99_at_end_ms)
        };
        (!self.sustained).then_some(why_not)
    }

    /// Whether the load generator itself was late so often that percentiles show it.
    pub fn is_generator_late(&self) -> bool {
        self.generator_behind.p99_ms > BEHIND_MS
    }

    fn keeps_up(&self) -> bool {
        self.answered_per_s >= f64::from(self.rate) * MIN_ANSWERED_SHARE
    }

    /// At a low rate a single stall exceeds the share: a few calls are not yet a queue.
    fn is_steady(&self) -> bool {
        self.in_flight.is_steady(self.rate) || self.in_flight.growth_per_s * self.seconds <= IGNORED_GROWTH
    }

    fn is_in_time(&self) -> bool {
        self.p99_at_end_ms <= P99_AT_END_MS
    }
}

#[cfg(test)]
mod tests {
    use crate::report::sample::sample;

    #[test]
    fn a_rate_is_sustained_when_nothing_fails_nothing_grows_and_nothing_is_late() {
        let good = sample().commands.unwrap().highest.unwrap().platform;
        assert!(good.is_sustained());
        let why_not = |change: fn(&mut crate::report::CallPhase)| {
            let mut phase = good.clone();
            change(&mut phase);
            phase.sustained = phase.is_sustained();
            phase.why_not().unwrap_or_default()
        };
        assert_eq!(why_not(|_| {}), "");
        assert_eq!(
            why_not(|phase| (phase.failed, phase.failure) = (3, Some("503 X".to_owned()))),
            "3 of 33,750 failed: 503 X"
        );
        assert_eq!(why_not(|phase| phase.answered_per_s = 2_227.0), "only 2,227/s were answered");
        assert_eq!(why_not(|phase| phase.answered_per_s = 2_228.0), "");
        assert_eq!(why_not(|phase| phase.in_flight.growth_per_s = 23.0), "calls in flight grew by 23/s");
        let seldom = |growth_per_s| {
            let mut phase = good.clone();
            (phase.rate, phase.in_flight.growth_per_s) = (50, growth_per_s);
            phase.is_sustained()
        };
        assert!(seldom(0.6) && !seldom(0.7));
        assert_eq!(why_not(|phase| phase.p99_at_end_ms = 500.1), "P99 was 500.1 ms at the end");
    }
}
