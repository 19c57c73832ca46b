//! The change feed: an outbox that is written in the transaction of the changes, and read in an
//! order that never skips a row which commits late.
//!
//! Ids are drawn before the commit, so a row may become visible after rows with greater ids, and a
//! reader that used the id as its cursor would never see it. Therefore chunks get a `position` in a
//! second step, [`sequence()`], once they are committed. Positions have no gaps, and a chunk that
//! is numbered later is read later.
//!
//! Changes of one device keep their order: a transaction that writes about a device holds the lock
//! on its `charge_points` row from before the id is drawn until the commit. So of two chunks about
//! the same device, the first is committed before the second draws its id: it has the smaller id,
//! and a transaction that sees the second also sees the first. [`sequence()`] numbers what it sees
//! in the order of ids, one run at a time, so the first gets the smaller position. Ingestors lock
//! the device anyway; other writers do so with [`lock_devices`].
//!
//! After a failover positions are skipped, so that none is assigned a second time ([`jump`]).

mod jump;
mod outbox;
mod owners;
mod read;
mod sequence;
mod subjects;

pub(crate) use jump::jump_after_restore;
pub use jump::{CursorState, Gap, Jump, LEAST_JUMP, cursor_state, explain_gap, follow_timeline, prune_jumps};
pub use outbox::Chunk;
pub use owners::{Owner, load_owners};
pub use read::{Backlog, Span, backlog, list_after, prune, record_published, sequence_and_list, span};
pub use sequence::{sequence, sequence_all};
pub use subjects::{ChunkSubjects, Subjects, subjects_after};

use crate::database::bulk::Bulk;
use crate::{Connection, StorageError};
use diesel::sql_types::{Array, Text};
use diesel_async::RunQueryDsl;
use domain::feed::FeedChange;

/// Appends `changes` in as few rows as possible. Call it last in a transaction that holds the rows
/// of the changed devices.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn append(tx: &mut Connection, changes: &[FeedChange]) -> Result<(), StorageError> {
    if changes.is_empty() {
        return Ok(());
    }
    Bulk(outbox::render(changes)?).execute(tx).await?;
    Ok(())
}

/// Locks the rows of `devices` in key order, as ingestors do. A device that was never heard has no
/// row; only transactions that lock its pile or station append changes about it.
///
/// This cannot deadlock: these are the last locks but those of the devices' sessions that such a
/// transaction takes before it calls [`append`], and an ingestor takes no lock after its devices but
/// those of their sessions.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn lock_devices(tx: &mut Connection, devices: &[&str]) -> Result<(), StorageError> {
    diesel::sql_query(
        "select count(*) from (select 1 from charge_points where charge_point_id = any($1)
                               order by charge_point_id for update) as held",
    )
    .bind::<Array<Text>, _>(devices)
    .execute(tx)
    .await?;
    Ok(())
}

/// The body and the size of each chunk, as columns.
type PaddedChunks = (Vec<Option<String>>, Vec<Option<i32>>);

/// Renders a change as an element of a chunk, for a statement that puts the chunk together. It must
/// not be about a station, a pile, a tariff or a binding, because no operator is stored.
///
/// # Errors
/// If the change cannot be serialized.
pub(crate) fn render_element(change: &FeedChange) -> Result<String, StorageError> {
    outbox::render_element(change)
}

/// Renders `changes` for a statement that also writes `rows` other rows: body and size of each
/// chunk, padded to `rows`. No operator is stored, so none of them may be about a station, a pile, a
/// tariff or a binding.
///
/// # Errors
/// If a change cannot be serialized.
pub(crate) fn render_beside(changes: &[FeedChange], rows: usize) -> Result<PaddedChunks, StorageError> {
    let outbox::Bodies { bodies, counts, .. } = outbox::render(changes)?;
    let chunks = bodies.into_iter().zip(counts).map(|(body, count)| (Some(body), Some(count)));
    Ok(chunks.chain(std::iter::repeat((None, None))).take(rows).unzip())
}
