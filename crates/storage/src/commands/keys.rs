//! Idempotency keys: a repeated request with the same key leads to the same command.

use crate::schema::idempotency_keys;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Float8, Int8};
use diesel_async::RunQueryDsl;
use domain::ids::CommandId;
use std::time::Duration;
use uuid::Uuid;

/// An idempotency key and the request that it was used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRequest {
    /// The value of the header `Idempotency-Key`.
    pub key: String,
    /// A digest of the request, to detect a different request with the same key.
    pub digest: i64,
}

/// Releases the keys of commands that were never published, so that the same requests may be
/// repeated.
///
/// # Errors
/// If PostgreSQL fails.
pub(super) async fn free(tx: &mut Connection, failed: &[CommandId]) -> Result<(), StorageError> {
    if failed.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = failed.iter().map(|id| id.0).collect();
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::command_id.eq_any(ids)))
        .execute(tx)
        .await?;
    Ok(())
}

/// Deletes up to `limit` keys older than `age`; returns how many.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune_keys(
    connection: &mut Connection,
    age: Duration,
    limit: i64,
) -> Result<usize, StorageError> {
    let pruned = diesel::sql_query(
        "delete from idempotency_keys where key in (
           select key from idempotency_keys where created_at < clock_timestamp() - make_interval(secs => $1)
           order by created_at limit $2 for update skip locked)",
    )
    .bind::<Float8, _>(age.as_secs_f64())
    .bind::<Int8, _>(limit)
    .execute(connection)
    .await?;
    Ok(pruned)
}
