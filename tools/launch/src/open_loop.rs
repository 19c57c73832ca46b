//! Calls at their due times, whatever the answers take: whoever is slow does not slow the asking down.

use anyhow::Context as _;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// A call that was made, and answered or given up.
#[derive(Debug, Clone)]
pub struct Call<T> {
    /// When it had to begin. Latency counts from here, or a stall would hide behind the calls that it held up.
    pub due: Instant,
    /// When it did begin: later by what the caller itself was late.
    pub begun: Instant,
    /// When it was over.
    pub ended: Instant,
    /// What came of it.
    pub outcome: T,
}

impl<T> Call<T> {
    /// How long it took from when it was due.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.ended.saturating_duration_since(self.due)
    }
}

/// When calls are due.
#[derive(Debug, Clone, Copy)]
pub struct Timetable {
    /// When the first is.
    pub begin: Instant,
    /// Calls per second, at least 1.
    pub rate: u32,
    /// How long calls become due.
    pub length: Duration,
}

impl Timetable {
    /// How many calls there are.
    #[must_use]
    pub fn calls(&self) -> u64 {
        let micros = u64::try_from(self.length.as_micros()).unwrap_or(u64::MAX);
        micros.saturating_mul(self.rate.max(1).into()) / 1_000_000
    }

    /// When the call of that number is due; the first is number 0.
    #[must_use]
    pub fn due(&self, number: u64) -> Instant {
        self.begin + Duration::from_nanos(number.saturating_mul(1_000_000_000) / u64::from(self.rate.max(1)))
    }
}

/// Makes every call of `timetable` on `threads`, evenly; ends when all are over. `call` is given the call's number, and has a
/// time-out of its own. When this future is dropped, calling ends.
///
/// # Errors
/// When a call panics, or `threads` end.
pub async fn make<T, W>(
    threads: &Handle,
    timetable: Timetable,
    call: impl Fn(u64) -> W + Send + 'static,
) -> anyhow::Result<Vec<Call<T>>>
where
    T: Send + 'static,
    W: Future<Output = T> + Send + 'static,
{
    let (hand_over, begun) = oneshot::channel();
    let workers = threads.clone();
    // A thread that sleeps: the runtime's own timers count in whole milliseconds.
    let pace = threads.spawn_blocking(move || {
        let mut calls = JoinSet::new();
        for number in 0..timetable.calls() {
            let due = timetable.due(number);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if hand_over.is_closed() {
                return;
            }
            calls.spawn_on(timed(due, call(number)), &workers);
        }
        // Nobody waits any more: dropped, the calls end.
        drop(hand_over.send(calls));
    });
    let mut calls = begun.await.context("the calling ended before its time")?;
    pace.await.context("the calling ended")?;
    let mut made = Vec::with_capacity(calls.len());
    while let Some(call) = calls.join_next().await {
        made.push(call.context("a call ended before its time")?);
    }
    Ok(made)
}

async fn timed<T>(due: Instant, work: impl Future<Output = T>) -> Call<T> {
    let begun = Instant::now();
    let outcome = work.await;
    Call { due, begun, ended: Instant::now(), outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timetable(rate: u32, length: Duration) -> Timetable {
        Timetable { begin: Instant::now(), rate, length }
    }

    #[test]
    fn calls_are_due_evenly() {
        let timetable = timetable(400, Duration::from_millis(2_500));
        assert_eq!(timetable.calls(), 1_000);
        assert_eq!(timetable.due(0), timetable.begin);
        assert_eq!(timetable.due(400), timetable.begin + Duration::from_secs(1));
        assert_eq!(timetable.due(999), timetable.begin + Duration::from_micros(2_497_500));
    }

    #[tokio::test]
    async fn a_slow_answer_holds_no_other_call_up_and_counts_in_full() {
        // All but the first wait until every call was made: who asks one after the other never gets there.
        let slow = Duration::from_millis(300);
        let timetable = timetable(1_000, Duration::from_millis(50));
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
        let made = make(&Handle::current(), timetable, call).await.unwrap();
        assert_eq!(made.len(), 50);
        for call in &made {
            assert_eq!(call.due, timetable.due(call.outcome));
            assert!(call.begun >= call.due && call.ended >= call.begun);
            assert!(call.took() >= slow - Duration::from_millis(50), "{call:?}");
        }
    }

    #[tokio::test]
    async fn a_call_that_begins_late_counts_from_when_it_was_due() {
        let begin = Instant::now().checked_sub(Duration::from_millis(500)).unwrap();
        let timetable = Timetable { begin, rate: 1_000, length: Duration::from_millis(50) };
        let made = make(&Handle::current(), timetable, std::future::ready).await.unwrap();
        assert_eq!(made.len(), 50);
        assert!(made.iter().all(|call| call.took() >= Duration::from_millis(450)), "{made:?}");
    }

    #[tokio::test]
    async fn calling_ends_with_whoever_waits_for_it() {
        let (made, mut seen) = tokio::sync::mpsc::unbounded_channel();
        let call = move |number: u64| {
            made.send(number).unwrap_or_default();
            std::future::ready(())
        };
        let forever = timetable(1_000, Duration::from_secs(3_600));
        let threads = Handle::current();
        let calling = tokio::spawn(async move { make(&threads, forever, call).await.map(drop) });
        seen.recv().await.unwrap();
        calling.abort();
        // The channel closes when the closure is dropped, with the thread that held it.
        while seen.recv().await.is_some() {}
    }
}
