//! Events with the times at which they were sent and seen, and the results derived from them;
//! without I/O.

use super::Sightings;
use crate::numbers::{count, float, round, share};
use crate::report::Latency;
use anyhow::Context as _;
use serde::Serialize;
use std::collections::BTreeMap;

/// An interval of times of day in µs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first time that counts.
    pub from: i64,
    /// The first time that no longer counts.
    pub to: i64,
}

impl Window {
    /// Its length in seconds.
    pub fn seconds(self) -> f64 {
        float(u64::try_from(self.to - self.from).unwrap_or_default()) / 1e6
    }
}

/// The times of every event.
#[derive(Debug, Default)]
pub struct Seen {
    /// When each was sent and seen, in µs.
    events: Vec<(i64, i64)>,
}

/// Events sent and not yet visible.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Backlog {
    /// At the beginning of the window.
    pub at_begin: u64,
    /// At the end of the window.
    pub at_end: u64,
    /// The growth per second, from the mean of the first third of the window to that of the last.
    pub growth_per_s: f64,
}

/// A growth within this share of the rate is ignored: the mean of a third of a few seconds is not
/// more accurate.
const TOLERANCE: f64 = 0.01;
/// Samples of the backlog in each third of a window.
const SAMPLES: i64 = 30;

impl Seen {
    /// Joins what was sent (offset and time, in order) with what was seen, by partition.
    pub fn join(sent: &BTreeMap<i32, Vec<(i64, i64)>>, sightings: &Sightings) -> anyhow::Result<Self> {
        let mut events = Vec::with_capacity(sent.values().map(Vec::len).sum());
        for (partition, sent) in sent {
            let seen = sightings.get(partition).map(Vec::as_slice).unwrap_or_default();
            let mut seen = seen.iter().peekable();
            for (offset, sent_at) in sent {
                while seen.next_if(|(next_offset, _)| next_offset <= offset).is_some() {}
                let (_, seen_at) = seen
                    .peek()
                    .with_context(|| format!("offset {offset} of partition {partition} was never seen"))?;
                events.push((*sent_at, *seen_at));
            }
        }
        Ok(Self { events })
    }

    /// From the times, in µs, at which calls or events were sent and seen.
    pub const fn of(events: Vec<(i64, i64)>) -> Self {
        Self { events }
    }

    /// The number of events sent within `window`.
    pub fn sent(&self, window: Window) -> u64 {
        u64::try_from(self.latencies(window).count()).unwrap_or(u64::MAX)
    }

    /// The latency from sent to seen, of every event that was sent within `window`.
    pub fn latency(&self, window: Window) -> Latency {
        Latency::of(self.latencies(window).collect())
    }

    /// The last time at which an event became visible that had waited for longer than `micros`.
    pub fn last_late(&self, micros: i64) -> Option<i64> {
        let late = self.events.iter().filter(|(sent, seen)| seen - sent > micros);
        late.map(|(_, seen)| *seen).max()
    }

    /// The backlog within `window`.
    pub fn backlog(&self, window: Window) -> Backlog {
        let mut sent: Vec<i64> = self.events.iter().map(|(sent, _)| *sent).collect();
        let mut seen: Vec<i64> = self.events.iter().map(|(_, seen)| *seen).collect();
        sent.sort_unstable();
        seen.sort_unstable();
        let by = |times: &[i64], now: i64| times.partition_point(|at| *at <= now);
        let at = |now: i64| by(&sent, now).saturating_sub(by(&seen, now));
        let third = (window.to - window.from) / 3;
        let mean = |from: i64| {
            let samples = (0..SAMPLES).map(|sample| count(at(from + third * sample / SAMPLES)));
            samples.sum::<f64>() / f64::from(u32::try_from(SAMPLES).unwrap_or(1))
        };
        // From the middle of the first third to that of the last.
        let growth = share(mean(window.from + 2 * third) - mean(window.from), window.seconds() * 2.0 / 3.0);
        let whole = |backlog: usize| u64::try_from(backlog).unwrap_or(u64::MAX);
        Backlog {
            at_begin: whole(at(window.from)),
            at_end: whole(at(window.to)),
            growth_per_s: round(growth, 1),
        }
    }

    /// From sent to seen in µs, of every event that was sent within `window`.
    pub fn latencies(&self, window: Window) -> impl Iterator<Item = u32> {
        let within = self.events.iter().filter(move |(sent, _)| (window.from..window.to).contains(sent));
        within.map(|(sent, seen)| u32::try_from((seen - sent).max(0)).unwrap_or(u32::MAX))
    }
}

impl Backlog {
    /// The backlog over several rounds of the same length, one after the other: its growth is the mean
    /// of theirs.
    pub fn of_rounds(rounds: &[Self]) -> Self {
        let growth: f64 = rounds.iter().map(|round| round.growth_per_s).sum();
        Self {
            at_begin: rounds.first().map_or(0, |first| first.at_begin),
            at_end: rounds.last().map_or(0, |last| last.at_end),
            growth_per_s: round(share(growth, count(rounds.len())), 1),
        }
    }

    /// Whether the backlog is constant at `rate`.
    pub fn is_steady(&self, rate: u32) -> bool {
        self.growth_per_s <= f64::from(rate) * TOLERANCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One partition with an event per ms, each seen after as many ms as `wait` returns.
    fn seen(events: i64, wait: impl Fn(i64) -> i64) -> Seen {
        Seen { events: (0..events).map(|ms| (ms * 1_000, (ms + wait(ms)) * 1_000)).collect() }
    }

    const SECOND: Window = Window { from: 0, to: 1_000_000 };

    #[test]
    fn an_event_is_seen_when_the_offset_has_passed_it() {
        let sent = BTreeMap::from([(0, vec![(10, 100), (11, 200), (12, 300)]), (1, vec![(0, 50)])]);
        let sightings = Sightings::from([(0, vec![(10, 90), (11, 400), (13, 900)]), (1, vec![(1, 60)])]);
        let joined = Seen::join(&sent, &sightings).unwrap();
        assert_eq!(joined.events, [(100, 400), (200, 900), (300, 900), (50, 60)]);
    }

    #[test]
    fn an_event_that_was_never_seen_is_an_error() {
        let sent = BTreeMap::from([(0, vec![(10, 100)])]);
        assert!(Seen::join(&sent, &Sightings::from([(0, vec![(10, 900)])])).is_err());
        assert!(Seen::join(&sent, &Sightings::new()).is_err());
    }

    #[test]
    fn percentiles_are_of_the_events_sent_within_the_window() {
        // Within the window, waits of 1 … 1000 ms; outside of it, longer ones.
        let seen = seen(2_000, |ms| if ms < 1_000 { ms + 1 } else { 5_000 });
        assert_eq!(seen.sent(SECOND), 1_000);
        let latency = seen.latency(SECOND);
        assert_eq!(
            (latency.p50_ms, latency.p95_ms, latency.p99_ms, latency.max_ms),
            (500.0, 950.0, 990.0, 1_000.0)
        );
    }

    #[test]
    fn a_constant_backlog_is_steady_and_a_growing_one_is_not() {
        let steady = seen(2_000, |_| 50).backlog(Window { from: 200_000, to: 1_200_000 });
        assert_eq!((steady.at_begin, steady.at_end), (50, 50));
        assert!(steady.is_steady(1_000), "{steady:?}");
        // Of each ten events sent, nine become visible in the same time.
        let growing = seen(2_000, |ms| ms / 9).backlog(SECOND);
        assert!((80.0..120.0).contains(&growing.growth_per_s), "{growing:?}");
        assert!(!growing.is_steady(1_000));
    }

    #[test]
    fn the_backlog_of_rounds_grows_by_the_mean_of_their_growths() {
        let round = |at_begin, at_end, growth_per_s| Backlog { at_begin, at_end, growth_per_s };
        let rounds = [round(1, 20, 30.0), round(4, 5, 1.5), round(2, 3, -3.0)];
        assert_eq!(Backlog::of_rounds(&rounds), round(1, 3, 9.5));
        assert_eq!(Backlog::of_rounds(&rounds[..1]), rounds[0]);
    }

    #[test]
    fn the_last_late_event_marks_the_end_of_catching_up() {
        let seen = seen(1_000, |ms| if (300..=400).contains(&ms) { 700 - ms } else { 5 });
        assert_eq!(seen.last_late(100_000), Some(700_000));
        assert_eq!(seen.last_late(500_000), None);
    }
}
