//! Leases on partitions: acquiring, releasing and checking them.

use super::RowPlace;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Float8, Int4, Int8, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::time::Duration;
use uuid::Uuid;

/// The right to consume a partition.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct PartitionLease {
    /// Kafka topic.
    #[diesel(sql_type = Text)]
    pub topic: String,
    /// Kafka partition.
    #[diesel(sql_type = Int4)]
    pub partition: i32,
    /// The epoch, which grows by one with each change of owner.
    #[diesel(sql_type = Int8)]
    pub epoch: i64,
    /// The first offset whose effects are not yet in the database.
    #[diesel(sql_type = Int8)]
    pub next_offset: i64,
    /// How long the lease is valid after a renewal or a batch, in ms.
    #[diesel(sql_type = Int8)]
    pub ttl_ms: i64,
    /// The last known physical location of the partition's row.
    #[diesel(sql_type = Text, deserialize_as = String)]
    pub place: RowPlace,
}

/// Leases up to `limit` partitions without a valid lease, for `ttl`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn acquire(
    connection: &mut Connection,
    topic: &str,
    owner: Uuid,
    limit: i64,
    ttl: Duration,
) -> Result<Vec<PartitionLease>, StorageError> {
    let leases = diesel::sql_query(
        "update ingest_partitions set
           owner = $2, epoch = epoch + 1, lease_until = statement_timestamp() + make_interval(secs => $4)
         where (topic, partition) in (
           select topic, partition from ingest_partitions
           where topic = $1 and lease_until < statement_timestamp()
           order by partition limit $3 for update skip locked)
         returning topic, partition, epoch, next_offset, ($4 * 1000)::bigint as ttl_ms, ctid::text as place",
    )
    .bind::<Text, _>(topic)
    .bind::<SqlUuid, _>(owner)
    .bind::<BigInt, _>(limit)
    .bind::<Float8, _>(ttl.as_secs_f64())
    .load(connection)
    .await?;
    Ok(leases)
}

/// Releases a partition, so that another replica need not wait for the lease to expire; returns
/// whether the lease was still valid. A lost lease is not released: the epoch belongs to another
/// owner.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn release(connection: &mut Connection, lease: &PartitionLease) -> Result<bool, StorageError> {
    let released = diesel::sql_query(
        "update ingest_partitions set owner = null, lease_until = '-infinity'
         where topic = $1 and partition = $2 and epoch = $3",
    )
    .bind::<Text, _>(&lease.topic)
    .bind::<Int4, _>(lease.partition)
    .bind::<Int8, _>(lease.epoch)
    .execute(connection)
    .await?;
    Ok(released == 1)
}

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = Bool)]
    held: bool,
}

/// Locks the partition's row, so that `lease` stays valid until the transaction ends; `false` if
/// the lease is lost.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn lock_valid(tx: &mut Connection, lease: &PartitionLease) -> Result<bool, StorageError> {
    let found: Vec<Held> = diesel::sql_query(
        "select epoch = $3 as held from ingest_partitions where topic = $1 and partition = $2 for update",
    )
    .bind::<Text, _>(&lease.topic)
    .bind::<Int4, _>(lease.partition)
    .bind::<Int8, _>(lease.epoch)
    .load(tx)
    .await?;
    Ok(found.iter().any(|row| row.held))
}

/// Whether the partition's row has exactly the epoch and the offset of `lease`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn is_current(connection: &mut Connection, lease: &PartitionLease) -> Result<bool, StorageError> {
    let found: Vec<Held> = diesel::sql_query(
        "select epoch = $3 and next_offset = $4 as held from ingest_partitions
         where topic = $1 and partition = $2",
    )
    .bind::<Text, _>(&lease.topic)
    .bind::<Int4, _>(lease.partition)
    .bind::<Int8, _>(lease.epoch)
    .bind::<Int8, _>(lease.next_offset)
    .load(connection)
    .await?;
    Ok(found.iter().any(|row| row.held))
}
