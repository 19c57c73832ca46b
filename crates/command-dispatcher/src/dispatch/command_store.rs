//! The books of commands in Postgres: looked into, written in and added to, for several commands at once.

pub(crate) mod inserts;
pub(crate) mod outcomes;

use crate::dispatch::coalescer::{Bounds, Together};
use crate::error::DispatchError;
use crate::metrics::Metrics;
use chrono::{DateTime, Utc};
use domain::ids::{CommandId, PileId};
use std::sync::Arc;
use std::time::Duration;
use storage::commands::{self, Conflict, Look, NewCommand, Note, RecordedCommand, Wanted};
use storage::{Database, StorageError};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::Instrument as _;
use uuid::Uuid;

/// So many commands share a statement at most.
const BATCH: usize = 128;
/// More commands than this never wait: there are fewer connections to callers.
const WAITING: usize = 4_096;
/// Two connections: one batch commits while the next is on its way.
const FOREGROUND: Bounds = Bounds { waiting: WAITING, batch: BATCH, at_once: 2, linger: Duration::ZERO };
/// Nobody waits for notes of what was published: they come in larger batches, on one connection.
const BACKGROUND: Bounds =
    Bounds { waiting: WAITING, batch: BATCH, at_once: 1, linger: Duration::from_millis(50) };

/// A failure that all commands of a batch share.
pub(crate) type Shared<T> = Result<T, Arc<StorageError>>;

/// The books. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Books {
    database: Database,
    looks: Together<Wanted, Shared<Look>>,
    records: Together<NewCommand, Shared<Result<(), Conflict>>>,
    notes: Together<Note, ()>,
    patience: Duration,
}

impl Books {
    /// The books in `database`; nobody waits for them longer than `patience`. Must be called on the main runtime, which serves
    /// them.
    pub(crate) fn open(database: Database, metrics: Metrics, patience: Duration) -> Self {
        let (looking, recording, noting) = (database.clone(), database.clone(), database.clone());
        Self {
            database,
            looks: Together::new(FOREGROUND, move |wanted| look_at(looking.clone(), wanted)),
            records: Together::new(FOREGROUND, move |new| inserts::record(recording.clone(), new)),
            notes: Together::new(BACKGROUND, move |notes| {
                outcomes::note(noting.clone(), metrics.clone(), notes)
            }),
            patience,
        }
    }

    /// The pile, and what its request's key led to before.
    ///
    /// # Errors
    /// When Postgres fails.
    pub(crate) async fn look(&self, wanted: Wanted) -> Result<Look, DispatchError> {
        // The statement serves several: what is seen of it in a trace is how long this one waited for it.
        let span = storage::database::trace::span("storage::commands::look_at_many");
        let look = timeout(self.patience, self.looks.ask(wanted)).instrument(span).await;
        Ok(look.map_err(|_late| StorageError::TimedOut)???)
    }

    /// Records a command as accepted, or says what it met.
    ///
    /// # Errors
    /// When Postgres fails; it may be recorded then.
    pub(crate) async fn record(&self, new: NewCommand) -> Result<(), DispatchError> {
        let span = storage::database::trace::span("storage::commands::record_many");
        let recorded = timeout(self.patience, self.records.ask(new)).instrument(span).await;
        recorded.map_err(|_late| StorageError::TimedOut)???.map_err(DispatchError::Conflict)
    }

    /// Leaves a note of what became of a command. It is written soon, which the receiver tells; this waits for nothing but a
    /// place in a long queue.
    pub(crate) async fn note(&self, note: Note) -> Option<oneshot::Receiver<()>> {
        self.notes.put(note).await.ok()
    }

    /// The command called `id`.
    ///
    /// # Errors
    /// [`DispatchError::CommandNotFound`], or Postgres's failure.
    pub(crate) async fn find(&self, id: CommandId) -> Result<RecordedCommand, DispatchError> {
        let found: Result<_, StorageError> =
            self.database.run(async move |mut connection| commands::find(&mut connection, id).await).await;
        found?.ok_or(DispatchError::CommandNotFound)
    }

    /// Commands to a pile, as [`commands::list_of_pile`].
    ///
    /// # Errors
    /// [`DispatchError::PileNotFound`], or Postgres's failure.
    pub(crate) async fn list_of_pile(
        &self,
        pile_id: PileId,
        before: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<Vec<RecordedCommand>, DispatchError> {
        let found: Result<_, StorageError> = self
            .database
            .run(async move |mut connection| {
                commands::list_of_pile(&mut connection, pile_id, before, limit).await
            })
            .await;
        found?.ok_or(DispatchError::PileNotFound)
    }
}

async fn look_at(database: Database, wanted: Vec<Wanted>) -> Vec<Shared<Look>> {
    let count = wanted.len();
    let looks: Result<Vec<Look>, StorageError> = database
        .run(async move |mut connection| commands::look_at_many(&mut connection, &wanted).await)
        .await;
    match looks {
        Ok(looks) => looks.into_iter().map(Ok).collect(),
        Err(error) => fail(count, error),
    }
}

/// The same failure for all of a batch.
fn fail<T>(count: usize, error: StorageError) -> Vec<Shared<T>> {
    let error = Arc::new(error);
    (0..count).map(|_| Err(Arc::clone(&error))).collect()
}
