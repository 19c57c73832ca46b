//! An open-loop load generator: calls begin at their due times, however long earlier responses
//! take.

use anyhow::Context as _;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// A call that has ended.
#[derive(Debug, Clone)]
pub struct Call<T> {
    /// When the call should begin. Latency counts from here; otherwise a stall would hide the delay
    /// of the calls behind it.
    pub due: Instant,
    /// When the call began; later than `due` if the generator itself is late.
    pub begun: Instant,
    /// When the call ended.
    pub ended: Instant,
    /// The result of the call.
    pub outcome: T,
}

impl<T> Call<T> {
    /// The duration from when the call was due.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.ended.saturating_duration_since(self.due)
    }
}

/// When calls are due.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// When the first call is due.
    pub begin: Instant,
    /// Calls per second, at least 1.
    pub rate: u32,
    /// For how long calls become due.
    pub length: Duration,
}

impl Schedule {
    /// The number of calls.
    #[must_use]
    pub fn calls(&self) -> u64 {
        let micros = u64::try_from(self.length.as_micros()).unwrap_or(u64::MAX);
        micros.saturating_mul(self.rate.max(1).into()) / 1_000_000
    }

    /// When the call with this number is due; the first has number 0.
    #[must_use]
    pub fn due(&self, number: u64) -> Instant {
        self.begin + Duration::from_nanos(number.saturating_mul(1_000_000_000) / u64::from(self.rate.max(1)))
    }
}

/// Starts every call of `schedule`, spread evenly over `threads`, and returns when all have ended.
/// `call` receives the call's number, and must have a time-out of its own. Dropping this future
/// stops further calls.
///
/// # Errors
/// When a call panics, or `threads` end.
pub async fn run<T, W>(
    threads: &Handle,
    schedule: Schedule,
    call: impl Fn(u64) -> W + Send + 'static,
) -> anyhow::Result<Vec<Call<T>>>
where
    T: Send + 'static,
    W: Future<Output = T> + Send + 'static,
{
    let (calls_sender, calls_receiver) = oneshot::channel();
    let workers = threads.clone();
    // A sleeping thread: the runtime's timers have a resolution of a millisecond.
    let pace = threads.spawn_blocking(move || {
        let mut calls = JoinSet::new();
        for number in 0..schedule.calls() {
            let due = schedule.due(number);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if calls_sender.is_closed() {
                return;
            }
            calls.spawn_on(timed(due, call(number)), &workers);
        }
        // The receiver is gone: the calls end when they are dropped.
        drop(calls_sender.send(calls));
    });
    let mut calls = calls_receiver.await.context("the call generator ended early")?;
    pace.await.context("the call generator panicked")?;
    let mut ended = Vec::with_capacity(calls.len());
    while let Some(call) = calls.join_next().await {
        ended.push(call.context("a call panicked")?);
    }
    Ok(ended)
}

async fn timed<T>(due: Instant, work: impl Future<Output = T>) -> Call<T> {
    let begun = Instant::now();
    let outcome = work.await;
    Call { due, begun, ended: Instant::now(), outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(rate: u32, length: Duration) -> Schedule {
        Schedule { begin: Instant::now(), rate, length }
    }

    #[test]
    fn calls_are_due_evenly() {
        let schedule = schedule(400, Duration::from_millis(2_500));
        assert_eq!(schedule.calls(), 1_000);
        assert_eq!(schedule.due(0), schedule.begin);
        assert_eq!(schedule.due(400), schedule.begin + Duration::from_secs(1));
        assert_eq!(schedule.due(999), schedule.begin + Duration::from_micros(2_497_500));
    }

    #[tokio::test]
    async fn a_slow_response_delays_no_other_call_and_counts_in_full() {
        // All but the first wait until every call has started, which a closed loop would never
        // reach.
        let slow = Duration::from_millis(300);
        let schedule = schedule(1_000, Duration::from_millis(50));
        let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(50));
        let call = move |number| {
            let barrier = std::sync::Arc::clone(&barrier);
            async move {
                if number == 0 {
                    tokio::time::sleep(slow).await;
                }
                barrier.wait().await;
                number
            }
        };
        let calls = run(&Handle::current(), schedule, call).await.unwrap();
        assert_eq!(calls.len(), 50);
        for call in &calls {
            assert_eq!(call.due, schedule.due(call.outcome));
            assert!(call.begun >= call.due && call.ended >= call.begun);
            assert!(call.took() >= slow - Duration::from_millis(50), "{call:?}");
        }
    }

    #[tokio::test]
    async fn a_call_that_begins_late_counts_from_when_it_was_due() {
        let begin = Instant::now().checked_sub(Duration::from_millis(500)).unwrap();
        let schedule = Schedule { begin, rate: 1_000, length: Duration::from_millis(50) };
        let calls = run(&Handle::current(), schedule, std::future::ready).await.unwrap();
        assert_eq!(calls.len(), 50);
        assert!(calls.iter().all(|call| call.took() >= Duration::from_millis(450)), "{calls:?}");
    }

    #[tokio::test]
    async fn dropping_the_future_stops_further_calls() {
        let (started, mut seen) = tokio::sync::mpsc::unbounded_channel();
        let call = move |number: u64| {
            started.send(number).unwrap_or_default();
            std::future::ready(())
        };
        let forever = schedule(1_000, Duration::from_secs(3_600));
        let threads = Handle::current();
        let calling = tokio::spawn(async move { run(&threads, forever, call).await.map(drop) });
        seen.recv().await.unwrap();
        calling.abort();
        // The channel closes when the closure is dropped, with the thread that owned it.
        while seen.recv().await.is_some() {}
    }
}
