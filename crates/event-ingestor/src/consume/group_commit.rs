//! Group commit: small batches of several partitions share a transaction.
//!
//! A transaction costs more than ten events. While one is being written, small batches of other
//! partitions wait and are then written together, so transactions grow with the load. A batch that
//! arrives when nothing is being written goes after [`GATHER`], unless the last transaction began less than
//! [`PACE`] ago, or [`BUSY_PACE`] if it had batches of several partitions. A transaction that takes
//! long, for example because it waits for a lock, does not hold up other partitions for longer than
//! [`PATIENCE`].
//!
//! A shared transaction is only an attempt. If it fails, or a replica has lost one of its partitions,
//! each partition finds out what it led to and writes its batch apart, as if it had been alone. So a
//! record that PostgreSQL refuses delays other partitions by one attempt.

use crate::consume::batch_writer::{BatchWriter, PartitionBatch};
use crate::consume::fold::Tally;
use crate::metrics::groups::GroupMetrics;
use runtime::causes;
use runtime::kafka::Fetched;
use runtime::lock::MutexExt as _;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use storage::StorageError;
use storage::ingest::batch::Written;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

/// The least time between the beginnings of two transactions, unless one is full. A lone event waits
/// for it at most once, and is visible within 20 ms.
const PACE: Duration = Duration::from_millis(12);
/// The same after a transaction with at least [`SEVERAL`] batches, since events arrive so often that the
/// next one has several, too. It saves two transactions in five, for 4 ms of the mean latency.
const BUSY_PACE: Duration = Duration::from_millis(20);
/// See [`BUSY_PACE`].
const SEVERAL: usize = 4;
/// How long the first batch of a transaction waits at least. A shared fetch returns batches of several
/// partitions, which arrive one after the other: without it the first of them would go alone.
const GATHER: Duration = Duration::from_millis(1);
/// After this time another transaction begins although one is being written.
const PATIENCE: Duration = Duration::from_millis(100);
/// A batch of this many records, or of [`LARGE_BYTES`], gains nothing from sharing a transaction.
const LARGE: usize = 64;
const LARGE_BYTES: usize = 64 * 1024;
/// As many waiting records begin another transaction although one is being written.
const FULL: usize = 96;
/// The most records of a shared transaction.
const MOST: usize = 384;

/// Whether fetched records are a small batch, which shares a transaction.
pub(crate) fn is_small(fetched: &Fetched) -> bool {
    let bytes = || fetched.records.iter().filter_map(|record| record.value.as_ref()).map(Vec::len);
    fetched.records.len() < LARGE && bytes().sum::<usize>() < LARGE_BYTES
}

/// The outcome of an attempt for one of its partitions.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// The batch is committed.
    Committed(Tally),
    /// Nothing was written: write the batch apart.
    Failed,
    /// It is not known whether the batch was written: read the partition's row, then write the batch
    /// apart if it was not.
    Unknown,
    /// The task was asked to stop before the attempt began.
    Withdrawn,
}

/// Writes batches, each of another partition, in one transaction.
pub(crate) trait WriteBatches: Send + Sync + 'static {
    /// Makes one attempt; returns the tallies in the same order.
    ///
    /// # Errors
    /// If PostgreSQL fails. If the error is transient, the batches may or may not be written.
    fn write(
        &self,
        batches: Vec<PartitionBatch>,
    ) -> impl Future<Output = Result<(Written, Vec<Tally>), StorageError>> + Send;
}

impl WriteBatches for BatchWriter {
    async fn write(&self, batches: Vec<PartitionBatch>) -> Result<(Written, Vec<Tally>), StorageError> {
        Self::write(self, batches).await
    }
}

/// The small batches of a replica.
pub(crate) struct GroupCommit<W = BatchWriter> {
    writer: Arc<W>,
    metrics: GroupMetrics,
    /// Limits the transactions that are written at the same time, with those of large batches.
    turns: Arc<Semaphore>,
    queue: Mutex<Queue>,
    arrived: Notify,
}

/// The batches that wait, in order of arrival.
#[derive(Debug, Default)]
struct Queue(VecDeque<Waiting>);

#[derive(Debug)]
struct Waiting {
    part: PartitionBatch,
    arrived: Instant,
    /// The span of the batch.
    span: Span,
    answer: oneshot::Sender<Attempt>,
}

impl<W: WriteBatches> GroupCommit<W> {
    /// Nothing waits yet; [`run`](Self::run) must run.
    pub(crate) fn new(writer: Arc<W>, metrics: GroupMetrics, turns: Arc<Semaphore>) -> Self {
        Self { writer, metrics, turns, queue: Mutex::default(), arrived: Notify::new() }
    }

    /// Attempts to write a batch, with those of other partitions. If the task is asked to stop, it
    /// waits only for an attempt that has begun.
    pub(crate) async fn write(&self, part: PartitionBatch, stop: &CancellationToken) -> Attempt {
        let (partition, epoch) = (part.step.lease.partition, part.step.lease.epoch);
        let (answer, mut answered) = oneshot::channel();
        let waiting = Waiting { part, arrived: Instant::now(), span: Span::current(), answer };
        self.queue.locked().0.push_back(waiting);
        self.arrived.notify_one();
        let attempt = match stop.run_until_cancelled(&mut answered).await {
            Some(attempt) => attempt,
            None if self.withdraw(partition, epoch) => return Attempt::Withdrawn,
            None => answered.await,
        };
        // The attempt may have been written before its task died.
        attempt.unwrap_or(Attempt::Unknown)
    }

    fn withdraw(&self, partition: i32, epoch: i64) -> bool {
        self.queue.locked().withdraw(partition, epoch)
    }

    /// Writes what waits, until aborted.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut writes = JoinSet::new();
        let (mut began, mut pace): (Option<Instant>, _) = (None, PACE);
        loop {
            let pause = if writes.is_empty() { pace } else { PATIENCE };
            let paced = began.map(|began| began + pause);
            let due = self.queue.locked().due().map(|due| paced.map_or(due, |paced| due.max(paced)));
            let is_full = self.queue.locked().records() >= FULL;
            if is_full || due.is_some_and(|due| due <= Instant::now()) {
                // The semaphore is never closed. More batches may arrive meanwhile.
                let Ok(turn) = Arc::clone(&self.turns).acquire_owned().await else { return };
                began = Some(Instant::now());
                let group = self.queue.locked().take();
                if !group.is_empty() {
                    pace = if group.len() < SEVERAL { PACE } else { BUSY_PACE };
                    writes.spawn(Arc::clone(&self).write_group(group, turn));
                }
                continue;
            }
            tokio::select! {
                () = self.arrived.notified() => {}
                Some(_written) = writes.join_next() => {}
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            }
        }
    }

    async fn write_group(self: Arc<Self>, group: Vec<Waiting>, turn: OwnedSemaphorePermit) {
        let span = group.first().map_or_else(Span::none, |first| first.span.clone());
        let mut parts = Vec::new();
        let mut answers = Vec::new();
        for Waiting { part, answer, .. } in group {
            parts.push(part);
            answers.push(answer);
        }
        self.metrics.transaction(parts.len());
        let outcome = self.writer.write(parts).instrument(span).await;
        drop(turn);
        if let Err(error) = &outcome {
            tracing::warn!(
                partitions = answers.len(),
                error = causes(error),
                "a transaction with batches of several partitions failed; each partition writes its batch apart"
            );
        }
        // A task that no longer waits has died with its partition.
        for (answer, attempt) in answers.into_iter().zip(attempts(outcome)) {
            drop(answer.send(attempt));
        }
    }
}

/// The attempts of all partitions of a transaction, in order.
fn attempts(
    outcome: Result<(Written, Vec<Tally>), StorageError>,
) -> Box<dyn Iterator<Item = Attempt> + Send> {
    match outcome {
        Ok((Written::Committed, tallies)) => Box::new(tallies.into_iter().map(Attempt::Committed)),
        Ok((Written::LeaseLost, _)) => Box::new(std::iter::repeat_with(|| Attempt::Failed)),
        Err(error) if error.is_transient() => Box::new(std::iter::repeat_with(|| Attempt::Unknown)),
        Err(_refused) => Box::new(std::iter::repeat_with(|| Attempt::Failed)),
    }
}

impl Queue {
    /// The number of records that wait. A batch may have none.
    fn records(&self) -> usize {
        self.0.iter().map(|waiting| waiting.part.batch.len()).sum()
    }

    /// When the first batch has waited for [`GATHER`]; `None` if no batch waits.
    fn due(&self) -> Option<Instant> {
        self.0.front().map(|first| first.arrived + GATHER)
    }

    /// Removes the first batches, up to [`MOST`] records but at least one batch. A partition is in
    /// it once: its next batch begins where this one ends.
    fn take(&mut self) -> Vec<Waiting> {
        let mut records = 0;
        let fits = |waiting: &&Waiting| {
            records += waiting.part.batch.len();
            records <= MOST
        };
        let number = self.0.iter().take_while(fits).count().max(1).min(self.0.len());
        self.0.drain(..number).collect()
    }

    /// Removes the batch of a partition; returns whether it waited.
    fn withdraw(&mut self, partition: i32, epoch: i64) -> bool {
        let is_it = |waiting: &Waiting| {
            let lease = &waiting.part.step.lease;
            lease.partition == partition && lease.epoch == epoch
        };
        let index = self.0.iter().position(is_it);
        index.and_then(|index| self.0.remove(index)).is_some()
    }
}

#[cfg(test)]
mod tests;
