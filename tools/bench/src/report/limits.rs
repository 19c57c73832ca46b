//! The results for limits of sessions: how far sessions exceed them.

use crate::numbers::round;
use serde::Serialize;

/// The results for limits of sessions.
#[derive(Debug, Clone, Serialize)]
pub struct Limits {
    /// The power of the devices, in kW.
    pub power_kw: f64,
    /// The interval of their meter readings, in seconds.
    pub reading_s: u32,
    /// Devices without such sessions.
    pub other_devices: u32,
    /// The requested events per second of those.
    pub other_rate: u32,
    /// The events per second that they sent.
    pub sent_per_s: f64,
    /// The sessions with `maxEnergyWh`.
    pub energy: LimitedSessions,
    /// The sessions with `maxDurationS`.
    pub duration: LimitedSessions,
    /// Each session that was not stopped once at its limit, with the reason. The run fails if there
    /// are any.
    pub failures: Vec<String>,
}

/// Sessions with one kind of limit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LimitedSessions {
    /// Sessions that were started.
    pub sessions: u64,
    /// Of those, sessions that reached their limit and that exactly one stop ended.
    pub stopped_once: u64,
    /// Stops of all these sessions.
    pub stops: u64,
    /// The smallest number of stops of a session.
    pub fewest_stops: u64,
    /// The greatest number of stops of a session.
    pub most_stops: u64,
    /// Seconds from when the limit was reached until the session ended. A limit of energy is reached
    /// at the time of the first reading that shows it, a limit of duration when its time is over.
    pub until_ended_s: Percentiles,
    /// Energy above the limit, in Wh; `None` for limits of duration.
    pub overshoot_wh: Option<Percentiles>,
    /// The time in which the device draws that energy, in seconds; `None` for limits of duration.
    pub overshoot_power_s: Option<Percentiles>,
}

/// Percentiles over every session; zero without sessions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// The median.
    pub p50: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The maximum.
    pub max: f64,
}

impl Limits {
    /// Why the run fails; `None` if every session was stopped once at its limit.
    pub fn failure(&self) -> Option<String> {
        let (energy, duration) = (&self.energy, &self.duration);
        let (sessions, stopped) =
            (energy.sessions + duration.sessions, energy.stopped_once + duration.stopped_once);
        (stopped != sessions || !self.failures.is_empty()).then(|| {
            let first = self.failures.first().map_or("a session has no recorded limit", String::as_str);
            format!("{stopped} of {sessions} sessions were stopped once at their limit; {first}")
        })
    }
}

impl Percentiles {
    /// The percentiles of `values` in any order, with two decimals.
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let value = |percent| round(launch::percentile(&values, percent), 2);
        Self { p50: value(50), p95: value(95), max: value(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn percentiles_do_not_depend_on_the_order() {
        let values = (0..20).map(|number| f64::from(number * 7 % 20) + 0.001).collect();
        assert_eq!(Percentiles::of(values), Percentiles { p50: 9.0, p95: 18.0, max: 19.0 });
        assert_eq!(Percentiles::of(Vec::new()), Percentiles { p50: 0.0, p95: 0.0, max: 0.0 });
    }

    #[test]
    fn the_run_fails_unless_every_session_was_stopped_once() {
        let mut limits = sample::limits();
        let failure = limits.failure().unwrap();
        assert!(
            failure.starts_with("299 of 300 sessions") && failure.ends_with("2 stops were recorded"),
            "{failure}"
        );
        limits.failures.clear();
        assert!(limits.failure().unwrap().ends_with("no recorded limit"));
        limits.duration.stopped_once = 100;
        assert_eq!(limits.failure(), None);
    }
}
