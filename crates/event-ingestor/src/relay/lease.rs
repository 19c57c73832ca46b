//! The right to relay: a row of `ingest_partitions` under the feed's topic. Whoever ingests reads on from an offset, alone,
//! for as long as a lease holds; so does a relay, only that its number is the next position of the feed to publish.

use super::Relay;
use runtime::causes;
use storage::ingest::partitions::{self, Kept, PartitionLease};
use storage::{PooledConnection, StorageError, feed};

/// There is one relay for the whole feed.
const ROW: i32 = 0;

impl Relay {
    /// Takes the lease, if nobody holds it. A topic that was never written begins with the first change that is kept.
    pub(super) async fn take(&self) -> Result<Option<PartitionLease>, StorageError> {
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

    /// Renews the lease; ends when it is lost.
    pub(super) async fn keep(&self, lease: &PartitionLease) {
        loop {
            tokio::time::sleep(self.lease / 4).await;
            let (topic, id, ttl) = (lease.topic.clone(), self.id, self.lease);
            let held = [Kept { partition: lease.partition, epoch: lease.epoch, caught_up: None }];
            let work = async move |mut connection: PooledConnection| {
                partitions::renew(&mut connection, &topic, id, &held, ttl).await
            };
            match self.database.run::<_, StorageError, _, _>(work).await {
                Ok(kept) if kept.is_empty() => return,
                Ok(_) => {}
                Err(error) => tracing::warn!(error = causes(&error), "the feed's lease could not be renewed"),
            }
        }
    }

    /// Gives the lease back, unless it is another's by now.
    pub(super) async fn give_back(&self, lease: PartitionLease) {
        let work =
            async move |mut connection: PooledConnection| partitions::release(&mut connection, &lease).await;
        if let Err(error) = self.database.run::<_, StorageError, _, _>(work).await {
            tracing::warn!(error = causes(&error), "the feed's lease could not be given back: it runs out");
        }
    }
}
