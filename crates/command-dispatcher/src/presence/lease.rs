//! The watch lease: a row of `ingest_partitions` under a name that no topic has. A replica that
//! loses the lease while it probes does no harm: a recently probed device is not probed again.

use runtime::causes;
use std::time::Duration;
use storage::ingest::partitions::{self, LeaseRenewal, PartitionLease};
use storage::{Database, PooledConnection, StorageError};
use uuid::Uuid;

/// Kafka allows no slash in a topic name.
const NAME: &str = "presence/watch";
/// One watch covers all devices.
const ROW: i32 = 0;
/// How long the lease stays with a replica that died.
const TTL: Duration = Duration::from_secs(10);

/// The watch lease, held or not.
pub(super) struct WatchLease {
    database: Database,
    replica: Uuid,
    held: Option<PartitionLease>,
}

impl WatchLease {
    /// A lease that is not held yet.
    pub(super) fn new(database: Database) -> Self {
        Self { database, replica: Uuid::now_v7(), held: None }
    }

    /// Keeps the lease, or takes it if no replica holds it; returns whether it is held.
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub(super) async fn acquire(&mut self) -> Result<bool, StorageError> {
        let (replica, held) = (self.replica, self.held.take());
        let work = async move |mut connection: PooledConnection| {
            if let Some(lease) = held {
                let kept = LeaseRenewal { partition: ROW, epoch: lease.epoch, caught_up: None };
                let renewed = partitions::renew(&mut connection, NAME, replica, &[kept], TTL).await?;
                return Ok((!renewed.is_empty()).then_some(lease));
            }
            let mut taken = partitions::acquire(&mut connection, NAME, replica, 1, TTL).await?;
            if taken.is_empty() {
                // The row exists after the first time.
                partitions::register(&mut connection, NAME, &[(ROW, 0)]).await?;
                taken = partitions::acquire(&mut connection, NAME, replica, 1, TTL).await?;
            }
            Ok::<_, StorageError>(taken.into_iter().next())
        };
        self.held = self.database.run(work).await?;
        Ok(self.held.is_some())
    }

    /// Releases the lease, so that another replica can take it at once.
    pub(super) async fn release(self) {
        let Some(lease) = self.held else { return };
        let work =
            async move |mut connection: PooledConnection| partitions::release(&mut connection, &lease).await;
        if let Err(error) = self.database.run::<_, StorageError, _, _>(work).await {
            tracing::warn!(
                error = causes(&error),
                "the watch lease could not be released; it expires within 10 s"
            );
        }
    }
}
