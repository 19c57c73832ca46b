//! Replaying a dead letter: its event is applied, and the outcome recorded, in one transaction.
//!
//! A dry run does the same, including all PostgreSQL statements, and then rolls back.

use super::row::ReplayOutcome;
use crate::database::transaction::{Abort, Refusable};
use crate::devices::{charge_points, meter_samples, status_changes};
use crate::ingest::batch;
use crate::schema::dead_letters;
use crate::{Connection, LoadPlan, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::devices::change::Changes;
use domain::devices::charge_point::{ChargePoint, Ignored, Outcome, UnplacedReason};
use domain::devices::history::History;
use domain::devices::sample::Samples;
use domain::ids::Actor;
use std::slice;
use uuid::Uuid;

/// Whether a replay keeps its effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// A dry run: everything is rolled back.
    Dry,
    /// A real run: the effects are kept.
    Real,
}

/// The outcome of a replay.
#[derive(Debug)]
pub enum Replayed {
    /// The event was applied, with these changes.
    Applied(Changes),
    /// The event had no effect; nothing was written.
    Undone(Undone),
}

/// Why a replayed event had no effect.
#[derive(Debug)]
pub enum Undone {
    /// The event is ignored by design.
    Ignored(Ignored),
    /// The event cannot be applied to the state of its device.
    Unplaced(UnplacedReason),
    /// PostgreSQL refused the event's changes.
    Refused(StorageError),
}

impl Replayed {
    /// The outcome as a word.
    #[must_use]
    pub const fn outcome(&self) -> ReplayOutcome {
        match self {
            Self::Applied(_) => ReplayOutcome::Applied,
            Self::Undone(Undone::Ignored(_)) => ReplayOutcome::Ignored,
            Self::Undone(Undone::Unplaced(_)) => ReplayOutcome::Unplaced,
            Self::Undone(Undone::Refused(_)) => ReplayOutcome::Refused,
        }
    }
}

/// The data that a replayed event needs and leaves.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The device of the event and the parts of its state to load.
    pub load_plan: LoadPlan,
    /// The meter samples of the event. Samples of days that are no longer kept are dropped.
    pub samples: Samples,
}

/// Applies the event of the dead letter with id `id` by `fold`, which receives the state of its
/// device, and records the outcome and the caller `by`. `None` if the dead letter does not exist.
///
/// Meter samples that do not change the connector's state still belong to its history: an event
/// with samples counts as applied.
///
/// Dead letter and device stay locked until the end, so replays and batches of one device wait for
/// each other. A batch waits for the lock on a dead letter only when it sets aside one of a
/// replaced log; PostgreSQL resolves the deadlock that is possible in that case, and the aborted
/// transaction is retried.
///
/// # Errors
/// If PostgreSQL fails, except that it refuses the event's changes. If the commit fails, the event
/// may or may not be applied; replaying it again is safe.
pub async fn replay(
    connection: &mut Connection,
    id: Uuid,
    run: Run,
    by: &Actor,
    replay: Replay,
    fold: impl FnOnce(&mut ChargePoint) -> Outcome + Send,
) -> Result<Option<Replayed>, StorageError> {
    // Outside the transaction, so that no device is locked meanwhile. Otherwise ingestors create
    // the days, but none may be running.
    status_changes::ensure_today(connection).await?;
    let ended = connection
        .transaction(async |tx| {
            if !lock(tx, id).await? {
                return Ok(None);
            }
            let replayed = attempt(tx, replay, fold).await?;
            match run {
                Run::Dry => return Err(Abort::Refused(replayed)),
                Run::Real => note(tx, id, replayed.outcome(), by).await?,
            }
            Ok(Some(replayed))
        })
        .await
        .refusal_as_value()?;
    Ok(ended.unwrap_or_else(Some))
}

/// Records the outcome and the caller of the last replay of the dead letter with id `id`, there and
/// in the audit; dry runs are not recorded.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn note(
    connection: &mut Connection,
    id: Uuid,
    outcome: ReplayOutcome,
    by: &Actor,
) -> Result<(), StorageError> {
    diesel::sql_query(
        "with noted as (
           update dead_letters set replayed_at = statement_timestamp(), replay_outcome = $2, replayed_by = $3
           where id = $1 returning id, replayed_at)
         insert into asset_edits (asset_id, version, action, edited_at, edited_by, after, thing_type, thing_id)
         select gen_random_uuid(), 1, 'replayed', replayed_at, $3, jsonb_build_object('outcome', $2), 'deadLetter', id
         from noted",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(outcome.as_str())
    .bind::<Text, _>(by.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

async fn lock(tx: &mut Connection, id: Uuid) -> QueryResult<bool> {
    let letter = dead_letters::table.find(id).select(dead_letters::id).for_update();
    let held: Option<Uuid> = letter.first(tx).await.optional()?;
    Ok(held.is_some())
}

/// Folds and writes within a savepoint: an event that is not applied leaves no trace in the live
/// state, not even the row of a device that was never heard before.
async fn attempt(
    tx: &mut Connection,
    Replay { load_plan, mut samples }: Replay,
    fold: impl FnOnce(&mut ChargePoint) -> Outcome + Send,
) -> Result<Replayed, StorageError> {
    let written = tx
        .transaction(async |savepoint| {
            let before = charge_points::load_for_update(savepoint, &load_plan).await?;
            let [held] = before.as_slice() else {
                let found = format!("{} rows of one device", before.len());
                return Err(Abort::Failed(StorageError::inconsistent("charge_points", found)));
            };
            let mut now = held.clone();
            match fold(&mut now) {
                Outcome::Applied => {}
                Outcome::Ignored(Ignored::Stale) if !samples.is_empty() => {}
                Outcome::Ignored(why) => return Err(Abort::Refused(Undone::Ignored(why))),
                Outcome::Unplaced(why) => return Err(Abort::Refused(Undone::Unplaced(why))),
            }
            let changes = now.changes_since(held);
            batch::write_states(savepoint, &load_plan, &before, slice::from_ref(&now)).await?;
            let mut history = History::default();
            history.observe(held, &now);
            status_changes::insert_many(savepoint, &history).await?;
            let days = meter_samples::DAYS.list(savepoint).await?;
            samples.retain(|taken_at| days.contains(&taken_at.date_naive()));
            meter_samples::upsert_many(savepoint, &samples).await?;
            Ok(changes)
        })
        .await;
    match written {
        Ok(changes) => Ok(Replayed::Applied(changes)),
        Err(Abort::Refused(undone)) => Ok(Replayed::Undone(undone)),
        Err(Abort::Failed(error)) if error.is_transient() => Err(error),
        Err(Abort::Failed(error)) => Ok(Replayed::Undone(Undone::Refused(error))),
    }
}
