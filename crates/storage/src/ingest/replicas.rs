//! Running ingestors.

use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Float8, Int8, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::time::Duration;
use uuid::Uuid;

/// The number of running replicas and a replica's rank among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Membership {
    /// Number of running replicas, including this one.
    #[diesel(sql_type = Int8)]
    pub live: i64,
    /// Number of running replicas with smaller ids than this one.
    #[diesel(sql_type = Int8)]
    pub rank: i64,
}

/// Records that `replica` is running, for another `ttl`; returns the membership.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn heartbeat(
    connection: &mut Connection,
    replica: Uuid,
    topic: &str,
    ttl: Duration,
) -> Result<Membership, StorageError> {
    // A statement does not see its own insert, so this replica is added.
    let membership = diesel::sql_query(
        "with gone as (delete from ingest_replicas where alive_until < clock_timestamp() and replica_id <> $1),
              mine as (insert into ingest_replicas (replica_id, topic, alive_until)
                       values ($1, $2, clock_timestamp() + make_interval(secs => $3))
                       on conflict (replica_id) do update set alive_until = excluded.alive_until)
         select 1 + count(*) as live, count(*) filter (where replica_id < $1) as rank from ingest_replicas
         where topic = $2 and replica_id <> $1 and alive_until >= clock_timestamp()",
    )
    .bind::<SqlUuid, _>(replica)
    .bind::<Text, _>(topic)
    .bind::<Float8, _>(ttl.as_secs_f64())
    .get_result(connection)
    .await?;
    Ok(membership)
}

/// Records that `replica` has stopped.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn leave(connection: &mut Connection, replica: Uuid) -> Result<(), StorageError> {
    diesel::sql_query("delete from ingest_replicas where replica_id = $1")
        .bind::<SqlUuid, _>(replica)
        .execute(connection)
        .await?;
    Ok(())
}
