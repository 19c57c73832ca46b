//! Leases of work that one replica does at a time: rows of `ingest_partitions` under names that no
//! topic has, because Kafka allows no slash in them. A replica that loses a lease while it works
//! must do no harm: the lease only avoids that replicas do the same work in vain.

use runtime::causes;
use std::time::Duration;
use storage::ingest::partitions::{self, LeaseRenewal, PartitionLease};
use storage::{Database, PooledConnection, StorageError};
use uuid::Uuid;

/// One lease covers all of the work.
const ROW: i32 = 0;
/// How long the lease stays with a replica that died.
const TTL: Duration = Duration::from_secs(10);

/// A lease, held or not.
pub(crate) struct WorkLease {
    database: Database,
    name: &'static str,
    replica: Uuid,
    held: Option<PartitionLease>,
}

impl WorkLease {
    /// The lease with the name `name`, which contains a slash; it is not held yet.
    pub(crate) fn new(database: Database, name: &'static str) -> Self {
        Self { database, name, replica: Uuid::now_v7(), held: None }
    }

    /// Keeps the lease, or takes it if no replica holds it; returns whether it is held.
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub(crate) async fn acquire(&mut self) -> Result<bool, StorageError> {
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

    /// Releases the lease, so that another replica can take it at once.
    pub(crate) async fn release(self) {
        let Some(lease) = self.held else { return };
        let work =
            async move |mut connection: PooledConnection| partitions::release(&mut connection, &lease).await;
        if let Err(error) = self.database.run::<_, StorageError, _, _>(work).await {
            tracing::warn!(
                lease = self.name,
                error = causes(&error),
                "the lease could not be released; it expires within 10 s"
            );
        }
    }
}
