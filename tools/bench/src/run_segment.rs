//! A segment of calls at a constant rate, to a service or the floor, and its results.

use crate::load::Threads;
use crate::meters::{MeteredInterval, Meters, ProcessUse};
use crate::numbers::{float, round, share};
use crate::report::{CallPhase, Latency};
use crate::visibility::{Backlog, Seen, Window};
use anyhow::Context as _;
use launch::open_loop::{self, Call, Schedule};
use std::time::{Duration, Instant};

/// The result of a call, or the reason of its failure.
pub type Outcome<T> = Result<T, String>;

/// A finished segment: every call has succeeded or failed. It can consist of several rounds, between
/// which something else was measured.
pub struct RunSegment<T> {
    rate: u32,
    rounds: Vec<Round<T>>,
}

/// Calls without a pause.
struct Round<T> {
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
        Ok(Self { rate, rounds: vec![Round { begin, window, calls, metered }] })
    }

    /// Appends the rounds of a later segment of the same rate and length.
    pub fn append(&mut self, later: Self) {
        self.rounds.extend(later.rounds);
    }

    /// The results of the successful calls.
    pub fn successes(&self) -> impl Iterator<Item = &T> {
        let calls = self.rounds.iter().flat_map(|round| &round.calls);
        calls.filter_map(|call| call.outcome.as_ref().ok())
    }

    /// The latency of every successful call from due to the instant that `end` returns.
    pub fn until(&self, end: impl Fn(&T) -> anyhow::Result<Instant>) -> anyhow::Result<Latency> {
        let mut latencies = Vec::new();
        for round in &self.rounds {
            let mut times = Vec::with_capacity(round.calls.len());
            for call in &round.calls {
                let Ok(success) = &call.outcome else { continue };
                times.push((round.at(call.due), round.at(end(success)?)));
            }
            latencies.extend(Seen::of(times).latencies(round.window));
        }
        Ok(Latency::of(latencies))
    }

    /// The result of the segment: of all rounds together.
    pub fn phase(&self) -> CallPhase {
        let seconds: f64 = self.rounds.iter().map(|round| round.window.seconds()).sum();
        let of_rounds = |of: fn(&Round<T>) -> u64| self.rounds.iter().map(of).sum::<u64>();
        let answered = float(of_rounds(Round::answered));
        let failures: Vec<_> = self.rounds.iter().flat_map(Round::failures).collect();
        let backlogs: Vec<_> =
            self.rounds.iter().map(|round| round.seen(|call| call.ended).backlog(round.window)).collect();
        let processes: Vec<_> = self.rounds.iter().map(Round::processes).collect();
        let phase = CallPhase {
            rate: self.rate,
            seconds: round(seconds, 1),
            calls: of_rounds(Round::due),
            failed: u64::try_from(failures.len()).unwrap_or(u64::MAX),
            failure: failures.first().map(|why| (*why).clone()),
            answered_per_s: round(share(answered, seconds), 1),
            latency: self.latency(|round| round.window, |call| call.ended),
            p99_at_end_ms: self.latency(Round::last_third, |call| call.ended).p99_ms,
            in_flight: Backlog::of_rounds(&backlogs),
            sustained: false,
            generator_behind: self.latency(|round| round.window, |call| call.begun),
            processes: ProcessUse::of_rounds(&processes),
        };
        CallPhase { sustained: phase.is_sustained(), ..phase }
    }

    /// From due to the time that `until` returns, of every call that was due in the windows.
    fn latency(&self, window: fn(&Round<T>) -> Window, until: fn(&Call<Outcome<T>>) -> Instant) -> Latency {
        let mut latencies = Vec::new();
        for round in &self.rounds {
            latencies.extend(round.seen(until).latencies(window(round)));
        }
        Latency::of(latencies)
    }
}

impl<T> Round<T> {
    /// The number of calls that were due in the window.
    fn due(&self) -> u64 {
        self.seen(|call| call.due).sent(self.window)
    }

    /// The number of successful responses in the window.
    fn answered(&self) -> u64 {
        let in_time =
            self.calls.iter().filter(|call| call.outcome.is_ok() && self.is_within(self.at(call.ended)));
        u64::try_from(in_time.count()).unwrap_or(u64::MAX)
    }

    /// The failures of calls that were due in the window.
    fn failures(&self) -> impl Iterator<Item = &String> {
        let due = self.calls.iter().filter(|call| self.is_within(self.at(call.due)));
        due.filter_map(|call| call.outcome.as_ref().err())
    }

    /// The use of each process in the window, per call.
    fn processes(&self) -> Vec<ProcessUse> {
        self.metered.uses(float(self.due()), self.window.seconds())
    }

    fn last_third(&self) -> Window {
        let third = (self.window.to - self.window.from) / 3;
        Window { from: self.window.to - third, ..self.window }
    }

    /// Every call with the time when it was due and the time that `until` returns.
    fn seen(&self, until: fn(&Call<Outcome<T>>) -> Instant) -> Seen {
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
mod tests;
