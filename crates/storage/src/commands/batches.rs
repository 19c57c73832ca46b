//! Batches of commands to piles of a station: asked for at once, sent one by one by whichever replica holds the lease.
//!
//! Each command of a batch is recorded under a key of its own, see [`item_key`]. Where a pile is refused, the same key is
//! taken, so that no command can follow: of two replicas that work on one pile the first decides.

mod create;
mod find;
mod lease;
mod settle;

pub use create::{Created, MAX_PILES, NewBatch, Scope, create};
pub use find::{BatchItem, ItemState, count_items, find, list_items};
pub use lease::{Claimed, claim, release, renew};
pub use settle::{Outcome, Settled, list_waiting, settle_many};

use crate::StorageError;
use crate::schema::command_batches;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::ids::{CommandBatchId, PileId, StationId};
use uuid::Uuid;

/// A batch of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandBatch {
    /// Its name.
    pub id: CommandBatchId,
    /// The station whose piles are commanded.
    pub station_id: StationId,
    /// The OCPP 1.6 action.
    pub name: String,
    /// What each pile is told, in the words of whoever asked for it.
    pub command: serde_json::Value,
    /// So many piles are commanded in a second at most.
    pub rate_per_second: u16,
    /// How many piles it is for.
    pub piles: i32,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Piles that are not commanded by then are refused.
    pub expires_at: DateTime<Utc>,
    /// When no pile was waiting any more.
    pub finished_at: Option<DateTime<Utc>>,
}

/// The key that the command to a pile is recorded under. It has blanks in it, so it is none that a caller can send.
#[must_use]
pub fn item_key(batch: CommandBatchId, pile: PileId) -> String {
    format!("batch {batch} {pile}")
}

/// A row.
#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = command_batches, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: Uuid,
    station_id: Uuid,
    name: String,
    command: serde_json::Value,
    rate_per_second: i32,
    piles: i32,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for CommandBatch {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        Ok(Self {
            id: CommandBatchId(row.id),
            station_id: StationId(row.station_id),
            name: row.name,
            command: row.command,
            rate_per_second: u16::try_from(row.rate_per_second).map_err(impossible)?,
            piles: row.piles,
            created_at: row.created_at,
            expires_at: row.expires_at,
            finished_at: row.finished_at,
        })
    }
}

fn impossible(what: impl ToString) -> StorageError {
    StorageError::inconsistent("command_batches", what)
}
