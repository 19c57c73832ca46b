//! The size of each table, and the age of its oldest row where an index shows it.

use crate::{Connection, StorageError};
use diesel::QueryableByName;
use diesel::sql_types::{Float8, Int8, Text};
use diesel_async::RunQueryDsl;
use std::time::Duration;

/// The size of a table.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct TableSize {
    /// Name of the table.
    #[diesel(sql_type = Text)]
    pub table: String,
    /// Size on disk with indexes, large values and partitions, in bytes.
    #[diesel(sql_type = Int8)]
    pub bytes: i64,
}

/// The age of a table's oldest row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldestRow {
    /// Name of the table.
    pub table: String,
    /// Age of the row, by PostgreSQL's clock.
    pub age: Duration,
}

/// The sizes of all tables.
///
/// # Errors
/// If PostgreSQL fails, or a table is locked at the moment.
pub async fn list_sizes(connection: &mut Connection) -> Result<Vec<TableSize>, StorageError> {
    let sizes = diesel::sql_query(
        "select found.relname::text as \"table\", (pg_total_relation_size(found.oid)
            + coalesce((select sum(pg_total_relation_size(inhrelid)) from pg_inherits where inhparent = found.oid), 0)
           )::bigint as bytes
         from pg_class as found
         where found.relnamespace = current_schema()::regnamespace and found.relkind in ('r', 'p')
           and not found.relispartition and found.relname not like '\\_\\_diesel%'
         order by found.relname",
    );
    Ok(sizes.load(connection).await?)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Float8)]
    age_s: f64,
}

/// The age of the oldest row of each table whose rows end by age; empty tables are not contained. Each
/// is the first entry of an index, except that partitions are named by their days.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_oldest(connection: &mut Connection) -> Result<Vec<OldestRow>, StorageError> {
    let rows: Vec<Row> = diesel::sql_query(
        "select oldest.name::text as \"table\", extract(epoch from clock_timestamp() - oldest.at)::float8 as age_s
         from (
           select 'commands', (select issued_at from commands where not open order by issued_at limit 1)
           union all
           select 'command_batches', (select created_at from command_batches order by created_at limit 1)
           union all
           select 'idempotency_keys', (select created_at from idempotency_keys order by created_at limit 1)
           union all
           select 'creation_keys', (select created_at from creation_keys order by created_at limit 1)
           union all
           select 'session_limits', (select created_at from session_limits order by created_at limit 1)
           union all
           select 'session_receipts', (select issued_at from session_receipts order by issued_at limit 1)
           union all
           select 'session_settlements', (select quiet_since from session_settlements order by quiet_since limit 1)
           union all
           select 'sessions', (select started_at from sessions where ended_at is not null order by started_at, id limit 1)
           union all
           select 'dead_letters', (select created_at from dead_letters order by created_at, id limit 1)
           union all
           select 'asset_edits', (select edited_at from asset_edits order by edited_at limit 1)
           union all
           select 'reliability_days', (select began_at from reliability_days order by began_at limit 1)
           union all
           select 'reliability_exclusions', (select excluded_until from reliability_exclusions order by excluded_until limit 1)
           union all
           select 'revenue', (select starts_on::timestamptz from revenue order by starts_on limit 1)
           union all
           select 'feed_chunks', (select created_at from feed_chunks where position is not null order by position limit 1)
           union all
           select parent.relname, min(to_timestamp(right(part.relname, 8), 'YYYYMMDD'))
           from pg_inherits join pg_class as parent on parent.oid = inhparent join pg_class as part on part.oid = inhrelid
           where parent.relnamespace = current_schema()::regnamespace
             and parent.relname in ('meter_samples', 'status_changes') and part.relname ~ '_[0-9]{8}$'
           group by parent.relname
         ) as oldest (name, at)
         where oldest.at is not null order by 1",
    )
    .load(connection)
    .await?;
    let age = |seconds: f64| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default();
    Ok(rows.into_iter().map(|row| OldestRow { age: age(row.age_s), table: row.table }).collect())
}
