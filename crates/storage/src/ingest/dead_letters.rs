//! Dead letters: records that could not be applied, kept whole, with the outcomes of their replays.

mod insert;
mod list;
mod omitted;
mod prune;
mod replay;
mod row;
mod set_aside;

pub use insert::NewDeadLetter;
pub(crate) use insert::insert_many;
pub use list::{Filter, list, list_of_topic, list_unsettled};
pub(crate) use omitted::record_omitted;
pub use omitted::{OMITTED, OmittedRecords};
pub use prune::{prune, prune_settled};
pub use replay::{Replay, Replayed, Run, Undone, note, replay};
pub use row::{DeadLetter, Heading, KeptRecord, ReplayOutcome};
pub(crate) use set_aside::set_aside_from;
pub use set_aside::{SetAside, count_from};

use crate::schema::dead_letters;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// The dead letter with id `id`, including its bytes; `None` if it does not exist.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<DeadLetter>, StorageError> {
    let letter = dead_letters::table.find(id).select(DeadLetter::as_select());
    Ok(letter.first(connection).await.optional()?)
}
