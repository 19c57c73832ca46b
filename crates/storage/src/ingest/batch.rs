//! One batch of events, written in one transaction together with the offset that it ends at.
//!
//! The transaction begins with the compare-and-set on the partition's row; whoever lost the partition hits no row and
//! rolls back, so the effect of every record is written exactly once. Then the states are locked in key order, folded and
//! written back: two owners of one device's events wait for each other.

use crate::devices::{charge_points, connectors, meter_samples, status_changes};
use crate::ingest::dead_letters::{self, NewDeadLetter};
use crate::ingest::partitions::{self, Checkpoint, PartitionLease};
use crate::{Connection, StorageError, Touched, commands, feed, sessions};
use diesel_async::AsyncConnection;
use domain::commands::{CommandRecord, Taken};
use domain::devices::charge_point::ChargePoint;
use domain::devices::history::History;
use domain::devices::sample::Samples;
use domain::feed::relinked_command;

/// What a fold of events leads to.
#[derive(Debug, Default)]
pub struct Folded {
    /// The states after the events.
    pub states: Vec<ChargePoint>,
    /// What the states went through.
    pub history: History,
    /// What meters read.
    pub samples: Samples,
    /// Records that found no place.
    pub dead_letters: Vec<NewDeadLetter>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is committed: the offset and all effects.
    Committed,
    /// The partition is not this owner's any more, nothing was written.
    LeaseLost,
}

/// Why a transaction was rolled back.
pub(crate) enum Rollback {
    LeaseLost,
    Storage(StorageError),
}

impl From<diesel::result::Error> for Rollback {
    fn from(error: diesel::result::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl From<StorageError> for Rollback {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// Moves the partition of `lease` on to `checkpoint`, and in the same transaction loads the states of `touched`, lets
/// `fold` change them, and writes what changed. The days of what `fold` leads to must have their partitions: those of the
/// samples, and today's of the history.
///
/// # Errors
/// When Postgres fails. If it fails at the commit, the batch may or may not be written: read the partition's row again
/// before going on.
pub async fn write(
    connection: &mut Connection,
    lease: &PartitionLease,
    checkpoint: impl Into<Checkpoint>,
    touched: &Touched,
    fold: impl FnOnce(Vec<ChargePoint>) -> Folded + Send,
) -> Result<Written, StorageError> {
    let checkpoint = checkpoint.into();
    let outcome = connection
        .transaction(async |tx| {
            if !partitions::advance(tx, lease, checkpoint).await? {
                return Err(Rollback::LeaseLost);
            }
            let before = charge_points::load_for_update(tx, touched).await?;
            let folded = fold(before.clone());
            write_states(tx, touched, &before, &folded.states).await?;
            status_changes::insert_many(tx, &folded.history).await?;
            meter_samples::upsert_many(tx, &folded.samples).await?;
            dead_letters::insert_many(tx, &folded.dead_letters).await?;
            Ok(())
        })
        .await;
    match outcome {
        Ok(()) => Ok(Written::Committed),
        Err(Rollback::LeaseLost) => Ok(Written::LeaseLost),
        Err(Rollback::Storage(error)) => Err(error),
    }
}

/// Lets `records`, which are not among the commands of `states`, follow the sessions there; those that changed, with their
/// devices' states.
fn follow_sessions(
    states: &[ChargePoint],
    records: Vec<CommandRecord>,
) -> Vec<(&ChargePoint, CommandRecord)> {
    let follow = |mut record: CommandRecord| {
        let place = states.binary_search_by(|state| state.id.cmp(&record.charge_point_id)).ok()?;
        let state = states.get(place).filter(|state| state.commands.get(record.id).is_none())?;
        let sessions = state.sessions().sessions;
        let taken = record.follow_sessions(&sessions, |began| state.ledger.remembers(began));
        (taken != Taken::Known).then_some((state, record))
    };
    records.into_iter().filter_map(follow).collect()
}

/// Writes the differences between `before` and `after`, which are both in key order and were loaded as `touched` says.
pub(crate) async fn write_states(
    tx: &mut Connection,
    touched: &Touched,
    before: &[ChargePoint],
    after: &[ChargePoint],
) -> Result<(), StorageError> {
    let mut changed_charge_points = Vec::new();
    let mut changed_connectors = Vec::new();
    let mut changed_ledgers = Vec::new();
    let mut changed_sessions = Vec::new();
    let mut withdrawn_sessions = Vec::new();
    let mut relinked_commands = Vec::new();
    let mut changed_commands = Vec::new();
    let mut told = Vec::new();
    for now in after {
        let found = before.binary_search_by(|held| held.id.cmp(&now.id)).ok();
        let Some(held) = found.and_then(|index| before.get(index)) else {
            return Err(StorageError::inconsistent("charge_points", format!("{} was not loaded", now.id)));
        };
        let changes = now.changes_since(held);
        if !touched.covers(&now.id, &changes) {
            return Err(StorageError::inconsistent("batch", format!("{} was not loaded whole", now.id)));
        }
        told.extend(domain::feed::derive(held, now));
        if changes.charge_point {
            changed_charge_points.push(now);
        }
        let ids = changes.connectors.iter();
        changed_connectors.extend(ids.filter_map(|id| Some((&now.id, now.connectors.get(id)?))));
        if changes.ledger {
            changed_ledgers.push(now);
        }
        changed_commands.extend(changes.commands.iter().filter_map(|id| now.commands.get(*id)));
        changed_sessions.extend(changes.sessions);
        withdrawn_sessions.extend(changes.withdrawn.into_iter().map(|id| (&now.id, id)));
        relinked_commands.extend(changes.relinked.into_iter().map(|id| (&now.id, id)));
    }
    let relinked = commands::load_relinked(tx, &relinked_commands, &withdrawn_sessions).await?;
    let relinked = follow_sessions(after, relinked);
    told.extend(relinked.iter().map(|(state, record)| relinked_command(state, record)));
    changed_commands.extend(relinked.iter().map(|(_, record)| record));
    charge_points::update_many(tx, &changed_charge_points).await?;
    connectors::upsert_many(tx, &changed_connectors).await?;
    sessions::upsert_ledgers(tx, &changed_ledgers).await?;
    sessions::upsert_many(tx, &changed_sessions).await?;
    sessions::delete_many(tx, &withdrawn_sessions).await?;
    commands::update_lives(tx, &changed_commands).await?;
    feed::append(tx, &told).await
}
