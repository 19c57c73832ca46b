//! Replicas that died without releasing their partitions: their sessions in the database have ended.

use std::collections::BTreeMap;
use storage::StorageError;
use storage::ingest::replicas::{self, EndedReplica};
use uuid::Uuid;

/// The replicas whose session had ended at the last heartbeat.
#[derive(Debug, Default)]
pub(super) struct EndedReplicas(BTreeMap<Uuid, EndedReplica>);

impl EndedReplicas {
    /// Releases the partitions of replicas whose session had ended at the last heartbeat already, and
    /// that have sent no heartbeat since: a replica that lives and has only lost its connection sends
    /// one meanwhile.
    ///
    /// # Errors
    /// If PostgreSQL fails.
    pub(super) async fn release(
        &mut self,
        connection: &mut storage::Connection,
        own: Uuid,
        topic: &str,
    ) -> Result<(), StorageError> {
        let ended = replicas::list_ended(connection, own, topic).await?;
        for replica in &ended {
            let is_certain = self.0.get(&replica.replica_id) == Some(replica);
            if is_certain && replicas::release_ended(connection, *replica).await? {
                tracing::warn!(
                    replica = %replica.replica_id,
                    "a replica has died: its database session has ended; its partitions are released"
                );
            }
        }
        self.0 = ended.into_iter().map(|replica| (replica.replica_id, replica)).collect();
        Ok(())
    }
}
