//! Running ingestors.
//!
//! A replica records the database session that renews its leases. If its process dies, PostgreSQL ends
//! the session at once, so others notice the death long before the leases expire. A session that is
//! served by a connection pool, or that outlives a machine without power, only delays this until the
//! leases expire.

use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Float8, Int4, Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
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

/// A replica whose session has ended although it has not stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct EndedReplica {
    /// Id of the replica.
    #[diesel(sql_type = SqlUuid)]
    pub replica_id: Uuid,
    /// Until when it counts as running; changes with each heartbeat.
    #[diesel(sql_type = Timestamptz)]
    pub alive_until: DateTime<Utc>,
}

/// A session of this server.
#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = Int4)]
    pid: i32,
    /// `None` if it is hidden, because the session is one of another role.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    backend_start: Option<DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct Running {
    #[diesel(embed)]
    member: EndedReplica,
    #[diesel(sql_type = Int4)]
    session_pid: i32,
    #[diesel(sql_type = Timestamptz)]
    session_began: DateTime<Utc>,
}

impl Running {
    /// Whether `session` may be the one that renews the leases.
    fn has(&self, session: &Session) -> bool {
        session.pid == self.session_pid
            && session.backend_start.is_none_or(|start| start == self.session_began)
    }
}

/// Records that `replica` is running, for another `ttl`, and which session it has; returns the
/// membership.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn heartbeat(
    connection: &mut Connection,
    replica: Uuid,
    topic: &str,
    ttl: Duration,
) -> Result<Membership, StorageError> {
    let own = "select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()";
    let Session { pid, backend_start } = diesel::sql_query(own).get_result(connection).await?;
    // A statement does not see its own insert, so this replica is added.
    let membership = diesel::sql_query(
        "with gone as (delete from ingest_replicas where alive_until < statement_timestamp() and replica_id <> $1),
              mine as (insert into ingest_replicas (replica_id, topic, alive_until, session_pid, session_began)
                       values ($1, $2, statement_timestamp() + make_interval(secs => $3), $4, $5)
                       on conflict (replica_id) do update set
                         alive_until = excluded.alive_until,
                         session_pid = excluded.session_pid, session_began = excluded.session_began)
         select 1 + count(*) as live, count(*) filter (where replica_id < $1) as rank from ingest_replicas
         where topic = $2 and replica_id <> $1 and alive_until >= statement_timestamp()",
    )
    .bind::<SqlUuid, _>(replica)
    .bind::<Text, _>(topic)
    .bind::<Float8, _>(ttl.as_secs_f64())
    .bind::<Int4, _>(pid)
    .bind::<Nullable<Timestamptz>, _>(backend_start)
    .get_result(connection)
    .await?;
    Ok(membership)
}

/// The running replicas other than `replica` whose session has ended. Each of them has died, or has
/// lost its connection and sends its next heartbeat over another one.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_ended(
    connection: &mut Connection,
    replica: Uuid,
    topic: &str,
) -> Result<Vec<EndedReplica>, StorageError> {
    let running: Vec<Running> = diesel::sql_query(
        "select replica_id, alive_until, session_pid, session_began from ingest_replicas
         where topic = $2 and replica_id <> $1 and alive_until >= statement_timestamp()
           and session_pid is not null and session_began is not null",
    )
    .bind::<SqlUuid, _>(replica)
    .bind::<Text, _>(topic)
    .load(connection)
    .await?;
    if running.is_empty() {
        return Ok(Vec::new());
    }
    // A statement of its own, because only the server that this session is connected to lists its
    // sessions; on Citus the replicas may be in a table of another one.
    let pids: Vec<i32> = running.iter().map(|replica| replica.session_pid).collect();
    let sessions: Vec<Session> =
        diesel::sql_query("select pid, backend_start from pg_stat_activity where pid = any($1)")
            .bind::<Array<Int4>, _>(pids)
            .load(connection)
            .await?;
    let ended = running.into_iter().filter(|replica| !sessions.iter().any(|session| replica.has(session)));
    Ok(ended.map(|replica| replica.member).collect())
}

/// Ends the leases of a replica that has died, unless it has sent a heartbeat since it was listed;
/// returns whether it is no longer a member. A row that its last transaction still locks is acquired
/// when its lease expires. If the replica lives, the compare-and-set fences its batches.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn release_ended(connection: &mut Connection, ended: EndedReplica) -> Result<bool, StorageError> {
    let released = diesel::sql_query(
        "with ended as (delete from ingest_replicas where replica_id = $1 and alive_until = $2 returning replica_id),
              freed as (
                update ingest_partitions set lease_until = '-infinity'
                where (topic, partition) in (
                  select topic, partition from ingest_partitions
                  where owner in (select replica_id from ended) order by topic, partition for update skip locked))
         select 1 as one from ended",
    )
    .bind::<SqlUuid, _>(ended.replica_id)
    .bind::<Timestamptz, _>(ended.alive_until)
    .execute(connection)
    .await?;
    Ok(released == 1)
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
