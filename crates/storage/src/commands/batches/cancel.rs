//! Cancelling a batch that runs: its waiting piles are settled, so that no command can follow.

use super::settle::settle_in;
use super::{CommandBatch, Outcome, Row, Settled, list_waiting};
use crate::database::standby::current_timeline;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::OperatorBound;
use domain::ids::{Actor, CommandBatchId};
use uuid::Uuid;

/// The code of piles whose batch was cancelled before they were commanded. They are stored as
/// refused with this code, which the previous release can read.
pub const BATCH_CANCELLED: &str = "BATCH_CANCELLED";

/// The result of cancelling a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancellation {
    /// This call cancelled the batch.
    Now {
        /// The batch.
        batch: CommandBatch,
        /// The number of piles that were not commanded.
        piles: usize,
    },
    /// An earlier call cancelled the batch.
    Before(CommandBatch),
    /// Every pile was settled before, so there was nothing to cancel.
    Finished(CommandBatch),
}

/// Cancels the batch with id `id` within `bound` for the caller `by`: piles without a command get none. Commands
/// that are recorded by then stay as they are, also if a replica is about to publish them. `None` if
/// there is no such batch.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid; nothing is recorded in that case.
pub async fn cancel(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: CommandBatchId,
    by: &Actor,
) -> Result<Option<Cancellation>, StorageError> {
    connection
        .transaction(async |tx| {
            if super::find(tx, bound, id).await?.is_none() {
                return Ok(None);
            }
            let outcome = Outcome::Refused {
                code: BATCH_CANCELLED.to_owned(),
                detail: Some("the batch was cancelled before the command was sent to this pile".to_owned()),
            };
            // In the order in which replicas settle piles: keys, items, the batch.
            let waiting = list_waiting(tx, id).await?.into_iter();
            let settled: Vec<Settled> =
                waiting.map(|pile_id| Settled { batch_id: id, pile_id, outcome: outcome.clone() }).collect();
            settle_in(tx, &settled).await?;
            let row: Option<Row> = diesel::sql_query(
                "update command_batches set leased_until = null, finished_at = statement_timestamp(),
                   cancelled_at = statement_timestamp(), cancelled_by = $2
                 where id = $1 and finished_at is null returning *",
            )
            .bind::<SqlUuid, _>(id.0)
            .bind::<Text, _>(by.as_str())
            .get_result(tx)
            .await
            .optional()?;
            if let Some(row) = row {
                let piles = count_cancelled(tx, id).await?;
                return Ok(Some(Cancellation::Now { batch: row.try_into()?, piles }));
            }
            Ok(super::find(tx, bound, id).await?.map(|batch| match batch.cancelled_at {
                Some(_) => Cancellation::Before(batch),
                None => Cancellation::Finished(batch),
            }))
        })
        .await
}

/// The number of piles of the batch with id `id` that were cancelled.
async fn count_cancelled(tx: &mut Connection, id: CommandBatchId) -> Result<usize, StorageError> {
    use crate::schema::command_batch_items as items;
    let count: i64 = items::table
        .filter(items::batch_id.eq(id.0).and(items::code.eq(BATCH_CANCELLED)))
        .count()
        .get_result(tx)
        .await?;
    usize::try_from(count).map_err(super::impossible)
}

#[derive(QueryableByName)]
struct BatchId {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Ends the unfinished batches that were created on another timeline of the log: commands of theirs
/// that are lost in a failover would be sent again. Their piles that were not commanded, as far as
/// is known, are refused, `BATCH_EXPIRED`. Returns how many.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn expire_of_other_timelines(connection: &mut Connection) -> Result<usize, StorageError> {
    let query = concat!(
        "select id from command_batches
         where finished_at is null and expires_at > statement_timestamp() and timeline <> ",
        current_timeline!()
    );
    let found: Vec<BatchId> = diesel::sql_query(query).load(connection).await?;
    if found.is_empty() {
        return Ok(0);
    }
    let ids: Vec<Uuid> = found.into_iter().map(|batch| batch.id).collect();
    let expired = diesel::sql_query(
        "update command_batches set expires_at = statement_timestamp()
         where id = any($1) and finished_at is null and expires_at > statement_timestamp()",
    );
    Ok(expired.bind::<Array<SqlUuid>, _>(ids).execute(connection).await?)
}

/// Ends the unfinished batches now: their piles that were not commanded are refused, `BATCH_EXPIRED`.
/// No dispatcher may be running. Returns how many.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn expire_unfinished(tx: &mut Connection) -> Result<usize, StorageError> {
    let query = "update command_batches set expires_at = statement_timestamp() where finished_at is null";
    Ok(diesel::sql_query(query).execute(tx).await?)
}
