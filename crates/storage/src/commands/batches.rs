//! Command batches to the piles of a station: requested at once, carried out one by one by the
//! replica that holds the lease.
//!
//! Each command of a batch is recorded under its own key, see [`item_key`]. If a pile is refused,
//! the same key is taken, so that no command can follow: of two replicas that work on one pile the
//! first one decides.

mod cancel;
mod create;
mod find;
mod lease;
mod scope;
mod settle;

pub(crate) use cancel::expire_unfinished;
pub use cancel::{BATCH_CANCELLED, Cancellation, cancel, expire_of_other_timelines};
pub use create::{Created, NewBatch, create};
pub use find::{BatchItem, ItemState, count_items, find, list, list_items};
pub use lease::{BatchLease, Claimed, claim, release, renew};
pub use scope::{MAX_PILES, Scope, ScopeRefusal, select_piles};
pub use settle::{Outcome, Settled, list_waiting, settle_many};

use crate::StorageError;
use crate::commands::IdempotencyKey;
use crate::schema::command_batches;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::assets::OperatorBound;
use domain::ids::{Actor, CommandBatchId, PileId, StationId};
use uuid::Uuid;

/// A command batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandBatch {
    /// Id of the batch.
    pub id: CommandBatchId,
    /// The station of the piles.
    pub station_id: StationId,
    /// The OCPP 1.6 action.
    pub name: String,
    /// The command to each pile, in the caller's JSON.
    pub command: serde_json::Value,
    /// Largest number of piles that are commanded per second.
    pub rate_per_second: u16,
    /// Number of piles in the batch.
    pub piles: i32,
    /// The `sub` of the caller that requested the batch; `None` for batches of releases that did not
    /// record it.
    pub issued_by: Option<Actor>,
    /// The operators to which that caller was bound: no pile of another operator is commanded.
    /// Without a bound for batches of releases that did not record it.
    pub bound: OperatorBound,
    /// When the batch was requested.
    pub created_at: DateTime<Utc>,
    /// When the batch ends; piles that were not commanded by then are refused.
    pub expires_at: DateTime<Utc>,
    /// When the last pile was settled; `None` while the batch runs.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the batch was cancelled; `None` if it was not.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// The `sub` of the caller that cancelled the batch; `None` if no caller did.
    pub cancelled_by: Option<Actor>,
}

/// The idempotency key of the command to a pile.
#[must_use]
pub const fn item_key(batch_id: CommandBatchId, pile_id: PileId) -> IdempotencyKey {
    IdempotencyKey::OfBatch { batch_id, pile_id }
}

/// A row of `command_batches`.
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
    issued_by: Option<String>,
    cancelled_at: Option<DateTime<Utc>>,
    cancelled_by: Option<String>,
    operators: Option<Vec<String>>,
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
            issued_by: row.issued_by.as_deref().map(Actor::parse).transpose().map_err(impossible)?,
            bound: OperatorBound::of(row.operators.as_deref()),
            created_at: row.created_at,
            expires_at: row.expires_at,
            finished_at: row.finished_at,
            cancelled_at: row.cancelled_at,
            cancelled_by: row.cancelled_by.as_deref().map(Actor::parse).transpose().map_err(impossible)?,
        })
    }
}

fn impossible(what: impl ToString) -> StorageError {
    StorageError::inconsistent("command_batches", what)
}
