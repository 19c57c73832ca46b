//! Limits the rate of a pod's events: at most one event per interval; the others wait in its queue.

use super::Publisher;
use super::record::Outgoing;
use crate::error::SimulatorError;
use runtime::lock::MutexExt as _;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A pod's queue.
#[derive(Debug)]
pub(crate) struct Pacer {
    interval: Duration,
    sender: mpsc::Sender<Outgoing>,
    receiver: Mutex<Option<mpsc::Receiver<Outgoing>>>,
}

impl Pacer {
    /// A queue for `capacity` events, of which one is sent per `interval`.
    pub(crate) fn new(interval: Duration, capacity: usize) -> Self {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        Self { interval, sender, receiver: Mutex::new(Some(receiver)) }
    }

    /// Adds an event to the queue; if there is no room, the event is lost.
    pub(crate) fn enqueue(&self, outgoing: Outgoing, publisher: &Publisher) {
        if let Err(mpsc::error::TrySendError::Full(lost) | mpsc::error::TrySendError::Closed(lost)) =
            self.sender.try_send(outgoing)
        {
            publisher.counters.events_dropped.increment();
            lost.fail(SimulatorError::Lost);
        }
    }

    /// Passes the events to the publisher, one per interval, until it is dropped. Only the first
    /// call does so.
    pub(crate) async fn run(&self, publisher: &Publisher) {
        let receiver = self.receiver.locked().take();
        let Some(mut queue) = receiver else { return };
        let mut free_at = Instant::now();
        while let Some(outgoing) = queue.recv().await {
            if outgoing.is_lost_before(free_at).await {
                outgoing.fail(SimulatorError::Lost);
                continue;
            }
            free_at = Instant::now() + self.interval;
            if let Err(error) = publisher.enqueue(outgoing.with_timestamp(runtime::clock::now())).await {
                tracing::debug!(%error, "an event is not sent");
            }
        }
    }
}
