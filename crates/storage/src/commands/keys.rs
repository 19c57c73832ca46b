//! Idempotency keys: a repeated request with the same key leads to the same command.

use crate::database::pruning::{Pruned, Slice};
use crate::schema::idempotency_keys;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::ids::CommandId;
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

/// Deletes keys that were first used before the age of `slice`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune_keys(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select ctid as place, created_at from idempotency_keys
          where created_at < now() - make_interval(secs => $1) and created_at >= coalesce($2, '-infinity')
          order by created_at limit $3 for update skip locked),
        gone as (
          delete from idempotency_keys where ctid = any(array(select place from old)) returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(created_at) as up_to from old";
    slice.run(connection, statement).await
}
