//! Writing a batch through every failure of PostgreSQL: in the end it is committed, or another
//! replica owns the partition.

use super::refusal::Verdict;
use super::{Ended, PartitionTask, new_backoff};
use crate::consume::batch::Batch;
use crate::consume::batch_writer::PartitionBatch;
use crate::consume::fold::Tally;
use crate::consume::group_commit::Attempt;
use runtime::Backoff;
use runtime::causes;
use std::sync::Arc;
use std::time::Instant;
use storage::ingest::batch::Written;
use storage::ingest::partitions::{self, Checkpoint, PartitionLease, PartitionStep};
use storage::{PooledConnection, StorageError};

/// A batch that timed out this often is too large.
const TOO_SLOW: u32 = 2;

impl PartitionTask {
    /// Writes `batch` in one transaction with small batches of other partitions; `None` when it is
    /// committed. If that fails, it is written apart.
    pub(super) async fn write_with_others(&mut self, batch: Batch) -> Option<Ended> {
        let (checkpoint, started) = (batch.checkpoint(self.last_record), Instant::now());
        let batch = Arc::new(batch);
        let attempt = self.group_commit.write(self.part(checkpoint, &batch), &self.stop).await;
        let settled = match attempt {
            Attempt::Committed(tally) => Some(Settled::Committed(Some(tally))),
            Attempt::Failed => None,
            Attempt::Unknown => self.find_out(checkpoint, &mut new_backoff()).await,
            Attempt::Withdrawn => Some(Settled::Stopped),
        };
        match settled {
            Some(Settled::Committed(tally)) => {
                self.committed(checkpoint, &batch, tally.as_ref(), started);
                return None;
            }
            Some(Settled::Overtaken) => {
                self.metrics.fenced();
                return Some(Ended::LeaseLost);
            }
            Some(Settled::Stopped) => return Some(Ended::Stopped),
            Some(Settled::Refused(_) | Settled::TooSlow) | None => {}
        }
        self.metrics.groups.apart();
        let Some(_turn) = self.turn().await else { return Some(Ended::Stopped) };
        // No other task holds it: the attempt has ended.
        let Ok(batch) = Arc::try_unwrap(batch) else { return Some(Ended::LeaseLost) };
        self.write(batch).await
    }

    /// Writes `batch`; `None` when it is committed. A batch that PostgreSQL refuses is halved, down
    /// to the record at fault, which becomes a dead letter. A batch that times out is halved too,
    /// but no record is blamed. While the database may be at fault, the partition waits.
    pub(super) async fn write(&mut self, batch: Batch) -> Option<Ended> {
        let mut waiting = vec![batch];
        let mut backoff = new_backoff();
        while let Some(batch) = waiting.pop() {
            let checkpoint = batch.checkpoint(self.last_record);
            let batch = Arc::new(batch);
            let started = Instant::now();
            match self.settle(checkpoint, || self.write_once(checkpoint, &batch)).await {
                Settled::Committed(tally) => {
                    self.committed(checkpoint, &batch, tally.as_ref(), started);
                    backoff.reset();
                }
                Settled::Overtaken => {
                    self.metrics.fenced();
                    return Some(Ended::LeaseLost);
                }
                Settled::Stopped => return Some(Ended::Stopped),
                Settled::Refused(error) => {
                    if self.stop.is_cancelled() {
                        return Some(Ended::Stopped);
                    }
                    // No other task holds it: the call that did has returned.
                    let Ok(batch) = Arc::try_unwrap(batch) else {
                        return Some(Ended::LeaseLost);
                    };
                    waiting.extend(self.divide(batch, &error, &mut backoff).await);
                }
                Settled::TooSlow => {
                    let Ok(batch) = Arc::try_unwrap(batch) else {
                        return Some(Ended::LeaseLost);
                    };
                    waiting.extend(self.halve_slow(batch));
                }
            }
        }
        None
    }

    /// The batches to write, last first, after PostgreSQL refused `batch`: its halves, or the
    /// single record again, after a pause or as a dead letter.
    async fn divide(&mut self, batch: Batch, error: &StorageError, backoff: &mut Backoff) -> Vec<Batch> {
        let (partition, records) = (self.lease.partition, batch.items.len());
        let batch = match batch.halve() {
            Ok((first, second)) => {
                tracing::error!(
                    partition,
                    records,
                    error = causes(error),
                    "PostgreSQL refused a batch; writing it in halves"
                );
                return vec![second, first];
            }
            Err(single) => single,
        };
        let writes_otherwise = self.probe().await.is_ok();
        if self.refusals.judge(error, writes_otherwise, tokio::time::Instant::now()) == Verdict::Record {
            let offset = batch.items.first().map(|item| item.record.offset);
            tracing::error!(
                partition,
                offset,
                error = causes(error),
                "PostgreSQL refused a record; it becomes a dead letter"
            );
            backoff.reset();
            return vec![batch.refused(&causes(error))];
        }
        tracing::warn!(
            partition,
            writes_otherwise,
            error = causes(error),
            pause_ms = backoff.peek().as_millis(),
            "PostgreSQL refused a record and may itself be at fault; writing the record again after the pause"
        );
        self.metrics.write_deferred();
        self.wait(backoff).await;
        vec![batch]
    }

    /// The batches to write, last first, after `batch` timed out.
    fn halve_slow(&mut self, batch: Batch) -> Vec<Batch> {
        self.fetch_size.too_large();
        let records = batch.items.len();
        tracing::warn!(
            partition = self.lease.partition,
            records,
            "a batch timed out repeatedly; writing it in halves and fetching less"
        );
        match batch.halve() {
            Ok((first, second)) => vec![second, first],
            Err(single) => vec![single],
        }
    }

    /// Tests whether PostgreSQL writes at all: updates the partition's row without effect.
    async fn probe(&self) -> Result<(), StorageError> {
        let lease = self.lease.clone();
        let write = async move |mut connection: PooledConnection| {
            partitions::probe_write(&mut connection, &lease).await
        };
        self.database.run(write).await
    }

    /// Takes over the committed checkpoint.
    fn advance_to(&mut self, checkpoint: Checkpoint) {
        self.lease.next_offset = checkpoint.next_offset;
        self.last_record = checkpoint.last_record;
    }

    /// Takes over a committed batch.
    fn committed(&mut self, checkpoint: Checkpoint, batch: &Batch, tally: Option<&Tally>, started: Instant) {
        self.advance_to(checkpoint);
        self.metered.record(batch.items.iter().filter_map(|item| item.event.as_ref().ok()));
        self.report(batch, tally, started);
        self.fetch_size.written();
        if batch.items.iter().any(|item| !item.is_refused()) {
            self.refusals.written();
        }
    }

    fn part(&self, checkpoint: Checkpoint, batch: &Arc<Batch>) -> PartitionBatch {
        let step = PartitionStep { lease: self.lease.clone(), checkpoint };
        PartitionBatch { step, batch: Arc::clone(batch) }
    }

    async fn write_once(
        &self,
        checkpoint: Checkpoint,
        batch: &Arc<Batch>,
    ) -> Result<(Written, Tally), StorageError> {
        let (written, tallies) = self.writer.write(vec![self.part(checkpoint, batch)]).await?;
        Ok((written, tallies.into_iter().next().unwrap_or_default()))
    }

    /// Calls `write` until its outcome is known.
    async fn settle<F>(&self, checkpoint: Checkpoint, write: impl Fn() -> F) -> Settled
    where
        F: Future<Output = Result<(Written, Tally), StorageError>>,
    {
        let (mut backoff, mut timeouts) = (new_backoff(), 0);
        loop {
            let error = match write().await {
                Ok((Written::Committed, tally)) => return Settled::Committed(Some(tally)),
                Ok((Written::LeaseLost, _)) => return Settled::Overtaken,
                Err(error) if !error.is_transient() => return Settled::Refused(error),
                Err(error) => error,
            };
            tracing::warn!(
                partition = self.lease.partition,
                error = causes(&error),
                pause_ms = backoff.peek().as_millis(),
                "write failed; checking whether the batch was committed, then retrying"
            );
            if let Some(settled) = self.find_out(checkpoint, &mut backoff).await {
                return settled;
            }
            timeouts += u32::from(error.is_timeout());
            if timeouts >= TOO_SLOW {
                return Settled::TooSlow;
            }
        }
    }

    /// Waits, and finds out what a failed write led to: the partition's row shows whether the
    /// transaction was committed, since the response to a commit can be lost. `None` if it must be
    /// written again. If it was committed after all, the compare-and-set prevents a second effect.
    async fn find_out(&self, checkpoint: Checkpoint, backoff: &mut Backoff) -> Option<Settled> {
        self.metrics.write_deferred();
        self.wait(backoff).await;
        match self.read_outcome(checkpoint.next_offset).await {
            Ok(Some(settled)) => return Some(settled),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(
                    partition = self.lease.partition,
                    error = causes(&error),
                    "the partition's row could not be read; retrying"
                );
            }
        }
        self.stop.is_cancelled().then_some(Settled::Stopped)
    }

    /// Reads from the partition's row what a failed write led to; `None` when it had no effect.
    async fn read_outcome(&self, next_offset: i64) -> Result<Option<Settled>, StorageError> {
        if self.row_matches(PartitionLease { next_offset, ..self.lease.clone() }).await? {
            return Ok(Some(Settled::Committed(None)));
        }
        let is_unchanged = self.row_matches(self.lease.clone()).await?;
        Ok((!is_unchanged).then_some(Settled::Overtaken))
    }

    fn report(&self, batch: &Batch, tally: Option<&Tally>, started: Instant) {
        let now = runtime::clock::now();
        for item in &batch.items {
            self.metrics.visible_after((now - item.appended_at).to_std().unwrap_or_default());
            let gateway = item.event.as_ref().ok().and_then(|event| event.gateway_id.as_ref());
            if let Some(gateway) = gateway {
                self.gateways.record(gateway);
                item.clock_skew().into_iter().for_each(|skew| self.metrics.clock_skew(gateway, skew));
            }
        }
        if let Some(tally) = tally {
            self.metrics.written(tally, started.elapsed());
            let settled = tally.doubts_ended.iter().map(|since| now - *since);
            settled.for_each(|after| self.metrics.doubt_settled(after));
        }
    }
}

/// The certain outcome of a write.
enum Settled {
    /// Committed; the tally is lost if the response was.
    Committed(Option<Tally>),
    Overtaken,
    Refused(StorageError),
    /// Nothing was committed, because of repeated time-outs.
    TooSlow,
    /// Nothing was committed, and the task was asked to stop.
    Stopped,
}
