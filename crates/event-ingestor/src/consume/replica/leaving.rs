//! Partitions that this replica leaves: each task finishes its batch, which may take longer than a
//! lease lasts. Meanwhile the leases are renewed with those of the other partitions, and nothing
//! waits for them.

use super::HeldPartition;
use crate::consume::partition::Ended;
use crate::metrics::Metrics;
use anyhow::Context as _;
use runtime::causes;
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::ingest::partitions::{self, LeaseRenewal, PartitionLease};
use storage::{Database, PooledConnection};
use tokio::task::{JoinHandle, JoinSet};

/// Partitions that are being left.
pub(super) struct Leaving {
    database: Database,
    metrics: Arc<Metrics>,
    held: BTreeMap<i32, HeldPartition>,
    tasks: JoinSet<(i32, anyhow::Result<()>)>,
}

impl Leaving {
    /// No partitions yet. Leases are released on connections of `database`.
    pub(super) fn new(database: Database, metrics: Arc<Metrics>) -> Self {
        Self { database, metrics, held: BTreeMap::new(), tasks: JoinSet::new() }
    }

    /// Waits in the background until `task`, which was asked to stop, has finished its batch; then
    /// releases the partition, if this replica still owns it.
    pub(super) fn push(
        &mut self,
        partition: i32,
        held: HeldPartition,
        task: JoinHandle<(PartitionLease, Ended)>,
    ) {
        self.held.insert(partition, held);
        let (database, metrics) = (self.database.clone(), Arc::clone(&self.metrics));
        self.tasks.spawn(async move {
            let left = task.await;
            metrics.left(partition);
            match left.context("the task of a partition died") {
                Ok((lease, ended)) => {
                    release(&database, &metrics, lease, ended).await;
                    (partition, Ok(()))
                }
                Err(error) => (partition, Err(error)),
            }
        });
    }

    /// The leases to renew.
    pub(super) fn renewal(&self) -> impl Iterator<Item = LeaseRenewal> {
        self.held.iter().map(|(partition, held)| held.renewal(*partition))
    }

    /// Forgets the partitions that have been left.
    ///
    /// # Errors
    /// When a task died.
    pub(super) fn reap(&mut self) -> anyhow::Result<()> {
        while let Some(joined) = self.tasks.try_join_next() {
            let (partition, left) = joined.context("the task that leaves a partition died")?;
            self.held.remove(&partition);
            left?;
        }
        Ok(())
    }

    /// Whether no partition is being left.
    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}

async fn release(database: &Database, metrics: &Metrics, lease: PartitionLease, ended: Ended) {
    let (partition, next_offset) = (lease.partition, lease.next_offset);
    tracing::info!(partition, next_offset, ?ended, "partition left");
    let released = database.run(async move |mut connection: PooledConnection| {
        partitions::release(&mut connection, &lease).await
    });
    match released.await {
        Ok(released) => {
            if ended == Ended::LeaseLost || !released {
                metrics.lease_lost();
            }
        }
        Err(error) => tracing::warn!(
            partition,
            error = causes(&error),
            "the partition could not be released; another replica acquires it when the lease expires"
        ),
    }
}
