//! The partitions that wait for the next request to a broker, and the connections to it.

use std::time::Duration;

use tokio::{sync::oneshot, time::Instant};

use super::{Shared, pace::Pace};
use crate::kafka::{exchange::Exchange, fetch_many::FetchPart};

/// A partition that waits for records.
pub(super) struct Waiting {
    pub(super) part: FetchPart,
    pub(super) until: Instant,
    pub(super) answer: oneshot::Sender<Shared>,
}

impl Waiting {
    /// Answers the partition, unless its fetch was cancelled.
    pub(super) fn answer(self, outcome: Shared) {
        drop(self.answer.send(outcome));
    }
}

/// What waits for one broker.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Vec<Waiting>,
    /// Whether a request will begin soon.
    is_due: bool,
    /// The next request begins at this time at the earliest.
    paced_until: Option<Instant>,
    /// Until when the broker accepts no requests.
    throttled_until: Option<Instant>,
    /// The open connections without a request, each with the time of its last response.
    unused: Vec<(Instant, Exchange)>,
}

impl Queue {
    /// Adds partitions; returns the time at which the caller must send a request for all that wait
    /// then, or `None` if one will be sent anyway. A partition that waits already fetches alone,
    /// because a request has each partition once.
    pub(super) fn add(&mut self, waiting: Vec<Waiting>) -> Option<Instant> {
        for waiting in waiting.into_iter().filter(|waiting| !waiting.answer.is_closed()) {
            if self.waiting.iter().any(|other| other.part.partition == waiting.part.partition) {
                waiting.answer(Shared::Alone);
            } else {
                self.waiting.push(waiting);
            }
        }
        if self.is_due || self.waiting.is_empty() {
            return None;
        }
        self.is_due = true;
        Some(self.paced_until.max(self.throttled_until).unwrap_or_else(Instant::now))
    }

    /// Begins a request with the partitions that wait and were not cancelled.
    pub(super) fn take(&mut self) -> Vec<Waiting> {
        self.is_due = false;
        self.delay_until(Pace::after_request(Instant::now()));
        self.waiting.drain(..).filter(|waiting| !waiting.answer.is_closed()).collect()
    }

    /// Delays the next request, so that it gathers partitions.
    pub(super) fn delay_until(&mut self, earliest: Instant) {
        self.paced_until = Some(earliest);
    }

    /// An open connection that was unused for less than `idle`.
    pub(super) fn connection(&mut self, idle: Duration) -> Option<Exchange> {
        self.close_idle(idle);
        self.unused.pop().map(|(_, exchange)| exchange)
    }

    /// Closes connections that were unused for longer than `idle`; returns whether nothing else is in
    /// the queue.
    pub(super) fn close_idle(&mut self, idle: Duration) -> bool {
        self.unused.retain(|(used, exchange)| used.elapsed() < idle && exchange.is_in_session());
        self.unused.is_empty() && self.waiting.is_empty() && !self.is_due && self.throttled().is_zero()
    }

    /// Keeps a connection for the next request, which waits out the throttle of the broker.
    pub(super) fn release(&mut self, exchange: Exchange, throttled: Duration) {
        let now = Instant::now();
        self.unused.push((now, exchange));
        if !throttled.is_zero() {
            self.throttled_until = self.throttled_until.max(Some(now + throttled));
        }
    }

    /// For how long the broker accepts no further requests.
    pub(super) fn throttled(&self) -> Duration {
        self.throttled_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }
}
