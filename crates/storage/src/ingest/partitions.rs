//! The progress of each partition, and the leases on partitions.
//!
//! A lease keeps two replicas from reading the same partition. Effects are exactly-once because of
//! [`advance()`] alone, a compare-and-set on the owner's epoch and the offset in the transaction of
//! the effects. All times are by PostgreSQL's clock.

mod advance;
mod checkpoint;
mod halt;

pub use advance::RowPlace;
pub(crate) use advance::advance;
pub use checkpoint::{Checkpoint, Halt, HaltReason, LastRecord, ResumeState, load_resume_state};
pub use halt::{PartitionForOperator, end_halt, find, record_halt};

use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Float8, Int4, Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use std::time::{Duration, Instant};
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

/// The state of a partition, for reports.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct PartitionState {
    /// Kafka partition.
    #[diesel(sql_type = Int4)]
    pub partition: i32,
    /// The first offset whose effects are not yet in the database.
    #[diesel(sql_type = Int8)]
    pub next_offset: i64,
    /// The replica with a valid lease; `None` if there is none.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub owner: Option<Uuid>,
    /// The epoch, which grows by one with each change of owner.
    #[diesel(sql_type = Int8)]
    pub epoch: i64,
}

#[derive(QueryableByName)]
struct Renewed {
    #[diesel(sql_type = Int4)]
    partition: i32,
    #[diesel(sql_type = Bool)]
    renewed: bool,
}

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = Bool)]
    held: bool,
}

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
           owner = $2, epoch = epoch + 1, lease_until = clock_timestamp() + make_interval(secs => $4)
         where (topic, partition) in (
           select topic, partition from ingest_partitions
           where topic = $1 and lease_until < clock_timestamp()
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

/// A lease to renew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseRenewal {
    /// Number of the partition.
    pub partition: i32,
    /// The epoch of the lease.
    pub epoch: i64,
    /// How long ago everything on the partition was written; `None` if it never was.
    pub caught_up: Option<Duration>,
}

/// A running batch locks its partition's row, and renews the lease itself when it commits. A
/// renewal waits for it for this fraction of the lease time, so that other leases do not expire
/// meanwhile.
const WAIT_FOR_BATCH: u32 = 10;
/// Largest number of rows that one renewal waits for.
const WAITS: usize = 3;

/// Renews `leases` of `owner` for another `ttl`, and records the times up to which they were read;
/// returns the partitions that it still holds. The lease of a partition whose batch takes long is
/// not renewed this time; no other replica can acquire it, because its row is locked.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn renew(
    connection: &mut Connection,
    topic: &str,
    owner: Uuid,
    leases: &[LeaseRenewal],
    ttl: Duration,
) -> Result<Vec<i32>, StorageError> {
    let held = renew_free(connection, topic, owner, leases, ttl).await?;
    let is_locked =
        |kept: &&LeaseRenewal| held.iter().any(|row| row.partition == kept.partition && !row.renewed);
    let begun = Instant::now();
    for locked in leases.iter().filter(is_locked).take(WAITS) {
        // If commits take long, the free leases could expire meanwhile.
        if begun.elapsed() > ttl / WAIT_FOR_BATCH * 2 {
            break;
        }
        renew_locked(connection, topic, owner, *locked, ttl).await?;
    }
    Ok(held.into_iter().map(|row| row.partition).collect())
}

/// Renews the leases whose rows are not locked.
async fn renew_free(
    connection: &mut Connection,
    topic: &str,
    owner: Uuid,
    leases: &[LeaseRenewal],
    ttl: Duration,
) -> Result<Vec<Renewed>, StorageError> {
    let partitions: Vec<i32> = leases.iter().map(|lease| lease.partition).collect();
    let epochs: Vec<i64> = leases.iter().map(|lease| lease.epoch).collect();
    let ages: Vec<Option<f64>> =
        leases.iter().map(|lease| lease.caught_up.map(|ago| ago.as_secs_f64())).collect();
    let rows = diesel::sql_query(
        "with mine as (select * from unnest($3, $4, $6) as mine (partition, epoch, age)),
         free as (
           select partition, age from ingest_partitions join mine using (partition, epoch)
           where topic = $1 and owner = $2 order by partition for update of ingest_partitions skip locked),
         renewed as (
           update ingest_partitions as held set
             lease_until = clock_timestamp() + make_interval(secs => $5),
             caught_up_at = greatest(caught_up_at, clock_timestamp() - make_interval(secs => age))
           from free where held.topic = $1 and held.partition = free.partition
           returning held.partition)
         select partition, renewed.partition is not null as renewed
         from ingest_partitions as held join mine using (partition, epoch) left join renewed using (partition)
         where topic = $1 and owner = $2",
    )
    .bind::<Text, _>(topic)
    .bind::<SqlUuid, _>(owner)
    .bind::<Array<Int4>, _>(partitions)
    .bind::<Array<Int8>, _>(epochs)
    .bind::<Float8, _>(ttl.as_secs_f64())
    .bind::<Array<Nullable<Float8>>, _>(ages)
    .load(connection)
    .await?;
    Ok(rows)
}

/// Renews a lease whose row is locked, if the lock is released soon.
async fn renew_locked(
    connection: &mut Connection,
    topic: &str,
    owner: Uuid,
    lease: LeaseRenewal,
    ttl: Duration,
) -> Result<(), StorageError> {
    let wait = (ttl / WAIT_FOR_BATCH).as_millis().max(1);
    let renewed = connection
        .transaction(async |tx| {
            tx.batch_execute(&format!("set local lock_timeout = {wait}")).await?;
            diesel::sql_query(
                "update ingest_partitions set
                   lease_until = clock_timestamp() + make_interval(secs => $5),
                   caught_up_at = greatest(caught_up_at, clock_timestamp() - make_interval(secs => $6))
                 where topic = $1 and owner = $2 and partition = $3 and epoch = $4",
            )
            .bind::<Text, _>(topic)
            .bind::<SqlUuid, _>(owner)
            .bind::<Int4, _>(lease.partition)
            .bind::<Int8, _>(lease.epoch)
            .bind::<Float8, _>(ttl.as_secs_f64())
            .bind::<Nullable<Float8>, _>(lease.caught_up.map(|ago| ago.as_secs_f64()))
            .execute(tx)
            .await
        })
        .await
        .map_err(StorageError::from);
    match renewed {
        // The next renewal tries again.
        Err(error) if error.is_transient() => Ok(()),
        renewed => renewed.map(drop),
    }
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

/// The states of all partitions of `topic`, in order.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list(connection: &mut Connection, topic: &str) -> Result<Vec<PartitionState>, StorageError> {
    let states = diesel::sql_query(
        "select partition, next_offset, epoch,
                case when lease_until >= clock_timestamp() then owner end as owner
         from ingest_partitions where topic = $1 order by partition",
    )
    .bind::<Text, _>(topic)
    .load(connection)
    .await?;
    Ok(states)
}

/// The progress of a partition, for people.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct PartitionProgress {
    /// The offset and the owner.
    #[diesel(embed)]
    pub state: PartitionState,
    /// When the last batch was written; `None` if none was.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub committed_at: Option<DateTime<Utc>>,
    /// The latest known time at which everything was written.
    #[diesel(sql_type = Timestamptz)]
    pub caught_up_at: DateTime<Utc>,
    /// PostgreSQL's current time.
    #[diesel(sql_type = Timestamptz)]
    pub read_at: DateTime<Utc>,
}

/// The progress of the first `limit` partitions of `topic`, in order.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_progress(
    connection: &mut Connection,
    topic: &str,
    limit: i64,
) -> Result<Vec<PartitionProgress>, StorageError> {
    let rows = diesel::sql_query(
        "select partition, next_offset, epoch, committed_at, caught_up_at, clock_timestamp() as read_at,
                case when lease_until >= clock_timestamp() then owner end as owner
         from ingest_partitions where topic = $1 order by partition limit $2",
    )
    .bind::<Text, _>(topic)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows)
}

/// For each partition of `topic`, how long ago everything was known to be written.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_caught_up(
    connection: &mut Connection,
    topic: &str,
) -> Result<Vec<(i32, Duration)>, StorageError> {
    let rows: Vec<CaughtUp> = diesel::sql_query(
        "select partition, extract(epoch from clock_timestamp() - caught_up_at)::float8 as age
         from ingest_partitions where topic = $1",
    )
    .bind::<Text, _>(topic)
    .load(connection)
    .await?;
    let ago = |age: f64| Duration::try_from_secs_f64(age.max(0.0)).unwrap_or(Duration::MAX);
    Ok(rows.into_iter().map(|row| (row.partition, ago(row.age))).collect())
}

#[derive(QueryableByName)]
struct CaughtUp {
    #[diesel(sql_type = Int4)]
    partition: i32,
    #[diesel(sql_type = Float8)]
    age: f64,
}
