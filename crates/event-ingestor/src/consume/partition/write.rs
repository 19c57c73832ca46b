//! Writing a batch, whatever Postgres answers: it is committed, or the partition is another's.

use super::refusal::Verdict;
use super::{Ended, FIRST_PAUSE, PartitionTask};
use crate::consume::batch::Batch;
use crate::consume::fold::{Tally, fold};
use runtime::causes;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::ingest::batch::Written;
use storage::ingest::partitions::{self, Checkpoint, PartitionLease};
use storage::{PooledConnection, StorageError};

/// A batch that was not written in time this often is too large.
const TOO_SLOW: u32 = 2;

impl PartitionTask {
    /// Writes `batch`; `None` when it is committed. A batch that PostgreSQL refuses is written in halves, down to the record
    /// at fault, which becomes a dead letter; one that it does not write in time, too, but blames none of its records. While the
    /// database may be at fault, the partition waits.
    pub(super) async fn write(&mut self, batch: Batch) -> Option<Ended> {
        let mut waiting = vec![batch];
        let mut pause = FIRST_PAUSE;
        while let Some(batch) = waiting.pop() {
            let checkpoint = batch.checkpoint(self.last_record);
            let batch = Arc::new(batch);
            let started = Instant::now();
            match self.settle(checkpoint, || self.write_once(checkpoint, &batch)).await {
                Settled::Committed(tally) => {
                    self.advanced(checkpoint);
                    self.report(&batch, tally.as_ref(), started);
                    self.appetite.written();
                    if batch.items.iter().any(|item| !item.is_refused()) {
                        self.refusals.written();
                    }
                    pause = FIRST_PAUSE;
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
                    // No other task holds it: the call that did has answered.
                    let Ok(batch) = Arc::try_unwrap(batch) else {
                        return Some(Ended::LeaseLost);
                    };
                    waiting.extend(self.divide(batch, &error, &mut pause).await);
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

    /// What is to be written, last first, after PostgreSQL refused `batch`: its halves; or the one record again, after a pause,
    /// or as a dead letter.
    async fn divide(&mut self, batch: Batch, error: &StorageError, pause: &mut Duration) -> Vec<Batch> {
        let (partition, records) = (self.lease.partition, batch.items.len());
        let batch = match batch.halve() {
            Ok((first, second)) => {
                tracing::error!(
                    partition,
                    records,
                    error = causes(error),
                    "postgres refused a batch: writing it in halves"
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
                "postgres refused a record: putting it aside"
            );
            *pause = FIRST_PAUSE;
            return vec![batch.refused(&causes(error))];
        }
        tracing::warn!(
            partition,
            writes_otherwise,
            error = causes(error),
            pause_ms = pause.as_millis(),
            "postgres refused a record, and may be at fault itself: writing it again"
        );
        self.metrics.write_deferred();
        self.wait(pause).await;
        vec![batch]
    }

    /// What is to be written, last first, after PostgreSQL did not write `batch` in time.
    fn halve_slow(&mut self, batch: Batch) -> Vec<Batch> {
        self.appetite.too_large();
        let records = batch.items.len();
        tracing::warn!(
            partition = self.lease.partition,
            records,
            "a batch took too long again and again: writing it in halves, and fetching less"
        );
        match batch.halve() {
            Ok((first, second)) => vec![second, first],
            Err(single) => vec![single],
        }
    }

    /// Whether PostgreSQL writes at all: to the partition's row, without effect.
    async fn probe(&self) -> Result<(), StorageError> {
        let lease = self.lease.clone();
        let write = async move |mut connection: PooledConnection| {
            partitions::probe_write(&mut connection, &lease).await
        };
        self.database.run(write).await
    }

    /// Takes over what was committed.
    fn advanced(&mut self, checkpoint: Checkpoint) {
        self.lease.next_offset = checkpoint.next_offset;
        self.last_record = checkpoint.last_record;
    }

    async fn write_once(
        &self,
        checkpoint: Checkpoint,
        batch: &Arc<Batch>,
    ) -> Result<(Written, Tally), StorageError> {
        let now = runtime::clock::now();
        let kept = self.days.samples.kept(now);
        if let Some(appended) = batch.appended() {
            let ensured = self.days.ensure_samples(appended, &kept).await;
            ensured.map_err(StorageError::of_the_database)?;
        }
        self.days.ensure_statuses(now).await.map_err(StorageError::of_the_database)?;
        let (lease, batch) = (self.lease.clone(), Arc::clone(batch));
        let write = async move |mut connection: PooledConnection| {
            let touched = batch.touched();
            let mut tally = Tally::default();
            let written =
                storage::ingest::batch::write(&mut connection, &lease, checkpoint, &touched, |states| {
                    let (folded, counted) = fold(states, &batch, &kept);
                    tally = counted;
                    folded
                });
            let written = written.await?;
            Ok((written, tally))
        };
        let outcome = self.database.run(write).await;
        if outcome.is_err() {
            // Perhaps it was for want of a day: one that was dropped by hand, or that an older backup does not have.
            self.days.forget();
        }
        outcome
    }

    /// Calls `write` until it is known what became of it. After an error the partition's row says whether the transaction
    /// was committed: the answer to a commit can get lost.
    async fn settle<F>(&self, checkpoint: Checkpoint, write: impl Fn() -> F) -> Settled
    where
        F: Future<Output = Result<(Written, Tally), StorageError>>,
    {
        let (mut pause, mut timeouts) = (FIRST_PAUSE, 0);
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
                pause_ms = pause.as_millis(),
                "write failed"
            );
            self.metrics.write_deferred();
            self.wait(&mut pause).await;
            match self.look_again(checkpoint.next_offset).await {
                Ok(Some(settled)) => return settled,
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(
                        partition = self.lease.partition,
                        error = causes(&error),
                        "look-up failed"
                    );
                }
            }
            if self.stop.is_cancelled() {
                return Settled::Stopped;
            }
            timeouts += u32::from(error.is_timeout());
            if timeouts >= TOO_SLOW {
                return Settled::TooSlow;
            }
        }
    }

    /// What the partition's row says of a write that failed: `None` when it had no effect.
    async fn look_again(&self, next_offset: i64) -> Result<Option<Settled>, StorageError> {
        if self.stands_at(PartitionLease { next_offset, ..self.lease.clone() }).await? {
            return Ok(Some(Settled::Committed(None)));
        }
        let stands = self.stands_at(self.lease.clone()).await?;
        Ok((!stands).then_some(Settled::Overtaken))
    }

    fn report(&self, batch: &Batch, tally: Option<&Tally>, started: Instant) {
        let now = runtime::clock::now();
        for item in &batch.items {
            self.metrics.visible_after((now - item.appended_at).to_std().unwrap_or_default());
            let gateway = item.event.as_ref().ok().and_then(|event| event.gateway_id.as_ref());
            if let Some(gateway) = gateway {
                self.gateways.note(gateway);
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

/// What became of a write, for certain.
enum Settled {
    /// Committed; the tally is lost where the answer was.
    Committed(Option<Tally>),
    Overtaken,
    Refused(StorageError),
    /// Nothing was committed, for want of time, more than once.
    TooSlow,
    /// Nothing was committed, and the task was told to stop.
    Stopped,
}
