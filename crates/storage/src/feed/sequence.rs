//! Assigning positions to committed chunks.

use super::jump::{Jump, Wait, jump, lock_head};
use crate::{Connection, StorageError};
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Int8};
use diesel_async::{AsyncConnection, RunQueryDsl};

/// Largest number of chunks that are numbered in one transaction.
const AT_ONCE: i64 = 1_000;
/// Largest number of transactions in which [`sequence_all`] numbers chunks.
const ROUNDS: usize = 10;

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = Bool)]
    waiting: bool,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Int8)]
    chunks: i64,
}

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
    // One read of a small index is the whole cost for a quiet feed.
    let query = "select exists (select from feed_chunks where position is null) as waiting";
    let found: Waiting = diesel::sql_query(query).get_result(connection).await?;
    if !found.waiting {
        return Ok(0);
    }
    let numbered = connection.transaction(async |tx| number(tx, Wait::No).await).await?;
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
        let numbered = connection.transaction(async |tx| number(tx, Wait::Yes).await).await?.report();
        if i64::try_from(numbered).is_ok_and(|numbered| numbered < AT_ONCE) {
            break;
        }
    }
    Ok(())
}

/// Numbers waiting chunks once the head is locked.
async fn number(tx: &mut Connection, wait: Wait) -> Result<Numbered, StorageError> {
    // A separate statement, so that the next one sees what the previous holder committed; otherwise
    // it would number the same chunks again.
    let Some(head) = lock_head(tx, wait).await? else { return Ok(Numbered::default()) };
    let jump = if head.is_of_another_timeline() { Some(jump(tx).await?) } else { None };
    let position = jump.map_or(head.position, |jump| jump.skipped_to);
    let Count { chunks } = diesel::sql_query(
        "with due as (
           select id, row_number() over (order by id) as place
           from (select id from feed_chunks where position is null order by id limit $2) as waiting),
         numbered as (
           update feed_chunks set position = $1 + due.place from due where feed_chunks.id = due.id returning 1),
         moved as (
           update feed_head set position = $1 + (select count(*) from numbered) where exists (select from numbered))
         select count(*) as chunks from numbered",
    )
    .bind::<Int8, _>(position)
    .bind::<Int8, _>(AT_ONCE)
    .get_result(tx)
    .await?;
    let chunks = usize::try_from(chunks).map_err(crate::feed::outbox::broken)?;
    Ok(Numbered { chunks, jump })
}
