//! Replaying a dead letter: its event is applied in one transaction with the note of it.
//!
//! A dry run does all that a real one does, up to what Postgres says to the rows, and then takes it back.

use super::row::ReplayOutcome;
use crate::devices::{charge_points, meter_samples, status_changes};
use crate::ingest::batch;
use crate::schema::dead_letters;
use crate::{Connection, StorageError, Touched};
use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::devices::change::Changes;
use domain::devices::charge_point::{ChargePoint, Ignored, Misfit, Outcome};
use domain::devices::history::History;
use domain::devices::sample::Samples;
use std::slice;
use uuid::Uuid;

/// Whether a replay is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// Everything is taken back at the end.
    Dry,
    /// What it does stands.
    Real,
}

/// What replaying an event came to.
#[derive(Debug)]
pub enum Replayed {
    /// It took effect.
    Applied(Changes),
    /// It has none, and nothing was written.
    Undone(Undone),
}

/// Why an event that was replayed left nothing.
#[derive(Debug)]
pub enum Undone {
    /// It has no effect, by design.
    Ignored(Ignored),
    /// It finds no place.
    Unplaced(Misfit),
    /// Postgres refused what it leads to.
    Refused(StorageError),
}

impl Replayed {
    /// The outcome in a word.
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

/// Why a transaction, or a part of it, was rolled back.
enum Rollback<T> {
    Intended(T),
    Storage(StorageError),
}

impl<T> From<diesel::result::Error> for Rollback<T> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl<T> From<StorageError> for Rollback<T> {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// What a letter's event may leave behind.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Its device, and what it speaks of.
    pub touched: Touched,
    /// What it reads. Only days that are still kept take readings.
    pub samples: Samples,
}

/// Applies the event of the dead letter called `id` by `fold`, which is given the state of its device, and notes what that came
/// to. `None` when there is no such letter.
///
/// Readings that are no news to the connector are still part of its history: an event that has some is applied.
///
/// Letter and device stay locked until the end, so replays and batches of one device wait for each other. A batch waits for the lock
/// on a letter only when it sets the letter of another log aside; PostgreSQL ends the deadlock that is possible then, and the loser is
/// tried again.
///
/// # Errors
/// When Postgres fails, but for a refusal of what the event leads to. If it fails at the commit, the event may or may not be
/// applied; to replay it again is harmless.
pub async fn replay(
    connection: &mut Connection,
    id: Uuid,
    run: Run,
    replay: Replay,
    fold: impl FnOnce(&mut ChargePoint) -> Outcome + Send,
) -> Result<Option<Replayed>, StorageError> {
    // Outside of the transaction, so that no device is locked meanwhile; ingestors may be away, who make the days otherwise.
    status_changes::ensure_today(connection).await?;
    let ended = connection
        .transaction(async |tx| {
            if !lock(tx, id).await? {
                return Ok(None);
            }
            let replayed = attempt(tx, replay, fold).await?;
            match run {
                Run::Dry => return Err(Rollback::Intended(replayed)),
                Run::Real => note(tx, id, replayed.outcome()).await?,
            }
            Ok(Some(replayed))
        })
        .await;
    match ended {
        Ok(replayed) => Ok(replayed),
        Err(Rollback::Intended(replayed)) => Ok(Some(replayed)),
        Err(Rollback::Storage(error)) => Err(error),
    }
}

/// Notes what the last replay of the letter called `id` came to; dry runs are not noted.
///
/// # Errors
/// When Postgres fails.
pub async fn note(connection: &mut Connection, id: Uuid, outcome: ReplayOutcome) -> Result<(), StorageError> {
    diesel::sql_query(
        "update dead_letters set replayed_at = clock_timestamp(), replay_outcome = $2 where id = $1",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(outcome.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

async fn lock(tx: &mut Connection, id: Uuid) -> QueryResult<bool> {
    let letter = dead_letters::table.find(id).select(dead_letters::id).for_update();
    let held: Option<Uuid> = letter.first(tx).await.optional()?;
    Ok(held.is_some())
}

/// Folds and writes behind a savepoint: what is not applied leaves no trace in the live state, also not the row that a device
/// gets when it is first heard.
async fn attempt(
    tx: &mut Connection,
    Replay { touched, mut samples }: Replay,
    fold: impl FnOnce(&mut ChargePoint) -> Outcome + Send,
) -> Result<Replayed, StorageError> {
    let written = tx
        .transaction(async |savepoint| {
            let before = charge_points::load_for_update(savepoint, &touched).await?;
            let [held] = before.as_slice() else {
                let found = format!("{} rows of one device", before.len());
                return Err(Rollback::Storage(StorageError::inconsistent("charge_points", found)));
            };
            let mut now = held.clone();
            match fold(&mut now) {
                Outcome::Applied => {}
                Outcome::Ignored(Ignored::Stale) if !samples.is_empty() => {}
                Outcome::Ignored(why) => return Err(Rollback::Intended(Undone::Ignored(why))),
                Outcome::Unplaced(why) => return Err(Rollback::Intended(Undone::Unplaced(why))),
            }
            let changes = now.changes_since(held);
            batch::write_states(savepoint, &touched, &before, slice::from_ref(&now)).await?;
            let mut history = History::default();
            history.take(held, &now);
            status_changes::insert_many(savepoint, &history).await?;
            let days = meter_samples::DAYS.list(savepoint).await?;
            samples.keep(|taken_at| days.contains(&taken_at.date_naive()));
            meter_samples::upsert_many(savepoint, &samples).await?;
            Ok(changes)
        })
        .await;
    match written {
        Ok(changes) => Ok(Replayed::Applied(changes)),
        Err(Rollback::Intended(undone)) => Ok(Replayed::Undone(undone)),
        Err(Rollback::Storage(error)) if error.is_transient() => Err(error),
        Err(Rollback::Storage(error)) => Ok(Replayed::Undone(Undone::Refused(error))),
    }
}
