//! Renews leases, including those whose rows a running batch has locked.

use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Float8, Int4, Int8, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use std::time::{Duration, Instant};
use uuid::Uuid;

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

/// A running transaction locks the rows of its partitions, and renews their leases itself when it
/// commits. A renewal waits for it for this fraction of the lease time, so that other leases do not
/// expire meanwhile.
const WAIT_FOR_BATCH: u32 = 10;
/// Largest number of transactions that one renewal waits for.
const WAITS: usize = 3;

#[derive(QueryableByName)]
struct Renewed {
    #[diesel(sql_type = Int4)]
    partition: i32,
    #[diesel(sql_type = Bool)]
    renewed: bool,
}

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
    let mut locked = not_renewed(leases, &held);
    let begun = Instant::now();
    for _ in 0..WAITS {
        // If commits take long, the free leases could expire meanwhile.
        let Some(first) = locked.pop().filter(|_| begun.elapsed() <= ttl / WAIT_FOR_BATCH * 2) else { break };
        renew_locked(connection, topic, owner, first, ttl).await?;
        if !locked.is_empty() {
            // The same transaction may have locked others of them.
            let again = renew_free(connection, topic, owner, &locked, ttl).await?;
            locked = not_renewed(&locked, &again);
        }
    }
    Ok(held.into_iter().map(|row| row.partition).collect())
}

/// Those of `leases` whose rows are locked.
fn not_renewed(leases: &[LeaseRenewal], held: &[Renewed]) -> Vec<LeaseRenewal> {
    let is_locked =
        |lease: &&LeaseRenewal| held.iter().any(|row| row.partition == lease.partition && !row.renewed);
    leases.iter().filter(is_locked).copied().collect()
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
        "with mine as (
           select partition, epoch, statement_timestamp() - make_interval(secs => age) as read_up_to
           from unnest($3, $4, $6) as mine (partition, epoch, age)),
         free as (
           select partition, read_up_to from ingest_partitions join mine using (partition, epoch)
           where topic = $1 and owner = $2 order by partition for update of ingest_partitions skip locked),
         renewed as (
           update ingest_partitions as held set
             lease_until = statement_timestamp() + make_interval(secs => $5),
             caught_up_at = greatest(caught_up_at, read_up_to)
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
                "with lease as (
                   select statement_timestamp() + make_interval(secs => $5) as until,
                          statement_timestamp() - make_interval(secs => $6) as read_up_to)
                 update ingest_partitions set
                   lease_until = lease.until, caught_up_at = greatest(caught_up_at, lease.read_up_to)
                 from lease where topic = $1 and owner = $2 and partition = $3 and epoch = $4",
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
