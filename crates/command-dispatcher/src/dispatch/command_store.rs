//! Commands in PostgreSQL. Contexts are loaded, commands inserted and outcomes recorded for several
//! commands per statement.

pub(crate) mod inserts;
pub(crate) mod outcomes;
mod stops;

use crate::error::DispatchError;
use crate::metrics::Metrics;
use chrono::{DateTime, Utc};
use domain::assets::OperatorBound;
use domain::ids::{CommandId, PileId};
use runtime::coalescer::{Bounds, Coalescer};
use std::sync::Arc;
use std::time::Duration;
use storage::commands::{
    self, CommandContext, Conflict, ContextQuery, LogFilter, LogPage, NewCommand, PublishOutcome,
    RecordedCommand,
};
use storage::{Database, PooledConnection, StorageError};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::Instrument as _;
use uuid::Uuid;

/// The most commands that share a statement.
const BATCH: usize = 128;
/// More than the commands that can wait at once: callers are bounded by the HTTP connections.
const WAITING: usize = 4_096;
/// One connection while it is fast, because a larger batch costs each of its commands less. A batch that
/// waits for the lock of a device or for a disk delays the others for the patience only.
const FOREGROUND: Bounds = Bounds {
    waiting: WAITING,
    batch: BATCH,
    at_once: 2,
    linger: Duration::ZERO,
    patience: Duration::from_millis(5),
};
/// No caller waits for the outcomes of publications: they are recorded in larger batches, on one
/// connection.
const BACKGROUND: Bounds = Bounds {
    waiting: WAITING,
    batch: BATCH,
    at_once: 1,
    linger: Duration::from_millis(50),
    patience: Duration::ZERO,
};

/// A failure that all commands of a batch share.
pub(crate) type Shared<T> = Result<T, Arc<StorageError>>;

/// The commands in the database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct CommandStore {
    database: Database,
    contexts: Coalescer<ContextQuery, Shared<CommandContext>>,
    inserts: Coalescer<NewCommand, Shared<Result<(), Conflict>>>,
    outcomes: Coalescer<PublishOutcome, ()>,
    patience: Duration,
}

impl CommandStore {
    /// The commands in `database`. A caller waits for at most `patience`. Must be called on the
    /// main runtime, which runs the statements.
    pub(crate) fn open(database: Database, metrics: Metrics, patience: Duration) -> Self {
        let (reads, writes, background) = (database.clone(), database.clone(), database.clone());
        Self {
            database,
            contexts: Coalescer::new(FOREGROUND, move |queries| load_contexts(reads.clone(), queries)),
            inserts: Coalescer::new(FOREGROUND, move |new| inserts::insert(writes.clone(), new)),
            outcomes: Coalescer::new(BACKGROUND, move |outcomes| {
                outcomes::record(background.clone(), metrics.clone(), outcomes)
            }),
            patience,
        }
    }

    /// Loads what a command is checked against: the pile, and an earlier request with the same
    /// idempotency key.
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub(crate) async fn load_context(&self, query: ContextQuery) -> Result<CommandContext, DispatchError> {
        // The statement serves several commands: the span shows how long this one waited for it.
        let span = storage::database::trace::span("storage::commands::load_contexts");
        let context = timeout(self.patience, self.contexts.request(query)).instrument(span).await;
        Ok(context.map_err(|_late| StorageError::TimedOut)???)
    }

    /// Inserts a command as accepted, or returns the command that it conflicts with.
    ///
    /// # Errors
    /// When PostgreSQL fails; the command may have been inserted.
    pub(crate) async fn insert(&self, new: NewCommand) -> Result<(), DispatchError> {
        let span = storage::database::trace::span("storage::commands::insert_many");
        let inserted = timeout(self.patience, self.inserts.request(new)).instrument(span).await;
        inserted.map_err(|_late| StorageError::TimedOut)???.map_err(DispatchError::Conflict)
    }

    /// Queues the outcome of a publication to be recorded; waits only while the queue is full. The
    /// receiver resolves once it is recorded.
    pub(crate) async fn record_outcome(&self, outcome: PublishOutcome) -> Option<oneshot::Receiver<()>> {
        self.outcomes.enqueue(outcome).await.ok()
    }

    /// Waits until every queued outcome is recorded.
    pub(crate) async fn finish(&self) {
        self.outcomes.finish().await;
    }

    /// Returns the command with id `id` within `bound`.
    ///
    /// # Errors
    /// [`DispatchError::CommandNotFound`], or a failure of PostgreSQL.
    pub(crate) async fn find(
        &self,
        bound: &OperatorBound,
        id: CommandId,
    ) -> Result<RecordedCommand, DispatchError> {
        let bound = bound.clone();
        let work =
            async move |mut connection: PooledConnection| commands::find(&mut connection, &bound, id).await;
        let found: Result<_, StorageError> = self.database.run(work).await;
        found?.ok_or(DispatchError::CommandNotFound)
    }

    /// Lists commands, see [`commands::list`].
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub(crate) async fn list(
        &self,
        bound: OperatorBound,
        filter: LogFilter,
        before: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<LogPage, DispatchError> {
        let found: Result<_, StorageError> = self
            .database
            .run(async move |mut connection| {
                commands::list(&mut connection, &bound, &filter, before, limit).await
            })
            .await;
        Ok(found?)
    }

    /// Lists the commands to a pile, see [`commands::list_of_pile`].
    ///
    /// # Errors
    /// [`DispatchError::PileNotFound`], or a failure of PostgreSQL.
    pub(crate) async fn list_of_pile(
        &self,
        bound: OperatorBound,
        pile_id: PileId,
        before: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<Vec<RecordedCommand>, DispatchError> {
        let found: Result<_, StorageError> = self
            .database
            .run(async move |mut connection| {
                commands::list_of_pile(&mut connection, &bound, pile_id, before, limit).await
            })
            .await;
        found?.ok_or(DispatchError::PileNotFound)
    }
}

async fn load_contexts(database: Database, queries: Vec<ContextQuery>) -> Vec<Shared<CommandContext>> {
    let count = queries.len();
    let contexts: Result<Vec<CommandContext>, StorageError> = database
        .run_here(async move |mut connection| commands::load_contexts(&mut connection, &queries).await)
        .await;
    match contexts {
        Ok(contexts) => contexts.into_iter().map(Ok).collect(),
        Err(error) => fail(count, error),
    }
}

/// Returns the same failure for every command of a batch.
fn fail<T>(count: usize, error: StorageError) -> Vec<Shared<T>> {
    let error = Arc::new(error);
    (0..count).map(|_| Err(Arc::clone(&error))).collect()
}
