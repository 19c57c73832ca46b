//! The data: a year of commands to piles that receive no others.

use crate::database::Connection;
use crate::indexes::Indexes;
use crate::numbers::{float, grouped_count, round};
use crate::report::RetentionData;
use anyhow::Context as _;
use diesel::prelude::*;
use diesel::sql_types::Int8;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use launch::output::progress;
use std::time::Instant;

const COMMANDS: &str = include_str!("commands.sql");
/// The piles of the old commands.
const PLACES: &str = "
    insert into stations (id, name, status, created_at, updated_at, version)
    values ('00000000-0000-7000-8000-000000000000', 'Old', 'Open', now(), now(), 1);
    insert into piles (id, station_id, charge_point_id, model, rated_power_kw, created_at, updated_at, version)
    select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '00000000-0000-7000-8000-000000000000', 'OLD-' || n,
           'DC-120', 120, now(), now(), 1
    from generate_series(0, 999) n";
/// The statements that insert all commands; after each, the progress is reported.
const BATCHES: u64 = 20;
const BEFORE: &str =
    "set statement_timeout = 0; set synchronous_commit = off; set maintenance_work_mem = '256MB'";
const AFTER: &str = "reset statement_timeout; reset synchronous_commit; reset maintenance_work_mem";

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = Int8)]
    rows: i64,
    #[diesel(sql_type = Int8)]
    indexes: i64,
}

#[derive(QueryableByName)]
struct Left {
    #[diesel(sql_type = Int8)]
    commands: i64,
}

/// Inserts `commands` commands that were issued over the last year.
pub(super) async fn fill(connection: &mut Connection, commands: u64) -> anyhow::Result<RetentionData> {
    connection.batch_execute(BEFORE).await?;
    connection.batch_execute(PLACES).await.context("create piles")?;
    let begun = Instant::now();
    let indexes = Indexes::drop_all(connection, "commands").await?;
    let batch = commands.div_ceil(BATCHES);
    let mut from = 0;
    while from < commands {
        let until = (from + batch).min(commands);
        diesel::sql_query(COMMANDS)
            .bind::<Int8, _>(i64::try_from(from)?)
            .bind::<Int8, _>(i64::try_from(until)? - 1)
            .bind::<Int8, _>(i64::try_from(commands)?)
            .execute(connection)
            .await
            .with_context(|| format!("insert commands {from} to {until}"))?;
        from = until;
        progress(&format!(
            "{} of {} commands after {} s …",
            grouped_count(from),
            grouped_count(commands),
            begun.elapsed().as_secs()
        ));
    }
    indexes.build(connection).await?;
    progress("vacuum analyze …");
    connection.batch_execute("vacuum analyze").await.context("vacuum")?;
    // Not during the measurement. Without the privilege, the checkpoint comes at some other time.
    connection.batch_execute("checkpoint").await.unwrap_or_default();
    let filled_s = begun.elapsed().as_secs_f64();
    let size: Size =
        diesel::sql_query("select pg_table_size('commands') as rows, pg_indexes_size('commands') as indexes")
            .get_result(connection)
            .await?;
    connection.batch_execute(AFTER).await?;
    let mb = |bytes: i64| anyhow::Ok(round(float(u64::try_from(bytes)?) / 1e6, 0));
    Ok(RetentionData {
        commands,
        filled_s: round(filled_s, 1),
        rows_mb: mb(size.rows)?,
        indexes_mb: mb(size.indexes)?,
    })
}

/// The old commands that are left.
pub(super) async fn left(connection: &mut Connection) -> anyhow::Result<u64> {
    let left: Left = diesel::sql_query(
        "select count(*) as commands from commands where charge_point_id like 'OLD-%' and not open",
    )
    .get_result(connection)
    .await?;
    Ok(u64::try_from(left.commands)?)
}
