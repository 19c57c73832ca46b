//! Idempotency keys of requests that create stations, piles, tariffs and bindings: a repeated request
//! leads to the same resource.

use crate::commands::KeyedRequest;
use crate::schema::creation_keys;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Float8, Int8};
use diesel_async::RunQueryDsl;
use std::time::Duration;
use uuid::Uuid;

/// The result of a request to create a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation<T> {
    /// The resource was created.
    Now(T),
    /// An earlier, identical request of the caller created the resource with this id.
    Before(Uuid),
    /// The caller used the key for another request.
    KeyReused,
}

/// Records in the transaction `tx` that the resource with id `id` is created for `keyed`. If the key
/// was used before, returns what it led to, and the resource must not be created. A concurrent
/// request with the same key is awaited.
///
/// # Errors
/// If PostgreSQL fails or the key is not one of a caller.
pub(crate) async fn claim<T>(
    tx: &mut Connection,
    keyed: &KeyedRequest,
    id: Uuid,
) -> Result<Option<Creation<T>>, StorageError> {
    let Some(caller_key) = keyed.key.of_caller() else {
        return Err(StorageError::inconsistent("creation_keys", "a key of a batch creates no resource"));
    };
    let request = keyed.digest.sha256();
    let inserted = diesel::insert_into(creation_keys::table)
        .values((
            creation_keys::caller_key.eq(&caller_key),
            creation_keys::request_sha256.eq(&request),
            creation_keys::resource_id.eq(id),
        ))
        .on_conflict_do_nothing()
        .execute(tx)
        .await?;
    if inserted == 1 {
        return Ok(None);
    }
    let (digest, before): (Vec<u8>, Uuid) = creation_keys::table
        .find(&caller_key)
        .select((creation_keys::request_sha256, creation_keys::resource_id))
        .first(tx)
        .await?;
    let is_same = digest == request;
    Ok(Some(if is_same { Creation::Before(before) } else { Creation::KeyReused }))
}

/// Deletes up to `limit` keys older than `age`; returns how many.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune(connection: &mut Connection, age: Duration, limit: i64) -> Result<usize, StorageError> {
    let pruned = diesel::sql_query(
        "delete from creation_keys where caller_key in (
           select caller_key from creation_keys where created_at < clock_timestamp() - make_interval(secs => $1)
           order by created_at limit $2 for update skip locked)",
    )
    .bind::<Float8, _>(age.as_secs_f64())
    .bind::<Int8, _>(limit)
    .execute(connection)
    .await?;
    Ok(pruned)
}
