//! `PostgreSQL` as seen from outside: its settings, the progress of each partition, and the amount
//! of writes.
//!
//! Like `testkit`, and unlike the services, this tool uses its own SQL, like that of an operator.

use crate::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Float8, Int4, Int8, Text, Uuid as SqlUuid};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use serde::Serialize;
use std::time::Instant;
use storage::schema::{charge_points, ingest_partitions};
use uuid::Uuid;

/// Settings on which figures depend.
const SETTINGS: &str = "'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'wal_compression', \
                        'max_wal_size', 'checkpoint_timeout', 'max_connections', 'jit', 'autovacuum'";

/// A setting of the server.
#[derive(Debug, Clone, QueryableByName, Serialize)]
pub struct Setting {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Its value, with the unit.
    #[diesel(sql_type = Text)]
    pub value: String,
}

/// What was written so far, by PostgreSQL's own statistics, which are up to a second late.
#[derive(Debug, Clone, Copy, Default, QueryableByName)]
pub struct Work {
    /// Rows inserted, updated and deleted in all tables.
    #[diesel(sql_type = Int8)]
    pub rows: i64,
    /// Updates of `ingest_partitions`: batches, and a few renewals of leases.
    #[diesel(sql_type = Int8)]
    pub batches: i64,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Int8)]
    number: i64,
}

#[derive(QueryableByName)]
struct Pid {
    #[diesel(sql_type = Int4)]
    pid: i32,
}

/// The progress of each partition of `topic`: everything before that offset is visible.
pub async fn progress(connection: &mut Connection, topic: &str) -> QueryResult<Vec<(i32, i64)>> {
    ingest_partitions::table
        .filter(ingest_partitions::topic.eq(topic))
        .select((ingest_partitions::partition, ingest_partitions::next_offset))
        .load(connection)
        .await
}

/// The process that serves `connection`.
pub async fn backend(connection: &mut Connection) -> anyhow::Result<u32> {
    let row: Pid = diesel::sql_query("select pg_backend_pid() as pid").get_result(connection).await?;
    Ok(u32::try_from(row.pid)?)
}

/// PostgreSQL's version, and the settings on which figures depend.
pub async fn settings(connection: &mut Connection) -> anyhow::Result<Vec<Setting>> {
    let query = format!(
        "select 'version' as name, current_setting('server_version') as value
         union all
         (select name, case when name in ('shared_buffers', 'max_wal_size', 'checkpoint_timeout')
                            then current_setting(name) else setting end
          from pg_settings where name in ({SETTINGS}) order by name)"
    );
    Ok(diesel::sql_query(query).load(connection).await?)
}

/// What was written to this database so far.
pub async fn work(connection: &mut Connection) -> anyhow::Result<Work> {
    let query = "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::int8 as rows,
                        coalesce(sum(n_tup_upd) filter (where relname = 'ingest_partitions'), 0)::int8 as batches
                 from pg_stat_user_tables";
    Ok(diesel::sql_query(query).get_result(connection).await?)
}

/// The number of connections to this database, without the `ours` of the measurement.
pub async fn clients(connection: &mut Connection, ours: i64) -> anyhow::Result<i64> {
    let row: Number = diesel::sql_query(
        "select count(*) as number from pg_stat_activity
         where datname = current_database() and backend_type = 'client backend'",
    )
    .get_result(connection)
    .await?;
    Ok(row.number - ours)
}

/// The duration in µs of each of `commits` commits with minimal content: the time in which the disk
/// acknowledges the write-ahead log.
pub async fn commit(connection: &mut Connection, commits: usize) -> anyhow::Result<Vec<u32>> {
    let mut took = Vec::with_capacity(commits);
    for _ in 0..commits {
        let begun = Instant::now();
        diesel::sql_query("select length(pg_logical_emit_message(true, 'bench', 'x')::text)::float8 as n")
            .load::<Discarded>(connection)
            .await?;
        took.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(took)
}

/// Registers all devices whose ids begin with `prefix` as piles of one station; returns the pile of
/// each.
pub async fn register(connection: &mut Connection, prefix: &str) -> anyhow::Result<Vec<(Uuid, String)>> {
    let station = Uuid::now_v7();
    diesel::sql_query(
        "insert into stations (id, name, status, created_at, updated_at, version)
         values ($1, 'Commanded', 'Open', now(), now(), 1)",
    )
    .bind::<SqlUuid, _>(station)
    .execute(connection)
    .await?;
    let devices: Vec<String> = charge_points::table
        .filter(charge_points::charge_point_id.like(format!("{prefix}%")))
        .select(charge_points::charge_point_id)
        .load(connection)
        .await?;
    let piles: Vec<Uuid> = devices.iter().map(|_| Uuid::now_v7()).collect();
    diesel::sql_query(
        "insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at, updated_at,
                            version)
         select id, $1, charge_point_id, 'commanded', 7, 'AC', now(), now(), 1
         from unnest($2, $3) as device (id, charge_point_id)",
    )
    .bind::<SqlUuid, _>(station)
    .bind::<Array<SqlUuid>, _>(&piles)
    .bind::<Array<Text>, _>(&devices)
    .execute(connection)
    .await?;
    // Autovacuum would do this soon.
    connection.batch_execute("vacuum analyze piles, stations").await?;
    Ok(piles.into_iter().zip(devices).collect())
}

/// Creates an empty table `name` like that of the commands, with its checks and indexes.
pub async fn copy_of_commands(connection: &mut Connection, name: &str) -> anyhow::Result<()> {
    Ok(connection.batch_execute(&format!("create table {name} (like commands including all)")).await?)
}

#[derive(QueryableByName)]
struct Discarded {
    #[diesel(sql_type = Float8)]
    #[expect(dead_code, reason = "only the response matters, not its value")]
    n: f64,
}

/// Cleans up after all former work, and writes it to the disk.
pub async fn vacuum(connection: &mut Connection) -> anyhow::Result<()> {
    connection.batch_execute("vacuum (analyze)").await?;
    Ok(connection.batch_execute("checkpoint").await?)
}
