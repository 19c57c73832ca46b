//! Writes batches, each of another partition, in one transaction.

use crate::consume::batch::{self, Batch};
use crate::consume::days::Days;
use crate::consume::fold::{Tally, fold};
use std::sync::Arc;
use storage::ingest::batch::{Written, write_all};
use storage::ingest::partitions::PartitionStep;
use storage::{Database, PooledConnection, StorageError};

/// A batch with the step of its partition.
#[derive(Debug, Clone)]
pub(crate) struct PartitionBatch {
    /// From the lease to the checkpoint after the batch.
    pub step: PartitionStep,
    /// The records in between.
    pub batch: Arc<Batch>,
}

/// Writes batches; shared by all partitions of a replica.
pub(crate) struct BatchWriter {
    database: Database,
    days: Arc<Days>,
}

impl BatchWriter {
    /// Writes on connections of `database`.
    pub(crate) const fn new(database: Database, days: Arc<Days>) -> Self {
        Self { database, days }
    }

    /// Makes one attempt to write `batches` in one transaction; returns their tallies in the same
    /// order. No task holds the batches when it returns.
    ///
    /// # Errors
    /// If PostgreSQL fails. If the error is transient, the batches may or may not be written.
    pub(crate) async fn write(
        &self,
        batches: Vec<PartitionBatch>,
    ) -> Result<(Written, Vec<Tally>), StorageError> {
        let now = runtime::clock::now();
        let kept = self.days.samples.renewal(now);
        for appended in batches.iter().filter_map(|part| part.batch.appended()) {
            let ensured = self.days.ensure_samples(appended, &kept).await;
            ensured.map_err(StorageError::of_the_database)?;
        }
        self.days.ensure_statuses(now).await.map_err(StorageError::of_the_database)?;
        let write = async move |mut connection: PooledConnection| {
            let (steps, batches): (Vec<_>, Vec<_>) =
                batches.into_iter().map(|part| (part.step, part.batch)).unzip();
            let load_plan = batch::load_plan(batches.iter().map(Arc::as_ref));
            let mut tallies = Vec::new();
            let written = write_all(&mut connection, &steps, &load_plan, |states| {
                let (folded, counted) = fold(states, batches.iter().map(Arc::as_ref), &kept);
                tallies = counted;
                folded
            });
            let written = written.await?;
            Ok((written, tallies))
        };
        let outcome = self.database.run(write).await;
        if outcome.is_err() {
            // A day partition may be missing: dropped by hand, or absent from an older backup.
            self.days.forget();
        }
        outcome
    }
}
