//! Creating a batch, which fixes its piles.

use super::scope::{Scope, ScopeColumns, ScopeRefusal, assess, chosen};
use super::{CommandBatch, Row};
use crate::commands::keys::key_text;
use crate::commands::{KeyedRequest, RecordedDigest};
use crate::database::standby::current_timeline;
use crate::database::transaction::{Abort, Refusable};
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Float8, Int4, Int8, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::OperatorBound;
use domain::ids::{Actor, CommandBatchId, StationId};
use std::time::Duration;
use uuid::Uuid;

/// A requested batch.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBatch {
    /// Id of the batch.
    pub id: CommandBatchId,
    /// The station of the piles.
    pub station_id: StationId,
    /// The operators to which the caller is bound; recorded, so that the batch is carried out within
    /// this bound.
    pub bound: OperatorBound,
    /// The OCPP 1.6 action.
    pub name: &'static str,
    /// The command to each pile, in the JSON form of [`CommandBatch::command`].
    pub command: serde_json::Value,
    /// Largest number of piles that are commanded per second.
    pub rate_per_second: u16,
    /// The piles of the station that are commanded.
    pub scope: Scope,
    /// Time limit of the batch.
    pub lifetime: Duration,
    /// The `sub` of the caller.
    pub issued_by: Option<Actor>,
    /// The caller's idempotency key, if any.
    pub keyed: Option<KeyedRequest>,
}

/// The result of creating a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    /// A new batch.
    Now(CommandBatch),
    /// The batch that an earlier, identical request created.
    Before(CommandBatch),
    /// The key was used for another request.
    KeyReused,
    /// The scope cannot be commanded.
    Refused(ScopeRefusal),
}

/// Creates a batch, or finds the one that an earlier, identical request created.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn create(connection: &mut Connection, new: &NewBatch) -> Result<Created, StorageError> {
    if let Some(before) = known(connection, &new.bound, new.keyed.as_ref()).await? {
        return Ok(before);
    }
    let scope = ScopeColumns::from(&new.scope);
    if let Err(refusal) = assess(connection, new.station_id, &new.bound, &scope).await? {
        return Ok(Created::Refused(refusal));
    }
    // A concurrent request with the same key comes first once, and another caller may take the text
    // of the key once.
    for _ in 0..3 {
        if let Some(row) = insert(connection, new, &scope).await? {
            return row.try_into().map(Created::Now);
        }
        if let Some(before) = known(connection, &new.bound, new.keyed.as_ref()).await? {
            return Ok(before);
        }
    }
    Err(StorageError::inconsistent("idempotency_keys", "a key exists on insert but cannot be read"))
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = Int8)]
    request_digest: i64,
    #[diesel(sql_type = Nullable<Binary>)]
    request_sha256: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    batch_id: Option<Uuid>,
}

/// The result of the earlier request with the same key.
async fn known(
    connection: &mut Connection,
    bound: &OperatorBound,
    keyed: Option<&KeyedRequest>,
) -> Result<Option<Created>, StorageError> {
    let Some(keyed) = keyed else { return Ok(None) };
    let found: Option<Known> = diesel::sql_query(
        "select request_digest, request_sha256, batch_id from idempotency_keys
         where caller_key = $1 or (key = $2 and caller_key is null)
         order by caller_key nulls last limit 1",
    )
    .bind::<Nullable<Binary>, _>(keyed.key.of_caller())
    .bind::<Text, _>(keyed.key.text())
    .get_result(connection)
    .await
    .optional()?;
    let Some(Known { request_digest, request_sha256, batch_id }) = found else { return Ok(None) };
    let digest = RecordedDigest { sha256: request_sha256, earlier: request_digest };
    let batch = match batch_id.filter(|_| digest.is_of(&keyed.digest)) {
        Some(id) => super::find(connection, bound, CommandBatchId(id)).await?,
        None => None,
    };
    Ok(Some(batch.map_or(Created::KeyReused, Created::Before)))
}

/// Inserts the batch with its piles, and then its key; `None`, without any change, if the key exists
/// already.
async fn insert(
    connection: &mut Connection,
    new: &NewBatch,
    scope: &ScopeColumns,
) -> Result<Option<Row>, StorageError> {
    let Some(keyed) = &new.keyed else { return Ok(Some(insert_batch(connection, new, scope).await?)) };
    let inserted = connection.transaction(async |tx| {
        let row = insert_batch(tx, new, scope).await?;
        match insert_key(tx, keyed, new.id).await? {
            true => Ok(row),
            false => Err(Abort::Refused(())),
        }
    });
    Ok(inserted.await.refusal_as_value()?.ok())
}

/// Inserts the key of the batch `id`; `false` if it exists already.
async fn insert_key(tx: &mut Connection, keyed: &KeyedRequest, id: CommandBatchId) -> QueryResult<bool> {
    let inserted = diesel::sql_query(concat!(
        "insert into idempotency_keys (key, caller_key, request_digest, request_sha256, batch_id)
         select ",
        key_text!(),
        ", caller_key, $3, $4, $5 from (select $1 as key, $2 as caller_key) as new
         on conflict do nothing"
    ))
    .bind::<Text, _>(keyed.key.text())
    .bind::<Nullable<Binary>, _>(keyed.key.of_caller())
    .bind::<Int8, _>(keyed.digest.earlier())
    .bind::<Binary, _>(keyed.digest.sha256())
    .bind::<SqlUuid, _>(id.0)
    .execute(tx)
    .await?;
    Ok(inserted == 1)
}

/// Inserts the batch and its piles in one statement.
async fn insert_batch(connection: &mut Connection, new: &NewBatch, scope: &ScopeColumns) -> QueryResult<Row> {
    diesel::sql_query(concat!(
        "with chosen as materialized (", chosen!(), "),
         batch as (
           insert into command_batches
             (id, station_id, name, command, rate_per_second, piles, created_at, expires_at, finished_at, issued_by,
              timeline, operators)
           select $4, $1, $5, $6, $7, count, now, now + make_interval(secs => $8), case when count = 0 then now end, $9, ",
        current_timeline!(), ", $10
           from (select count(*) as count, clock_timestamp() as now from chosen) as counted
           returning *),
         items as (
           insert into command_batch_items (batch_id, pile_id, charge_point_id)
           select batch.id, chosen.id, chosen.charge_point_id from batch cross join chosen order by chosen.id)
         select * from batch"
    ))
    .bind::<SqlUuid, _>(new.station_id.0)
    .bind::<Nullable<Array<SqlUuid>>, _>(scope.piles.as_ref())
    .bind::<Nullable<Array<Text>>, _>(scope.statuses.as_ref())
    .bind::<SqlUuid, _>(new.id.0)
    .bind::<Text, _>(new.name)
    .bind::<Jsonb, _>(&new.command)
    .bind::<Int4, _>(i32::from(new.rate_per_second))
    .bind::<Float8, _>(new.lifetime.as_secs_f64())
    .bind::<Nullable<Text>, _>(new.issued_by.as_ref().map(Actor::as_str))
    .bind::<Nullable<Array<Text>>, _>(new.bound.ids())
    .get_result(connection)
    .await
}
