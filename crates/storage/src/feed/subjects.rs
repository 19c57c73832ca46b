//! What the newest chunks are about, whether they have a position yet or not.
//!
//! A reader that only needs to know what changed need not read changes in order. It also reads chunks
//! that are committed and not numbered yet, so that it misses nothing that was committed before its
//! statement began. It sees such a chunk again, with its position, once it is numbered.

use crate::database::bulk::{self, Bulk, Lookup, Rows};
use crate::feed::outbox::broken;
use crate::{Connection, StorageError};
use diesel::QueryResult;
use diesel::sql_types::{Int8, Nullable, Text};
use diesel_async::RunQueryDsl;
use domain::feed::FeedSubject;
use serde::Deserialize;

/// Largest number of chunks with a position in one read, as in the statement.
const NUMBERED: usize = 100;
/// Largest number of chunks without a position in one read, as in the statement.
const WAITING: usize = 1_000;

/// The subjects of the chunks after a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subjects {
    /// The last position of the feed that was assigned or skipped, at the time of the read.
    pub head: i64,
    /// The chunks with a position, in order, then those without one.
    pub chunks: Vec<ChunkSubjects>,
    /// Whether these are all chunks that were committed before the read.
    pub is_complete: bool,
}

/// The subjects of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkSubjects {
    /// Identifies the chunk before and after it gets a position.
    pub id: i64,
    /// The position; `None` if the chunk is not numbered yet.
    pub position: Option<i64>,
    /// The subject of each change, often the same one several times; empty if the chunk was known.
    pub subjects: Vec<FeedSubject>,
}

/// A stored change; its other fields are skipped.
#[derive(Deserialize)]
struct Change {
    subject: FeedSubject,
}

/// The subjects of the chunks after `position`, and of those without a position. The chunks with the
/// `known` ids were read before: they are returned without their subjects, and only once they have a
/// position. If the subjects are not complete, read again after the last position.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn subjects_after(
    connection: &mut Connection,
    position: i64,
    known: Vec<i64>,
) -> Result<Subjects, StorageError> {
    let rows: Vec<Row> = Bulk(After { position: vec![position], known }).load(connection).await?;
    let head = rows.as_slice().first().map(|(head, ..)| *head).ok_or_else(|| broken("no head"))?;
    let chunks = rows.into_iter().filter_map(|row| chunk(row).transpose()).collect::<Result<Vec<_>, _>>()?;
    let numbered = chunks.iter().filter(|chunk| chunk.position.is_some()).count();
    let is_complete = numbered < NUMBERED && chunks.len() - numbered < WAITING;
    Ok(Subjects { head, chunks, is_complete })
}

/// The head, and the id, the position and the changes of a chunk; null without a chunk.
type Row = (i64, Option<i64>, Option<i64>, Option<String>);

fn chunk((_, id, position, changes): Row) -> Result<Option<ChunkSubjects>, StorageError> {
    let Some(id) = id else { return Ok(None) };
    let changes: Option<Vec<Change>> =
        changes.as_deref().map(serde_json::from_str).transpose().map_err(broken)?;
    let subjects = changes.into_iter().flatten().map(|change| change.subject).collect();
    Ok(Some(ChunkSubjects { id, position, subjects }))
}

struct After {
    /// One position.
    position: Vec<i64>,
    known: Vec<i64>,
}

impl Rows for After {
    type Statement = Self;
    const SQL: &'static str = "with given as (select ($1::bigint[])[1] as position, $2::bigint[] as known)
         select head.position, chunk.id, chunk.position, chunk.changes
         from feed_head as head
         left join (
           (select id, position, case when id <> all((select known from given)::bigint[]) then changes::text end as changes
            from feed_chunks where position > (select position from given) order by position limit 100)
           union all
           (select id, position, changes::text
            from feed_chunks where position is null and id <> all((select known from given)::bigint[])
            order by id limit 1000)
         ) as chunk on true
         order by chunk.position";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Int8, _>(&self.position)?;
        columns.push::<Int8, _>(&self.known)
    }
}

impl Lookup for After {
    type Answer = (Int8, Nullable<Int8>, Nullable<Int8>, Nullable<Text>);
}
