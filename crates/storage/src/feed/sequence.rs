//! Committed chunks get their places.

use crate::{Connection, StorageError};
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Int8};
use diesel_async::{AsyncConnection, RunQueryDsl};

/// The most chunks that are numbered in one transaction.
const AT_ONCE: i64 = 1_000;
/// How often in a row that is done by who wants all of them numbered.
const ROUNDS: usize = 10;

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = Bool)]
    waiting: bool,
}

#[derive(QueryableByName)]
struct Head {
    #[diesel(sql_type = Int8)]
    position: i64,
}

/// Gives the chunks that are committed by now their positions, a bounded number of them; to be called by whoever reads,
/// before reading. Says how many. None when nothing waits, or when somebody else is at it.
///
/// # Errors
/// When Postgres fails.
pub async fn sequence(connection: &mut Connection) -> Result<usize, StorageError> {
    // One look at a small index, which is all that a quiet feed costs.
    let look = "select exists (select from feed_chunks where position is null) as waiting";
    let found: Waiting = diesel::sql_query(look).get_result(connection).await?;
    if !found.waiting {
        return Ok(0);
    }
    connection
        .transaction(async |tx| number(tx, "select position from feed_head for update skip locked").await)
        .await
}

/// The same, but waits for whoever is at it: what is committed by now has its position then, however busy the feed is.
/// For who must know where the end is.
///
/// # Errors
/// When Postgres fails.
pub async fn sequence_all(connection: &mut Connection) -> Result<(), StorageError> {
    // More than this at once never waits where anybody reads; bounded all the same.
    for _ in 0..ROUNDS {
        let numbered = connection
            .transaction(async |tx| number(tx, "select position from feed_head for update").await)
            .await?;
        if i64::try_from(numbered).is_ok_and(|numbered| numbered < AT_ONCE) {
            break;
        }
    }
    Ok(())
}

/// Numbers what waits, once `lock` has led to the head's row.
async fn number(tx: &mut Connection, lock: &str) -> Result<usize, StorageError> {
    // A statement of its own: the next one must see what the holder before committed, or it would number it again.
    let head: Vec<Head> = diesel::sql_query(lock).load(tx).await?;
    let [head] = head.as_slice() else { return Ok(0) };
    let numbered = diesel::sql_query(
        "with due as (
           select id, row_number() over (order by id) as place
           from (select id from feed_chunks where position is null order by id limit $2) as waiting)
         update feed_chunks set position = $1 + due.place from due where feed_chunks.id = due.id",
    )
    .bind::<Int8, _>(head.position)
    .bind::<Int8, _>(AT_ONCE)
    .execute(tx)
    .await?;
    let gained = i64::try_from(numbered).map_err(crate::feed::outbox::broken)?;
    diesel::sql_query("update feed_head set position = $1")
        .bind::<Int8, _>(head.position + gained)
        .execute(tx)
        .await?;
    Ok(numbered)
}
