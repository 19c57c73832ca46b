//! Positions after a failover.
//!
//! An asynchronous standby that takes over may lack the last transactions, and with them the
//! positions that they assigned. Consumers have read these, so they must not be assigned to other
//! changes. A new primary writes its log on a new timeline. Numbering compares that with the
//! timeline of the last position, under the lock on the head, and first skips positions if the two
//! differ. So there is no instant at which a position could be assigned twice, whichever service
//! notices the failover first.
//!
//! What the new primary has is a prefix of what the old one had: its positions up to the jump belong
//! to the same changes as before, and readers that have read no further lose nothing.

use crate::database::bulk::{Bulk, Columns, Lookup, Rows};
use crate::database::standby::current_timeline;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Float8, Int4, Int8};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::feed::FeedPosition;
use std::time::Duration;

/// The least number of positions that a jump skips. It exceeds what may be lost: at 1,000 chunks per
/// second, the positions of 11 days.
///
/// A jump also reaches the present in microseconds since 1970, and chunks are written far more slowly
/// than that. So two standbys that take over one after the other, of which the second lacks the jump
/// of the first, do not jump to the same positions.
pub const LEAST_JUMP: i64 = 1_000_000_000;

/// Positions that were skipped. Those strictly between the two may have been assigned before, to
/// changes that are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Jump {
    /// The last position of the database that took over.
    #[diesel(sql_type = Int8)]
    pub skipped_after: i64,
    /// The last skipped position; the next chunk gets the one after it.
    #[diesel(sql_type = Int8)]
    pub skipped_to: i64,
    /// The timeline of PostgreSQL's log from then on.
    #[diesel(sql_type = Int4)]
    pub timeline: i32,
}

impl Jump {
    /// Logs the jump, once it is committed.
    pub(super) fn report(&self) {
        let Self { skipped_after, skipped_to, timeline } = self;
        tracing::warn!(
            skipped_after,
            skipped_to,
            timeline,
            "the feed skipped positions because PostgreSQL has a new timeline; consumers that had read further \
             than skipped_after may have read changes that are lost: see docs/runbooks/fail-over-postgres.md"
        );
    }
}

/// Why a reader finds no chunk at the next position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// The feed jumped; the reader has missed nothing.
    Skipped,
    /// The feed jumped, and the reader was further than the database that took over: it has read
    /// changes that may be lost.
    Lost,
    /// Chunks were deleted.
    Deleted,
}

/// Where a reader's cursor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorState {
    /// The feed skipped the position: the reader has read changes that may be lost.
    Lost,
    /// Nothing was written after the cursor up to `last`, the last position then: all positions in between
    /// were skipped.
    AtEnd {
        /// The last position that was assigned or skipped when the state was read. What is written
        /// afterwards has a later one.
        last: i64,
    },
    /// Elsewhere.
    Other,
}

/// The head of the feed, locked.
#[derive(QueryableByName, Queryable)]
pub(super) struct Head {
    /// The last position that was assigned or skipped.
    #[diesel(sql_type = Int8)]
    pub position: i64,
    #[diesel(sql_type = Int4)]
    timeline: i32,
    #[diesel(sql_type = Int4)]
    current_timeline: i32,
}

impl Head {
    /// Whether positions must be skipped before one is assigned.
    pub(super) const fn is_of_another_timeline(&self) -> bool {
        self.timeline != self.current_timeline
    }
}

/// What a session does while another one holds the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// It waits for the lock.
    Yes,
    /// It does without.
    No,
}

macro_rules! lock_head {
    ($wait:literal) => {
        concat!(
            "select position, timeline, ",
            current_timeline!(),
            " as current_timeline from feed_head for update",
            $wait
        )
    };
}

/// Reads and locks the head; `None` if another session holds it.
pub(super) async fn lock_head(tx: &mut Connection, wait: Wait) -> Result<Option<Head>, StorageError> {
    let head = match wait {
        Wait::Yes => diesel::sql_query(lock_head!("")).get_result(tx).await,
        Wait::No => Bulk(FreeHead).get_result(tx).await,
    };
    Ok(head.optional()?)
}

/// Locks the head unless another session holds it. The table has one row.
struct FreeHead;

impl Rows for FreeHead {
    type Statement = Self;
    const SQL: &'static str = lock_head!(" skip locked");

    fn columns<'b>(&'b self, _: &mut Columns<'_, 'b>) -> QueryResult<()> {
        Ok(())
    }
}

impl Lookup for FreeHead {
    type Answer = (Int8, Int4, Int4);
}

/// Skips positions; the head must be locked.
pub(super) async fn jump(tx: &mut Connection) -> Result<Jump, StorageError> {
    let jump: Jump = diesel::sql_query(concat!(
        "insert into feed_jumps (skipped_after, skipped_to, timeline)
         select position, greatest(position + $1, (extract(epoch from clock_timestamp()) * 1000000)::bigint), ",
        current_timeline!(),
        " from feed_head returning skipped_after, skipped_to, timeline"
    ))
    .bind::<Int8, _>(LEAST_JUMP)
    .get_result(tx)
    .await?;
    diesel::sql_query("update feed_head set position = $1, timeline = $2")
        .bind::<Int8, _>(jump.skipped_to)
        .bind::<Int4, _>(jump.timeline)
        .execute(tx)
        .await?;
    Ok(jump)
}

/// Skips positions if the log has another timeline than that of the last position; readers do the
/// same before they assign the next one. Returns what was skipped by this call.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn follow_timeline(connection: &mut Connection) -> Result<Option<Jump>, StorageError> {
    let query = concat!("select timeline <> ", current_timeline!(), " as holds from feed_head");
    let is_other: Condition = diesel::sql_query(query).get_result(connection).await?;
    if !is_other.holds {
        return Ok(None);
    }
    let jump = connection
        .transaction(async |tx| {
            let head = lock_head(tx, Wait::Yes).await?;
            if head.is_none_or(|head| !head.is_of_another_timeline()) {
                return Ok(None);
            }
            jump(tx).await.map(Some)
        })
        .await?;
    jump.iter().for_each(Jump::report);
    Ok(jump)
}

/// Skips positions because the database was restored from a backup, which may be on the same
/// timeline.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn jump_after_restore(tx: &mut Connection) -> Result<Jump, StorageError> {
    lock_head(tx, Wait::Yes).await?;
    jump(tx).await
}

#[derive(QueryableByName)]
struct Condition {
    #[diesel(sql_type = Bool)]
    holds: bool,
}

#[derive(QueryableByName)]
struct StateRow {
    #[diesel(sql_type = Bool)]
    lost: bool,
    #[diesel(sql_type = Bool)]
    at_end: bool,
    #[diesel(sql_type = Int8)]
    last: i64,
}

#[derive(QueryableByName)]
struct GapRow {
    #[diesel(sql_type = Bool)]
    skipped: bool,
    #[diesel(sql_type = Bool)]
    lost: bool,
}

/// Why the next chunk after position `after` is the one at `found`, which is not the position after
/// it.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn explain_gap(connection: &mut Connection, after: i64, found: i64) -> Result<Gap, StorageError> {
    let GapRow { skipped, lost } = diesel::sql_query(
        "select coalesce(sum(skipped_to - greatest(skipped_after, $1)), 0) = $2 - $1 - 1 as skipped,
                coalesce(bool_or(skipped_after < $1), false) as lost
         from feed_jumps where skipped_to > $1 and skipped_to < $2",
    )
    .bind::<Int8, _>(after)
    .bind::<Int8, _>(found)
    .get_result(connection)
    .await?;
    Ok(match (skipped, lost) {
        (false, _) => Gap::Deleted,
        (true, false) => Gap::Skipped,
        (true, true) => Gap::Lost,
    })
}

/// The state of a reader's cursor.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn cursor_state(
    connection: &mut Connection,
    cursor: FeedPosition,
) -> Result<CursorState, StorageError> {
    let is_whole = cursor == FeedPosition::end_of(cursor.chunk);
    let read_whole = cursor.chunk.saturating_sub(i64::from(!is_whole)).max(0);
    let StateRow { lost, at_end, last } = diesel::sql_query(
        "select exists (select from feed_jumps where skipped_after < $1 and skipped_to > $1) as lost,
                (select coalesce(sum(skipped_to - skipped_after), 0) from feed_jumps where skipped_after >= $2)
                  = position - $2 as at_end, position as last
         from feed_head",
    )
    .bind::<Int8, _>(cursor.chunk)
    .bind::<Int8, _>(read_whole)
    .get_result(connection)
    .await?;
    Ok(match (lost, at_end) {
        (true, _) => CursorState::Lost,
        (false, true) => CursorState::AtEnd { last },
        (false, false) => CursorState::Other,
    })
}

/// Deletes jumps that are older than `retention` and that no reader crosses any more: all before
/// `next_position` is published, and no chunk before them is left. Returns how many.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune_jumps(
    connection: &mut Connection,
    next_position: i64,
    retention: Duration,
) -> Result<usize, StorageError> {
    let deleted = diesel::sql_query(
        "delete from feed_jumps where skipped_to < $1
           and jumped_at < statement_timestamp() - make_interval(secs => $2)
           and skipped_after < (select min(position) from feed_chunks)",
    )
    .bind::<Int8, _>(next_position)
    .bind::<Float8, _>(retention.as_secs_f64())
    .execute(connection)
    .await?;
    Ok(deleted)
}
