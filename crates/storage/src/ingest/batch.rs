//! Writing batches of events in one transaction, together with the offsets at which they end.
//!
//! The transaction begins with the compare-and-set on the rows of the batches' partitions. A replica
//! that lost one of the partitions does not update its row and rolls back, so the effects of every
//! record are written exactly once. Then the states are locked in key order, folded and written back: two owners of one
//! device's events wait for each other.

use crate::database::transaction::{Abort, Refusable};
use crate::devices::{charge_points, connectors, meter_samples, status_changes};
use crate::ingest::dead_letters::{self, NewDeadLetter, OmittedRecords};
use crate::ingest::partitions::{self, Checkpoint, PartitionLease, PartitionStep};
use crate::{Connection, LoadPlan, StorageError, commands, feed, sessions};
use diesel_async::AsyncConnection;
use domain::commands::CommandRecord;
use domain::devices::charge_point::ChargePoint;
use domain::devices::history::History;
use domain::devices::sample::Samples;
use domain::feed::relinked_command;
use domain::merged::Merged;

/// The result of folding events.
#[derive(Debug, Default)]
pub struct Folded {
    /// The states after the events.
    pub states: Vec<ChargePoint>,
    /// The status history entries of the events.
    pub history: History,
    /// The meter samples of the events.
    pub samples: Samples,
    /// Records whose event could not be applied.
    pub dead_letters: Vec<NewDeadLetter>,
    /// Records that could not be applied and are beyond the cap on dead letters.
    pub omitted: Vec<OmittedRecords>,
}

/// The outcome of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The offsets and all effects are committed.
    Committed,
    /// This replica no longer owns the partition, or one of several; nothing was written.
    LeaseLost,
}

/// The partition belongs to another replica.
pub(crate) struct LeaseLost;

/// Moves the partition of `lease` to `checkpoint`, and in the same transaction writes the effects of
/// its events, see [`write_all`].
///
/// # Errors
/// As [`write_all`].
pub async fn write(
    connection: &mut Connection,
    lease: &PartitionLease,
    checkpoint: impl Into<Checkpoint>,
    load_plan: &LoadPlan,
    fold: impl FnOnce(Vec<ChargePoint>) -> Folded + Send,
) -> Result<Written, StorageError> {
    let step = PartitionStep { lease: lease.clone(), checkpoint: checkpoint.into() };
    write_all(connection, &[step], load_plan, fold).await
}

/// Moves the partitions of `steps`, and in the same transaction loads the states of `load_plan`, lets
/// `fold` change them, and writes the changes. The table partitions for the result of `fold` must
/// exist: those of the samples' days, and today's of the status history.
///
/// # Errors
/// If PostgreSQL fails. If the commit fails, the batches may or may not be written, but only
/// together: read the rows of their partitions again before continuing.
pub async fn write_all(
    connection: &mut Connection,
    steps: &[PartitionStep],
    load_plan: &LoadPlan,
    fold: impl FnOnce(Vec<ChargePoint>) -> Folded + Send,
) -> Result<Written, StorageError> {
    let outcome = connection
        .transaction(async |tx| {
            if !partitions::advance_all(tx, steps).await? {
                return Err(Abort::Refused(LeaseLost));
            }
            let before = charge_points::load_for_update(tx, load_plan).await?;
            let folded = fold(before.clone());
            write_states(tx, load_plan, &before, &folded.states).await?;
            status_changes::insert_many(tx, &folded.history).await?;
            meter_samples::upsert_many(tx, &folded.samples).await?;
            dead_letters::insert_many(tx, &folded.dead_letters).await?;
            dead_letters::record_omitted(tx, &folded.omitted).await?;
            Ok(())
        })
        .await
        .refusal_as_value()?;
    Ok(match outcome {
        Ok(()) => Written::Committed,
        Err(LeaseLost) => Written::LeaseLost,
    })
}

/// Applies the sessions of `states` to `records`, which are not among the commands of these states;
/// returns the changed ones with their devices' states.
fn follow_sessions(
    states: &[ChargePoint],
    records: Vec<CommandRecord>,
) -> Vec<(&ChargePoint, CommandRecord)> {
    let follow = |mut record: CommandRecord| {
        let place = states.binary_search_by(|state| state.id.cmp(&record.charge_point_id)).ok()?;
        let state = states.get(place).filter(|state| state.commands.get(record.id).is_none())?;
        let sessions = state.sessions().sessions;
        let taken = record.follow_sessions(&sessions, |began| state.ledger.remembers(began));
        (taken != Merged::Known).then_some((state, record))
    };
    records.into_iter().filter_map(follow).collect()
}

/// Writes the differences between `before` and `after`, which are both in key order and were loaded
/// according to `load_plan`.
pub(crate) async fn write_states(
    tx: &mut Connection,
    load_plan: &LoadPlan,
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
    let mut feed_changes = Vec::new();
    for now in after {
        let found = before.binary_search_by(|held| held.id.cmp(&now.id)).ok();
        let Some(held) = found.and_then(|index| before.get(index)) else {
            return Err(StorageError::inconsistent("charge_points", format!("{} was not loaded", now.id)));
        };
        let changes = now.changes_since(held);
        if !load_plan.covers(&now.id, &changes) {
            return Err(StorageError::inconsistent("batch", format!("{} was not loaded whole", now.id)));
        }
        feed_changes.extend(domain::feed::derive(held, now));
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
    feed_changes.extend(relinked.iter().map(|(state, record)| relinked_command(state, record)));
    changed_commands.extend(relinked.iter().map(|(_, record)| record));
    charge_points::update_many(tx, &changed_charge_points).await?;
    connectors::upsert_many(tx, &changed_connectors).await?;
    sessions::upsert_ledgers(tx, &changed_ledgers).await?;
    let mut places = sessions::upsert_many(tx, &changed_sessions).await?;
    places.extend(sessions::delete_many(tx, &withdrawn_sessions).await?);
    sessions::place_changes(&mut feed_changes, &places);
    commands::update_lives(tx, &changed_commands).await?;
    feed::append(tx, &feed_changes).await
}
