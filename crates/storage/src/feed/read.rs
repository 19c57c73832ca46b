//! Reading the feed by position, and deleting chunks after the retention period.

use super::Chunk;
use crate::database::bulk::{Bulk, Columns, Lookup, Planning, Rows};
use crate::feed::outbox::{ChunkRow, broken};
use crate::feed::sequence::sequence_with;
use crate::ingest::partitions::{self, PartitionLease};
use crate::{Connection, StorageError};
use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Float8, Int8, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use std::time::Duration;

/// Up to `limit` chunks after `position`, in order. Chunks without a position are not included.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list_after(
    connection: &mut Connection,
    position: i64,
    limit: i64,
) -> Result<Vec<Chunk>, StorageError> {
    list_with(connection, After { position, limit, planning: Planning::EachTime }).await
}

/// Numbers committed chunks, see [`sequence()`](super::sequence()), and returns up to `limit` chunks
/// after `position`, in order. For the relay, many times a second on a connection of
/// [`Database::for_batches`](crate::Database::for_batches): PostgreSQL plans the statements once, since
/// planning them takes longer than running them.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn sequence_and_list(
    connection: &mut Connection,
    position: i64,
    limit: i64,
) -> Result<Vec<Chunk>, StorageError> {
    sequence_with(connection, Planning::Once).await?;
    list_with(connection, After { position, limit, planning: Planning::Once }).await
}

async fn list_with(connection: &mut Connection, after: After) -> Result<Vec<Chunk>, StorageError> {
    let rows: Vec<ChunkRow> = Bulk(after).load(connection).await?;
    rows.into_iter().map(Chunk::try_from).collect()
}

/// Up to `limit` chunks after `position`.
struct After {
    position: i64,
    limit: i64,
    planning: Planning,
}

impl Rows for After {
    type Statement = Self;
    const SQL: &'static str =
        "select position, created_at, changes::text as changes, operators from feed_chunks
         where position > $1 order by position limit $2";

    fn columns<'b>(&'b self, columns: &mut Columns<'_, 'b>) -> QueryResult<()> {
        columns.bind::<Int8, _>(&self.position)?;
        columns.bind::<Int8, _>(&self.limit)
    }

    fn planning(&self) -> Planning {
        self.planning
    }
}

impl Lookup for After {
    type Answer = (Int8, Timestamptz, Text, Nullable<Array<Nullable<Text>>>);
}

/// The readable range of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Span {
    /// The first position that is kept; one after the last position if none is.
    #[diesel(sql_type = Int8)]
    pub first: i64,
    /// The last position that was assigned or skipped; 0 if none was.
    #[diesel(sql_type = Int8)]
    pub last: i64,
}

/// The range of positions that can be read.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn span(connection: &mut Connection) -> Result<Span, StorageError> {
    let query =
        "select coalesce((select min(position) from feed_chunks), position + 1) as first, position as last
                 from feed_head";
    Ok(diesel::sql_query(query).get_result(connection).await?)
}

/// The part of the feed that is not published yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Number of chunks with a position; chunks without one and skipped positions are not counted.
    pub chunks: i64,
    /// How long the oldest chunk has waited, with or without a position.
    pub delay: Duration,
}

#[derive(QueryableByName)]
struct BacklogRow {
    #[diesel(sql_type = Int8)]
    chunks: i64,
    #[diesel(sql_type = Nullable<Float8>)]
    delay_s: Option<f64>,
}

/// The backlog from `next_position` on, by PostgreSQL's clock.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn backlog(connection: &mut Connection, next_position: i64) -> Result<Backlog, StorageError> {
    let row: BacklogRow = diesel::sql_query(
        "select greatest(position + 1 - $1 - (
                  select coalesce(sum(skipped_to - greatest(skipped_after, $1 - 1)), 0)
                  from feed_jumps where skipped_to >= $1), 0)::bigint as chunks,
                extract(epoch from clock_timestamp() - least(
                  (select created_at from feed_chunks where position >= $1 order by position limit 1),
                  (select created_at from feed_chunks where position is null order by id limit 1)))::float8 as delay_s
         from feed_head",
    )
    .bind::<Int8, _>(next_position)
    .get_result(connection)
    .await?;
    let delay = row.delay_s.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)));
    Ok(Backlog { chunks: row.chunks, delay: delay.transpose().map_err(broken)?.unwrap_or_default() })
}

/// Records that everything before `next_position` is published; returns `false` if the relay's
/// `lease` was lost.
///
/// The relay's progress is a row of `ingest_partitions`, under the topic that it writes: it also
/// reads a sequence exclusively under a lease. The offset in the row is the next position to
/// publish.
///
/// # Errors
/// If PostgreSQL fails. Whether the progress was recorded is unknown in that case.
pub async fn record_published(
    connection: &mut Connection,
    lease: &PartitionLease,
    next_position: i64,
) -> Result<bool, StorageError> {
    partitions::advance(connection, lease, next_position.into()).await
}

/// Deletes up to `limit` chunks before `next_position` that are older than `retention`, the oldest
/// first; returns how many.
///
/// The last published chunk is kept regardless of its age: the id of its last change is the cursor
/// of the followers of a quiet feed, which could not resume without it.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune(
    connection: &mut Connection,
    next_position: i64,
    retention: Duration,
    limit: i64,
) -> Result<usize, StorageError> {
    let deleted = diesel::sql_query(
        "delete from feed_chunks where id in (
           select id from (
             select id, created_at from feed_chunks where position < $1 - 1 order by position limit $3) as oldest
           where created_at < statement_timestamp() - make_interval(secs => $2))",
    )
    .bind::<Int8, _>(next_position)
    .bind::<Float8, _>(retention.as_secs_f64())
    .bind::<Int8, _>(limit)
    .execute(connection)
    .await?;
    Ok(deleted)
}
