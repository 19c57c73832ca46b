//! The queue of one partition: collects a batch and sends it until it is acknowledged, then the
//! next one.

use super::record::{Outgoing, Position, SentEvent};
use crate::error::SimulatorError;
use crate::history::History;
use crate::statistics::Counters;
use runtime::kafka::{NewRecord, PublishError, TopicWriter};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long one publication may take before it is started again.
const ATTEMPT: Duration = Duration::from_secs(10);
/// The pause between publications of the same batch.
const PAUSE: Duration = Duration::from_millis(200);

/// The queue of one partition.
pub(super) struct PartitionQueue {
    pub(super) partition: i32,
    pub(super) writer: TopicWriter,
    pub(super) linger: Duration,
    pub(super) flush: Option<Duration>,
    pub(super) max_batch: usize,
    pub(super) publish_timeout: Duration,
    pub(super) history: Arc<History<SentEvent>>,
    pub(super) counters: Arc<Counters>,
}

impl PartitionQueue {
    /// Sends records until the queue is closed and empty.
    pub(super) async fn run(self, mut events: mpsc::Receiver<Outgoing>) {
        let mut batch = Vec::new();
        let mut is_busy = false;
        while events.recv_many(&mut batch, self.max_batch).await > 0 {
            let wait = self.flush.or(is_busy.then_some(self.linger));
            if let Some(wait) = wait
                && batch.len() < self.max_batch
            {
                tokio::time::sleep(wait).await;
                while batch.len() < self.max_batch
                    && let Ok(more) = events.try_recv()
                {
                    batch.push(more);
                }
            }
            // A single event does not wait for others that never come.
            is_busy = batch.len() > 1;
            for lost in batch.extract_if(.., |outgoing| outgoing.is_lost()) {
                lost.fail(SimulatorError::Lost);
            }
            if batch.is_empty() {
                continue;
            }
            let outcome = self.publish(&batch).await;
            self.report_outcome(&mut batch, outcome);
        }
    }

    /// Publishes the batch, repeatedly if necessary, with the same records, so that consumers can
    /// recognise copies.
    async fn publish(&self, batch: &[Outgoing]) -> Result<Vec<i64>, Arc<PublishError>> {
        let end = Instant::now() + self.publish_timeout;
        loop {
            let records: Vec<NewRecord> = batch.iter().map(|outgoing| outgoing.record.clone()).collect();
            let left = end.saturating_duration_since(Instant::now());
            let publication = self.writer.publish(self.partition, records, left.min(ATTEMPT));
            match Box::pin(publication).await {
                Ok(offsets) => return Ok(offsets),
                Err(_) if Instant::now() + PAUSE < end => {
                    self.counters.batches_repeated.increment();
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(Arc::new(error)),
            }
        }
    }

    fn report_outcome(&self, batch: &mut Vec<Outgoing>, outcome: Result<Vec<i64>, Arc<PublishError>>) {
        match outcome {
            Ok(offsets) => {
                self.counters.events_sent.add(batch.len());
                for (sent, offset) in batch.drain(..).zip(offsets) {
                    self.acknowledge(sent, offset);
                }
            }
            Err(error) => {
                tracing::error!(
                    partition = self.partition,
                    events = batch.len(),
                    %error,
                    "Kafka did not acknowledge events"
                );
                self.counters.events_failed.add(batch.len());
                for reply in batch.drain(..).filter_map(|lost| lost.reply) {
                    // A caller may no longer wait; the failure is counted and logged anyway.
                    drop(reply.send(Err(SimulatorError::NotSent(Arc::clone(&error)))));
                }
            }
        }
    }

    fn acknowledge(&self, sent: Outgoing, offset: i64) {
        if sent.event.is_none() && sent.reply.is_none() {
            return;
        }
        let position = Position {
            partition: self.partition,
            offset,
            sent_at: sent.record.timestamp,
            acknowledged_at: runtime::clock::now(),
        };
        if let Some(event) = sent.event {
            self.history.push(SentEvent { event, position });
        }
        if let Some(reply) = sent.reply {
            drop(reply.send(Ok(position)));
        }
    }
}
