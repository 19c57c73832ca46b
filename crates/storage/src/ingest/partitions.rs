//! The progress of each partition, and the leases on partitions.
//!
//! A lease keeps two replicas from reading the same partition. Effects are exactly-once because of
//! [`advance_all`] alone, a compare-and-set on the owner's epoch and the offset in the transaction of
//! the effects. All times are by PostgreSQL's clock.

mod advance;
mod checkpoint;
mod halt;
mod lease;
mod renewal;
mod state;

pub use advance::{PartitionStep, RowPlace};
pub(crate) use advance::{advance, advance_all};
pub use checkpoint::{Checkpoint, Halt, HaltReason, LastRecord, ResumeState, load_resume_state};
pub use halt::{PartitionForOperator, end_halt, find, record_halt};
pub(crate) use lease::lock_valid;
pub use lease::{PartitionLease, acquire, is_current, release};
pub use renewal::{LeaseRenewal, renew};
pub use state::{PartitionProgress, PartitionState, list, list_caught_up, list_progress};

use crate::{Connection, StorageError};
use diesel::sql_types::{Array, Int4, Int8, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};

/// Creates a row for each partition that has none yet; reading begins at the given offset.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn register(
    connection: &mut Connection,
    topic: &str,
    partitions: &[(i32, i64)],
) -> Result<(), StorageError> {
    let (numbers, offsets): (Vec<i32>, Vec<i64>) = partitions.iter().copied().unzip();
    diesel::sql_query(
        "insert into ingest_partitions (topic, partition, next_offset)
         select $1, partition, next_offset from unnest($2, $3) as new (partition, next_offset)
         on conflict do nothing",
    )
    .bind::<Text, _>(topic)
    .bind::<Array<Int4>, _>(numbers)
    .bind::<Array<Int8>, _>(offsets)
    .execute(connection)
    .await?;
    Ok(())
}

/// Tests whether PostgreSQL accepts writes: updates the partition's row without a change and rolls
/// back.
///
/// # Errors
/// If PostgreSQL does not accept writes.
pub async fn probe_write(connection: &mut Connection, lease: &PartitionLease) -> Result<(), StorageError> {
    let probed = connection
        .transaction(async |tx| {
            diesel::sql_query(
                "update ingest_partitions set epoch = epoch where topic = $1 and partition = $2 and epoch = $3",
            )
            .bind::<Text, _>(&lease.topic)
            .bind::<Int4, _>(lease.partition)
            .bind::<Int8, _>(lease.epoch)
            .execute(tx)
            .await?;
            Err::<(), _>(diesel::result::Error::RollbackTransaction)
        })
        .await;
    match probed {
        Ok(()) | Err(diesel::result::Error::RollbackTransaction) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
