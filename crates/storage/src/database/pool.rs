//! Connections to PostgreSQL: pooled, limited in number and time.

mod metrics;

use crate::StorageError;
use crate::database::connector::Connector;
use crate::database::lock_wait::LOCK_WAIT;
use crate::database::settings::DatabaseSettings;
use crate::database::trace;
use deadpool::managed::QueueMode;
use diesel_async::pooled_connection::deadpool::{Hook, HookError, Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use metrics::Use;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::{Instrument as _, Span};

/// Idle time after which a connection is tested before its next use.
const IDLE: Duration = Duration::from_secs(1);

/// The connection type that query functions take.
pub type Connection = AsyncPgConnection;

/// A connection that returns to its pool when dropped.
pub type PooledConnection = Object<AsyncPgConnection>;

/// A pool of connections. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    pool: Pool<AsyncPgConnection>,
    purpose: Use,
    transaction_timeout: Duration,
}

impl Database {
    /// Creates a pool that opens its connections on the current runtime, on demand.
    ///
    /// Must be called on the runtime that outlives all callers: a connection dies with the runtime
    /// that opened it, and each HTTP worker has its own runtime.
    ///
    /// # Errors
    /// [`StorageError::Settings`] if the settings are invalid or a file cannot be read, with the
    /// remedy.
    pub fn new(settings: &DatabaseSettings) -> Result<Self, StorageError> {
        Self::with_session(settings, Use::General, "")
    }

    /// Creates a pool for ingest batches, like [`Database::new`]; its connections find every row by
    /// its key.
    ///
    /// A batch that stops half way holds the lock on its partition and blocks the replica that
    /// would take over. There are only milliseconds between two statements of a batch, so
    /// PostgreSQL terminates a session that is idle in a transaction for seconds: its process is
    /// frozen.
    ///
    /// Statements are planned once and kept, because planning costs as much as a small batch; except
    /// on Citus, which cannot find the shard of a statement in such a plan. A
    /// plan from when a table was empty would read the whole table for each batch until it is
    /// analyzed, however large it has grown since.
    ///
    /// # Errors
    /// As [`Database::new`].
    pub fn for_batches(settings: &DatabaseSettings) -> Result<Self, StorageError> {
        Self::with_session(
            settings,
            Use::Batches,
            "set idle_in_transaction_session_timeout = '3s'; \
             select set_config('plan_cache_mode', case when exists (\
               select from pg_extension where extname = 'citus') then 'auto' else 'force_generic_plan' end, false); \
             set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off;",
        )
    }

    /// Creates a pool for deleting old rows, like [`Database::new`]. Its statements give up soon when
    /// they wait for a lock, so that no statement queues behind them.
    ///
    /// # Errors
    /// As [`Database::new`].
    pub fn for_retention(settings: &DatabaseSettings) -> Result<Self, StorageError> {
        Self::with_session(settings, Use::Retention, &format!("set lock_timeout = '{LOCK_WAIT}';"))
    }

    fn with_session(settings: &DatabaseSettings, purpose: Use, session: &str) -> Result<Self, StorageError> {
        let connect_timeout = Duration::from_millis(settings.connect_timeout_ms);
        let connector = Arc::new(Connector::new(settings, session)?);
        // The connector has the address.
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(
            "",
            connection_setup(connector),
        );
        let pool = Pool::builder(manager)
            .max_size(settings.max_connections)
            // The connection that was used last: its process has the plans and rows at hand.
            .queue_mode(QueueMode::Lifo)
            .runtime(deadpool::Runtime::Tokio1)
            .wait_timeout(Some(connect_timeout))
            .create_timeout(Some(connect_timeout))
            .pre_recycle(proof_of_life(connect_timeout))
            .build()
            .map_err(|error| StorageError::Settings(error.to_string()))?;
        // A transaction has several statements; the pool's own waits are added.
        let transaction_timeout = Duration::from_millis(settings.statement_timeout_ms) * 2 + connect_timeout;
        metrics::observe(purpose, pool.weak());
        Ok(Self { pool, purpose, transaction_timeout })
    }

    /// Gets a connection from the pool.
    ///
    /// # Errors
    /// [`StorageError::NoConnection`] if none is available within the time allowed.
    pub async fn connection(&self) -> Result<PooledConnection, StorageError> {
        let began = Instant::now();
        let connection = self.pool.get().await.map_err(StorageError::NoConnection);
        metrics::record_wait(self.purpose, began.elapsed(), connection.is_ok());
        connection
    }

    /// Runs `work` on a connection, in a task of its own: a caller that goes away leaves nothing
    /// half done.
    ///
    /// # Errors
    /// The error of `work`; no connection; or [`StorageError::TimedOut`], in which case the
    /// connection is discarded.
    pub async fn run<T, E, F, Fut>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(PooledConnection) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        self.run_within(self.transaction_timeout, work).await
    }

    /// Like [`Database::run`], for work that takes long: at most `limit` on its connection.
    ///
    /// # Errors
    /// As [`Database::run`].
    pub async fn run_within<T, E, F, Fut>(&self, limit: Duration, work: F) -> Result<T, E>
    where
        F: FnOnce(PooledConnection) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let database = self.clone();
        let span = trace::span_of::<F>();
        let work = async move { database.run_here_within(limit, work).await };
        let task = tokio::spawn(work.instrument(span));
        match task.await {
            Ok(outcome) => outcome,
            Err(join) if join.is_panic() => std::panic::resume_unwind(join.into_panic()),
            Err(_cancelled) => Err(E::from(StorageError::TimedOut)),
        }
    }

    /// Like [`Database::run`], but in the task of the caller and in its span: for a single statement,
    /// or a task that no caller can abort.
    ///
    /// # Errors
    /// As [`Database::run`].
    pub async fn run_here<T, E, F, Fut>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(PooledConnection) -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
        E: From<StorageError>,
    {
        self.run_here_within(self.transaction_timeout, work).await
    }

    async fn run_here_within<T, E, F, Fut>(&self, limit: Duration, work: F) -> Result<T, E>
    where
        F: FnOnce(PooledConnection) -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
        E: From<StorageError>,
    {
        let fail = |word| trace::fail(&Span::current(), word);
        let connection = self.connection().await.inspect_err(|_away| fail("no_connection"))?;
        // Boxed, because the compiler fails on futures built around Diesel's deeply nested ones.
        let work: BoxFuture<'_, Result<T, E>> = work(connection).boxed();
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_elapsed| {
            fail("timeout");
            Err(E::from(StorageError::TimedOut))
        })
    }

    /// Checks that PostgreSQL answers.
    ///
    /// # Errors
    /// If there is no connection or the statement fails.
    pub async fn ping(&self) -> Result<(), StorageError> {
        self.connection().await?.batch_execute("select 1").await?;
        Ok(())
    }
}

/// Tests a connection that was idle, because it may be broken without notice. A connection that was
/// used just now needs no round trip.
fn proof_of_life(within: Duration) -> Hook<AsyncPgConnection> {
    Hook::async_fn(move |connection: &mut AsyncPgConnection, metrics| {
        let idle = metrics.last_used() >= IDLE;
        async move {
            if !idle {
                return Ok(());
            }
            match tokio::time::timeout(within, connection.batch_execute("select 1")).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) | Err(_) => Err(HookError::message("the idle connection does not answer")),
            }
        }
        .boxed()
    })
}

fn connection_setup(connector: Arc<Connector>) -> ManagerConfig<AsyncPgConnection> {
    let runtime = tokio::runtime::Handle::current();
    let mut config = ManagerConfig::<AsyncPgConnection>::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_address| {
        let connector = Arc::clone(&connector);
        let opening = runtime.spawn(async move { connector.open().await });
        async move {
            opening.await.unwrap_or_else(|join| Err(diesel::ConnectionError::BadConnection(join.to_string())))
        }
        .boxed()
    });
    config
}
