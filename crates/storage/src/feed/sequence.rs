//! Assigning positions to committed chunks.

use super::jump::{Jump, Wait, jump, lock_head};
use crate::database::bulk::{Bulk, Columns, Lookup, Planning, Rows};
use crate::{Connection, StorageError};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Int8};
use diesel_async::{AsyncConnection, RunQueryDsl};

/// Largest number of chunks that are numbered in one transaction.
const AT_ONCE: i64 = 1_000;
/// Largest number of transactions in which [`sequence_all`] numbers chunks.
const ROUNDS: usize = 10;

/// What one transaction did.
#[derive(Default)]
struct Numbered {
    /// The number of chunks that got a position.
    chunks: usize,
    /// The positions that it skipped first.
    jump: Option<Jump>,
}

impl Numbered {
    /// The number of chunks; logs a jump, now that it is committed.
    fn report(self) -> usize {
        self.jump.iter().for_each(Jump::report);
        self.chunks
    }
}

/// Assigns positions to committed chunks, a bounded number of them; readers call it before reading.
/// Returns how many; 0 if none is waiting or another session is numbering.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn sequence(connection: &mut Connection) -> Result<usize, StorageError> {
    sequence_with(connection, Planning::EachTime).await
}

/// Like [`sequence()`].
///
/// # Errors
/// If PostgreSQL fails.
pub(super) async fn sequence_with(
    connection: &mut Connection,
    planning: Planning,
) -> Result<usize, StorageError> {
    // One read of a small index is the whole cost for a quiet feed.
    let (is_waiting,): (bool,) = Bulk(IsWaiting(planning)).get_result(connection).await?;
    if !is_waiting {
        return Ok(0);
    }
    let numbered = connection.transaction(async |tx| number(tx, Wait::No, planning).await).await?;
    Ok(numbered.report())
}

/// Like [`sequence()`], but waits for another session that is numbering: all chunks that are
/// committed at the call get a position, however busy the feed is. For callers that need the end of
/// the feed. After a failover positions are skipped even if no chunk is waiting.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn sequence_all(connection: &mut Connection) -> Result<(), StorageError> {
    // A larger backlog does not build up while the feed is read; bounded nevertheless.
    for _ in 0..ROUNDS {
        let numbered = connection
            .transaction(async |tx| number(tx, Wait::Yes, Planning::EachTime).await)
            .await?
            .report();
        if i64::try_from(numbered).is_ok_and(|numbered| numbered < AT_ONCE) {
            break;
        }
    }
    Ok(())
}

/// Numbers waiting chunks once the head is locked.
async fn number(tx: &mut Connection, wait: Wait, planning: Planning) -> Result<Numbered, StorageError> {
    // A separate statement, so that the next one sees what the previous holder committed; otherwise
    // it would number the same chunks again.
    let Some(head) = lock_head(tx, wait).await? else { return Ok(Numbered::default()) };
    let jump = if head.is_of_another_timeline() { Some(jump(tx).await?) } else { None };
    let position = jump.map_or(head.position, |jump| jump.skipped_to);
    let numbering = Numbering { limit: AT_ONCE, position, planning };
    let (chunks,): (i64,) = Bulk(numbering).get_result(tx).await?;
    let chunks = usize::try_from(chunks).map_err(crate::feed::outbox::broken)?;
    Ok(Numbered { chunks, jump })
}

/// Whether a chunk is waiting.
struct IsWaiting(Planning);

impl Rows for IsWaiting {
    type Statement = Self;
    const SQL: &'static str = "select exists (select from feed_chunks where position is null)";

    fn columns<'b>(&'b self, _: &mut Columns<'_, 'b>) -> QueryResult<()> {
        Ok(())
    }

    fn planning(&self) -> Planning {
        self.0
    }
}

impl Lookup for IsWaiting {
    type Answer = (Bool,);
}

/// Assigns positions to up to `limit` waiting chunks, after `position`; returns how many.
struct Numbering {
    limit: i64,
    position: i64,
    planning: Planning,
}

impl Rows for Numbering {
    type Statement = Self;
    const SQL: &'static str = "with due as (
           select id, row_number() over (order by id) as place
           from (select id from feed_chunks where position is null order by id limit $1) as waiting),
         numbered as (
           update feed_chunks set position = $2 + due.place from due where feed_chunks.id = due.id returning 1),
         moved as (
           update feed_head set position = $2 + (select count(*) from numbered) where exists (select from numbered))
         select count(*) as chunks from numbered";

    fn columns<'b>(&'b self, columns: &mut Columns<'_, 'b>) -> QueryResult<()> {
        columns.bind::<Int8, _>(&self.limit)?;
        columns.bind::<Int8, _>(&self.position)
    }

    fn planning(&self) -> Planning {
        self.planning
    }
}

impl Lookup for Numbering {
    type Answer = (Int8,);
}
