//! The feed of changes: an outbox written in the transaction of what changed, and read in an order that never steps over a
//! row which commits late.
//!
//! Ids are drawn before the commit, so a row may become visible after others with greater ids, and a reader that took the
//! id for a cursor would never see it. So chunks get a `position` in a second step, [`sequence()`], once they are committed;
//! positions are dense, and whatever is numbered later is read later.
//!
//! Changes of one device keep their order: who writes of a device holds the lock on its `charge_points` row from before
//! the id is drawn until the commit. So of two chunks that speak of it, the first is committed before the second draws its
//! id: it has the smaller id, and whoever sees the second sees the first. [`sequence()`] takes what it sees in the order of
//! ids, one at a time, so the first gets the smaller position. Ingestors lock the device anyway; the others do it with
//! [`append_of`].

mod outbox;
mod read;
mod sequence;

pub use outbox::Chunk;
pub use read::{Backlog, Span, backlog, list_after, note_published, prune, span};
pub use sequence::{sequence, sequence_all};

use crate::database::bulk::Bulk;
use crate::{Connection, StorageError};
use diesel::sql_types::{Array, Int4, Text};
use diesel_async::RunQueryDsl;
use domain::feed::{FeedChange, FeedSubject};

/// Writes `changes` down, in as few rows as hold them. To be called last in a transaction that holds the rows of the
/// devices they are of.
///
/// # Errors
/// When Postgres fails.
pub async fn append(tx: &mut Connection, changes: &[FeedChange]) -> Result<(), StorageError> {
    if changes.is_empty() {
        return Ok(());
    }
    Bulk(outbox::render(changes)?).execute(tx).await?;
    Ok(())
}

/// Writes `changes`, few, down; the rows of their devices, where there are any, are locked first, in key order, as
/// ingestors do. A device that was never heard has no row, and nothing is told of it but by who holds its pile or station.
///
/// No deadlock can come of it: it is the last lock that such a transaction takes, and an ingestor takes none after.
///
/// # Errors
/// When Postgres fails.
pub(crate) async fn append_of(tx: &mut Connection, changes: &[FeedChange]) -> Result<(), StorageError> {
    let devices: Vec<&str> = changes.iter().filter_map(|change| device(&change.subject)).collect();
    let outbox::Bodies { bodies, counts } = outbox::render(changes)?;
    // One round trip: the count is only there once all locks are, and ids are drawn for rows that are.
    diesel::sql_query(
        "with locked as materialized (
           select count(*) from (select 1 from charge_points where charge_point_id = any($3)
                                 order by charge_point_id for update) as held)
         insert into feed_chunks (changes, change_count)
         select body::json, size from locked, unnest($1, $2) as new (body, size)",
    )
    .bind::<Array<Text>, _>(bodies)
    .bind::<Array<Int4>, _>(counts)
    .bind::<Array<Text>, _>(devices)
    .execute(tx)
    .await?;
    Ok(())
}

/// Locks the rows of `devices`, many, in key order, as ingestors do, for a transaction that [`append`]s next and takes no lock
/// after that; see [`append_of`].
///
/// # Errors
/// When Postgres fails.
pub(crate) async fn hold(tx: &mut Connection, devices: &[&str]) -> Result<(), StorageError> {
    diesel::sql_query(
        "select count(*) from (select 1 from charge_points where charge_point_id = any($1)
                               order by charge_point_id for update) as held",
    )
    .bind::<Array<Text>, _>(devices)
    .execute(tx)
    .await?;
    Ok(())
}

/// The body and the size of each chunk, column by column.
type PaddedChunks = (Vec<Option<String>>, Vec<Option<i32>>);

/// `changes` as rows for a statement that writes `rows` rows of other things beside them: body and size of each chunk, padded.
///
/// # Errors
/// When a change has no form.
pub(crate) fn render_beside(changes: &[FeedChange], rows: usize) -> Result<PaddedChunks, StorageError> {
    let outbox::Bodies { bodies, counts } = outbox::render(changes)?;
    let chunks = bodies.into_iter().zip(counts).map(|(body, count)| (Some(body), Some(count)));
    Ok(chunks.chain(std::iter::repeat((None, None))).take(rows).unzip())
}

fn device(subject: &FeedSubject) -> Option<&str> {
    match subject {
        FeedSubject::ChargePoint(id) => Some(id.as_str()),
        FeedSubject::Station(_) | FeedSubject::Tariff(_) => None,
    }
}
