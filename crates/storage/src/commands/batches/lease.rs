//! The lease of a batch. It saves work and keeps the rate; that no pile is commanded twice does not
//! depend on it.

use super::{CommandBatch, Row};
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Float8, Int8, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::ids::CommandBatchId;
use std::time::Duration;

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
struct Released {
    #[diesel(sql_type = Bool)]
    finished: bool,
}

/// Leases the oldest unfinished batch without a valid lease for `ttl`, by PostgreSQL's clock.
///
/// # Errors
/// If PostgreSQL fails or the row is invalid.
pub async fn claim(connection: &mut Connection, ttl: Duration) -> Result<Option<Claimed>, StorageError> {
    let row: Option<ClaimedRow> = diesel::sql_query(
        "update command_batches set
           leased_until = clock_timestamp() + make_interval(secs => $1), epoch = epoch + 1
         where id = (
           select id from command_batches
           where finished_at is null and coalesce(leased_until < clock_timestamp(), true)
           order by created_at limit 1 for update skip locked)
         returning *, greatest(0, extract(epoch from expires_at - clock_timestamp()))::float8 as seconds_left",
    )
    .bind::<Float8, _>(ttl.as_secs_f64())
    .get_result(connection)
    .await
    .optional()?;
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
        "update command_batches set leased_until = clock_timestamp() + make_interval(secs => $3)
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
        "update command_batches set leased_until = null,
           finished_at = case
             when not exists (select 1 from command_batch_items where batch_id = $1 and state = 'waiting')
             then clock_timestamp() end
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
