//! The lease of a background task that one replica at a time performs: a row of `ingest_partitions`
//! under a name that no topic has.
//!
//! The lease prevents repeated work, not its effects: a replica that loses the lease while it works
//! may overlap with the next holder, so the task must tolerate this.

use super::partitions::{self, LeaseRenewal, PartitionLease};
use crate::database::causes::causes;
use crate::{Database, PooledConnection, StorageError};
use std::time::Duration;
use uuid::Uuid;

/// One row per task.
const ROW: i32 = 0;
/// How long the lease stays with a replica that died.
const TTL: Duration = Duration::from_secs(10);

/// The lease of a task, held or not.
pub struct WorkerLease {
    database: Database,
    /// Kafka allows no slash in a topic name, so the name contains one.
    name: &'static str,
    replica: Uuid,
    held: Option<PartitionLease>,
}

impl WorkerLease {
    /// The lease of the task `name`, not held yet. The name must contain a slash, so that no topic
    /// has it.
    #[must_use]
    pub fn new(database: Database, name: &'static str) -> Self {
        Self { database, name, replica: Uuid::now_v7(), held: None }
    }

    /// Keeps the lease, or takes it if no replica holds it; returns whether it is held. It must be
    /// called again within 10 s to keep the lease.
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub async fn acquire(&mut self) -> Result<bool, StorageError> {
        let (name, replica, held) = (self.name, self.replica, self.held.take());
        let work = async move |mut connection: PooledConnection| {
            if let Some(lease) = held {
                let kept = LeaseRenewal { partition: ROW, epoch: lease.epoch, caught_up: None };
                let renewed = partitions::renew(&mut connection, name, replica, &[kept], TTL).await?;
                return Ok((!renewed.is_empty()).then_some(lease));
            }
            let mut taken = partitions::acquire(&mut connection, name, replica, 1, TTL).await?;
            if taken.is_empty() {
                // The row exists after the first time.
                partitions::register(&mut connection, name, &[(ROW, 0)]).await?;
                taken = partitions::acquire(&mut connection, name, replica, 1, TTL).await?;
            }
            Ok::<_, StorageError>(taken.into_iter().next())
        };
        self.held = self.database.run(work).await?;
        Ok(self.held.is_some())
    }

    /// Releases the lease, so that another replica can take it at once. If PostgreSQL fails, it
    /// expires within 10 s.
    pub async fn release(self) {
        let Some(lease) = self.held else { return };
        let work =
            async move |mut connection: PooledConnection| partitions::release(&mut connection, &lease).await;
        if let Err(error) = self.database.run::<_, StorageError, _, _>(work).await {
            tracing::warn!(
                lease = self.name,
                error = causes(&error),
                "the lease of a background task could not be released; it expires within 10 s"
            );
        }
    }
}
