//! One segment of calls at a constant rate, to a service or the floor, and its results.

use crate::load::Threads;
use crate::meters::{MeteredInterval, Meters};
use crate::numbers::{float, round, share};
use crate::report::{CallPhase, Latency};
use crate::visibility::{Seen, Window};
use anyhow::Context as _;
use launch::open_loop::{self, Call, Schedule};
use std::time::{Duration, Instant};

/// The result of a call, or the reason of its failure.
pub type Outcome<T> = Result<T, String>;

/// A finished segment: every call has succeeded or failed.
pub struct RunSegment<T> {
    rate: u32,
    begin: Instant,
    /// In µs after the beginning.
    window: Window,
    calls: Vec<Call<Outcome<T>>>,
    metered: MeteredInterval,
}

impl<T: Send + 'static> RunSegment<T> {
    /// Starts `rate` calls per second on `threads` for `warm_up`, which does not count, and then
    /// for `measured`.
    pub async fn run<W>(
        meters: &Meters,
        threads: &Threads,
        rate: u32,
        warm_up: Duration,
        measured: Duration,
        call: impl Fn(u64) -> W + Send + 'static,
    ) -> anyhow::Result<Self>
    where
        W: Future<Output = Outcome<T>> + Send + 'static,
    {
        let handle = threads.handle()?;
        let begin = Instant::now();
        let schedule = Schedule { begin, rate, length: warm_up + measured };
        let calling = threads.spawn(async move { open_loop::run(&handle, schedule, call).await })?;
        let metered = meters.measure(begin + warm_up, measured).await;
        let calls = calling.await.context("the load generator panicked")??;
        let window = Window { from: micros(warm_up), to: micros(warm_up + measured) };
        Ok(Self { rate, begin, window, calls, metered })
    }

    /// The results of the successful calls.
    pub fn successes(&self) -> impl Iterator<Item = &T> {
        self.calls.iter().filter_map(|call| call.outcome.as_ref().ok())
    }

    /// The latency of every successful call from due to the instant that `end` returns.
    pub fn until(&self, end: impl Fn(&T) -> anyhow::Result<Instant>) -> anyhow::Result<Latency> {
        let mut times = Vec::with_capacity(self.calls.len());
        for call in &self.calls {
            let Ok(success) = &call.outcome else { continue };
            times.push((self.at(call.due), self.at(end(success)?)));
        }
        Ok(Seen::of(times).latency(self.window))
    }

    /// The result of the segment.
    pub fn phase(&self) -> CallPhase {
        let seconds = self.window.seconds();
        let seen = self.seen(|call| call.ended);
        let calls = seen.sent(self.window);
        let in_time =
            self.calls.iter().filter(|call| call.outcome.is_ok() && self.is_within(self.at(call.ended)));
        let answered = float(u64::try_from(in_time.count()).unwrap_or(u64::MAX));
        let due = |call: &&Call<Outcome<T>>| self.is_within(self.at(call.due));
        let failures: Vec<_> =
            self.calls.iter().filter(due).filter_map(|call| call.outcome.as_ref().err()).collect();
        let third = (self.window.to - self.window.from) / 3;
        let last_third = Window { from: self.window.to - third, ..self.window };
        let phase = CallPhase {
            rate: self.rate,
            seconds: round(seconds, 1),
            calls,
            failed: u64::try_from(failures.len()).unwrap_or(u64::MAX),
            failure: failures.first().map(|why| (*why).clone()),
            answered_per_s: round(share(answered, seconds), 1),
            latency: seen.latency(self.window),
            p99_at_end_ms: seen.latency(last_third).p99_ms,
            in_flight: seen.backlog(self.window),
            sustained: false,
            generator_behind: self.seen(|call| call.begun).latency(self.window),
            processes: self.metered.uses(float(calls), seconds),
        };
        CallPhase { sustained: phase.is_sustained(), ..phase }
    }

    /// Every call with the time when it was due and the time that `until` returns.
    fn seen(&self, until: impl Fn(&Call<Outcome<T>>) -> Instant) -> Seen {
        Seen::of(self.calls.iter().map(|call| (self.at(call.due), self.at(until(call)))).collect())
    }

    /// In µs after the beginning.
    fn at(&self, time: Instant) -> i64 {
        micros(time.saturating_duration_since(self.begin))
    }

    const fn is_within(&self, at: i64) -> bool {
        self.window.from <= at && at < self.window.to
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call per ms for three seconds; the first second is warm-up. `ended` returns the duration
    /// in ms and the result of each.
    fn segment(ended: impl Fn(u64) -> (u64, Outcome<u64>)) -> RunSegment<u64> {
        let begin = Instant::now();
        let ms = Duration::from_millis;
        let calls = (0..3_000).map(|number| {
            let (took, outcome) = ended(number);
            let due = begin + ms(number);
            Call { due, begun: due, ended: due + ms(took), outcome }
        });
        let window = Window { from: 1_000_000, to: 3_000_000 };
        RunSegment { rate: 1_000, begin, window, calls: calls.collect(), metered: MeteredInterval::nothing() }
    }

    #[test]
    fn counts_only_calls_due_in_the_window() {
        let phase = segment(|number| (if number < 1_000 { 900 } else { 4 }, Ok(number))).phase();
        assert_eq!((phase.calls, phase.failed), (2_000, 0));
        assert!((phase.latency.max_ms - 4.0).abs() < 1e-9 && (phase.p99_at_end_ms - 4.0).abs() < 1e-9);
    }

    #[test]
    fn a_constant_latency_is_sustained() {
        let phase = segment(|number| (4, Ok(number))).phase();
        assert_eq!(phase.why_not(), None);
        assert!((phase.answered_per_s - 1_000.0).abs() < 1e-9, "{}", phase.answered_per_s);
    }

    #[test]
    fn a_growing_latency_is_not_sustained() {
        let phase = segment(|number| (number / 10, Ok(number))).phase();
        assert!(!phase.sustained);
        assert!(phase.answered_per_s < 990.0, "{}", phase.answered_per_s);
    }

    #[test]
    fn one_failure_means_not_sustained_and_is_reported() {
        let refused = Err("503 BROKER_UNAVAILABLE".to_owned());
        let phase = segment(|number| (4, if number == 2_000 { refused.clone() } else { Ok(number) })).phase();
        assert_eq!((phase.failed, phase.failure.as_deref()), (1, Some("503 BROKER_UNAVAILABLE")));
        assert!(!phase.sustained);
    }

    #[test]
    fn later_instants_count_from_when_the_call_was_due() {
        let segment = segment(|number| (4, Ok(number)));
        let end = |number: &u64| Ok(segment.begin + Duration::from_millis(number + 3));
        assert!((segment.until(end).unwrap().p99_ms - 3.0).abs() < 1e-9);
        assert!(segment.until(|_| anyhow::bail!("never")).is_err());
    }
}
