//! Runs event-ingestor's handling of silent devices in one call.

use storage::Connection;
use storage::devices::presence::silence::{self, Judged, SilencePolicy};
use storage::ingest::partitions::PartitionLease;

/// Judges the devices of the lease's partition that were silent for too long; `None` if the lease
/// is lost.
///
/// # Panics
/// When PostgreSQL fails.
pub async fn judge_silent_devices(
    connection: &mut Connection,
    lease: &PartitionLease,
    policy: &SilencePolicy,
) -> Option<Judged> {
    let silent = silence::list_silent(connection, &[lease.partition], policy, None, 1_000).await.unwrap();
    let devices = silent.into_iter().map(|(_, device)| device).collect();
    silence::judge_devices(connection, lease, policy, devices).await.unwrap()
}
