//! The relay's lease: a row of `ingest_partitions` under the feed's topic. Its offset is the next
//! position of the feed to publish; one holder advances it at a time, as with a partition that is
//! consumed.

use super::Relay;
use runtime::causes;
use storage::ingest::partitions::{self, LeaseRenewal, PartitionLease};
use storage::{PooledConnection, StorageError, feed};

/// One relay publishes the whole feed.
const ROW: i32 = 0;

impl Relay {
    /// Acquires the lease if no replica holds it. A topic that was never written starts with the
    /// first change that is kept.
    pub(super) async fn acquire_lease(&self) -> Result<Option<PartitionLease>, StorageError> {
        let (topic, id, ttl) = (self.settings.topic.clone(), self.id, self.lease);
        let work = async move |mut connection: PooledConnection| {
            let connection = &mut *connection;
            if partitions::list(connection, &topic).await?.is_empty() {
                feed::sequence_all(connection).await?;
                let first = feed::span(connection).await?.first;
                partitions::register(connection, &topic, &[(ROW, first)]).await?;
            }
            let leases = partitions::acquire(connection, &topic, id, 1, ttl).await?;
            Ok(leases.into_iter().next())
        };
        self.database.run(work).await
    }

    /// Renews the lease; returns when it is lost.
    pub(super) async fn renew_lease(&self, lease: &PartitionLease) {
        loop {
            tokio::time::sleep(self.lease / 4).await;
            let (topic, id, ttl) = (lease.topic.clone(), self.id, self.lease);
            let held = [LeaseRenewal { partition: lease.partition, epoch: lease.epoch, caught_up: None }];
            let work = async move |mut connection: PooledConnection| {
                partitions::renew(&mut connection, &topic, id, &held, ttl).await
            };
            match self.database.run::<_, StorageError, _, _>(work).await {
                Ok(kept) if kept.is_empty() => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = causes(&error), "the feed's lease could not be renewed; retrying");
                }
            }
        }
    }

    /// Releases the lease, unless another replica has acquired it.
    pub(super) async fn release_lease(&self, lease: PartitionLease) {
        let work =
            async move |mut connection: PooledConnection| partitions::release(&mut connection, &lease).await;
        if let Err(error) = self.database.run::<_, StorageError, _, _>(work).await {
            tracing::warn!(
                error = causes(&error),
                "the feed's lease could not be released; it expires by itself"
            );
        }
    }
}
