//! The lease of a batch. It saves work and keeps the rate; that no pile is commanded twice does not
//! depend on it.

use super::{CommandBatch, Row};
use crate::database::current_schema::lock_key;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Float8, Int8, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::ids::CommandBatchId;
use std::time::Duration;
use uuid::Uuid;

/// A batch that this caller has leased.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The batch.
    pub batch: CommandBatch,
    /// The epoch of the lease; it grows by one with each claim.
    pub epoch: i64,
    /// Time left until the batch expires.
    pub left: Duration,
}

#[derive(QueryableByName)]
struct ClaimedRow {
    #[diesel(embed)]
    batch: Row,
    #[diesel(sql_type = Int8)]
    epoch: i64,
    #[diesel(sql_type = Float8)]
    seconds_left: f64,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
}

#[derive(QueryableByName)]
struct Released {
    #[diesel(sql_type = Bool)]
    finished: bool,
}

/// A lease of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLease {
    /// Id of the batch.
    pub id: CommandBatchId,
    /// The epoch of the lease.
    pub epoch: i64,
}

/// The unfinished batches without a valid lease, except those to stations to which a caller with
/// other leases than `$1` (ids) and `$2` (epochs) carries out a batch.
macro_rules! claimable {
    ($columns:literal) => {
        concat!("select ", $columns, " from command_batches batch
         where finished_at is null and coalesce(leased_until < statement_timestamp(), true)
           and not exists (
             select from command_batches other
             where other.station_id = batch.station_id and other.id <> batch.id and other.finished_at is null
               and other.leased_until >= statement_timestamp()
               and not exists (
                 select from unnest($1, $2) as held (id, epoch)
                 where held.id = other.id and held.epoch = other.epoch))")
    };
}

/// Leases the oldest unfinished batch without a valid lease for `ttl`, by PostgreSQL's clock; none to
/// a station to which another caller carries out a batch, because all batches to a station share its
/// pace. `held` are the leases of this caller.
///
/// # Errors
/// If PostgreSQL fails or the row is invalid.
pub async fn claim(
    connection: &mut Connection,
    ttl: Duration,
    held: &[BatchLease],
) -> Result<Option<Claimed>, StorageError> {
    let (ids, epochs): (Vec<Uuid>, Vec<i64>) = held.iter().map(|lease| (lease.id.0, lease.epoch)).unzip();
    let found: Found = diesel::sql_query(concat!("select exists (", claimable!("id"), ") as found"))
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<Int8>, _>(&epochs)
        .get_result(connection)
        .await?;
    if !found.found {
        return Ok(None);
    }
    let row: Option<ClaimedRow> = connection
        .transaction(async |tx| {
            // One claim at a time: a statement after the lock sees the claims before it.
            let lock = concat!("select pg_advisory_xact_lock(", lock_key!("charging command batch claim"), ")");
            diesel::sql_query(lock).execute(tx).await?;
            diesel::sql_query(concat!(
                "with oldest as (",
                claimable!("id, greatest(0, extract(epoch from expires_at - statement_timestamp()))::float8 as seconds_left"),
                " order by created_at limit 1 for update skip locked)
                 update command_batches as claimed set
                   leased_until = statement_timestamp() + make_interval(secs => $3), epoch = epoch + 1
                 from oldest where claimed.id = oldest.id returning claimed.*, oldest.seconds_left",
            ))
            .bind::<Array<SqlUuid>, _>(&ids)
            .bind::<Array<Int8>, _>(&epochs)
            .bind::<Float8, _>(ttl.as_secs_f64())
            .get_result(tx)
            .await
            .optional()
        })
        .await?;
    let claimed = row.map(|claimed| {
        Ok(Claimed {
            batch: claimed.batch.try_into()?,
            epoch: claimed.epoch,
            left: Duration::try_from_secs_f64(claimed.seconds_left).map_err(super::impossible)?,
        })
    });
    claimed.transpose()
}

/// Extends the lease for another `ttl`; `false` if another caller has claimed the batch since.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn renew(
    connection: &mut Connection,
    id: CommandBatchId,
    epoch: i64,
    ttl: Duration,
) -> Result<bool, StorageError> {
    let renewed = diesel::sql_query(
        "update command_batches set leased_until = statement_timestamp() + make_interval(secs => $3)
         where id = $1 and epoch = $2 and finished_at is null",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<Int8, _>(epoch)
    .bind::<Float8, _>(ttl.as_secs_f64())
    .execute(connection)
    .await?;
    Ok(renewed == 1)
}

/// Releases a batch, and finishes it if none of its piles is waiting. Returns whether this call
/// finished it. Has no effect if another caller has claimed the batch since.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn release(
    connection: &mut Connection,
    id: CommandBatchId,
    epoch: i64,
) -> Result<bool, StorageError> {
    let released: Option<Released> = diesel::sql_query(
        "with done as (
           select case
             when not exists (select 1 from command_batch_items where batch_id = $1 and state = 'waiting')
             then statement_timestamp() end as at)
         update command_batches set leased_until = null, finished_at = done.at from done
         where id = $1 and epoch = $2 and finished_at is null
         returning finished_at is not null as finished",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<Int8, _>(epoch)
    .get_result(connection)
    .await
    .optional()?;
    Ok(released.is_some_and(|released| released.finished))
}
