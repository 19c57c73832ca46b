//! Writes the receipts of sessions whose facts have settled. One replica at a time does so, the
//! holder of a lease; two that overlap write each receipt once.

mod metrics;

use crate::settings::ReceiptSettings;
use metrics::ReceiptMetrics;
use opentelemetry::metrics::Meter;
use runtime::{Shutdown, causes, every};
use std::time::{Duration, Instant};
use storage::ingest::WorkerLease;
use storage::sessions::receipts::{self, SettleOutcome, WaitingSession};
use storage::{Database, PooledConnection, StorageError};

/// The name of the lease.
const LEASE: &str = "sessions/receipts";
/// How often sessions are searched whose receipt is due.
const INTERVAL: Duration = Duration::from_secs(2);
/// The most sessions that are checked between two renewals of the lease.
const AT_ONCE: i64 = 100;
/// How long a session waits whose receipt cannot be written, so that others are not held up.
const RETRY: Duration = Duration::from_secs(600);

/// The writer of receipts, active or on standby.
pub(crate) struct ReceiptWriter {
    database: Database,
    settings: ReceiptSettings,
    lease: WorkerLease,
    metrics: ReceiptMetrics,
}

impl ReceiptWriter {
    /// Uses connections of `database`, which are separate from those of batches.
    pub(crate) fn new(database: Database, settings: ReceiptSettings, meter: &Meter) -> Self {
        Self {
            lease: WorkerLease::new(database.clone(), LEASE),
            metrics: ReceiptMetrics::new(meter),
            database,
            settings,
        }
    }

    /// Writes receipts while it holds the lease, until asked to stop; then releases the lease.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let mut ticks = every(INTERVAL);
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            if let Err(error) = self.work(&shutdown).await {
                tracing::warn!(error = causes(&error), "receipts could not be written; retrying in 2 s");
            }
        }
        self.metrics.left();
        self.lease.release().await;
    }

    /// Checks all sessions that are due, as long as the lease is held.
    async fn work(&mut self, shutdown: &Shutdown) -> Result<(), StorageError> {
        let grace = self.settings.grace();
        while !shutdown.is_requested() {
            if !self.lease.acquire().await? {
                self.metrics.left();
                return Ok(());
            }
            let read = async move |mut connection: PooledConnection| {
                let backlog = receipts::backlog(&mut connection, grace).await?;
                Ok::<_, StorageError>((backlog, receipts::list_due(&mut connection, grace, AT_ONCE).await?))
            };
            let (backlog, due) = self.database.run(read).await?;
            self.metrics.behind(backlog);
            let may_be_more = i64::try_from(due.len()).is_ok_and(|count| count >= AT_ONCE);
            let began = Instant::now();
            for session in due {
                // A slow database must not outlast the lease.
                if shutdown.is_requested() || began.elapsed() > INTERVAL * 2 {
                    break;
                }
                self.settle(session).await?;
            }
            if !may_be_more {
                break;
            }
        }
        Ok(())
    }

    async fn settle(&self, session: WaitingSession) -> Result<(), StorageError> {
        let (grace, checked) = (self.settings.grace(), session.clone());
        let work = async move |mut connection: PooledConnection| {
            receipts::settle(&mut connection, &checked, grace).await
        };
        match self.database.run::<_, StorageError, _, _>(work).await {
            Ok(SettleOutcome::Written { number }) => self.metrics.written(number),
            Ok(SettleOutcome::Unchanged | SettleOutcome::Dropped | SettleOutcome::Overtaken) => {}
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => {
                tracing::error!(
                    session_id = %session.id,
                    error = causes(&error),
                    "the receipt of a session could not be written; retrying in 10 min"
                );
                self.metrics.failed();
                let work = async move |mut connection: PooledConnection| {
                    receipts::postpone(&mut connection, &session, grace, RETRY).await
                };
                self.database.run::<_, StorageError, _, _>(work).await?;
            }
        }
        Ok(())
    }
}
