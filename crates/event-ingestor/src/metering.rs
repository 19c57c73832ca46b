//! Publishes what open sessions have come to: for each session at most once per interval, and only
//! after a new reading. One replica at a time does so, the holder of a lease; two that overlap
//! publish each session once.

mod metrics;

use crate::settings::MeteredSettings;
use metrics::MeterMetrics;
use opentelemetry::metrics::Meter;
use runtime::{Shutdown, causes, every};
use std::time::{Duration, Instant};
use storage::ingest::WorkerLease;
use storage::sessions::metering::{self, DueSession, PreparedMeter};
use storage::{Database, PooledConnection, StorageError};

/// The name of the lease.
const LEASE: &str = "sessions/metered";
/// How often all open sessions are checked: a tenth of the interval, but within these bounds.
const PERIOD: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));
/// The most sessions that are published in one transaction, and between two renewals of the lease.
const AT_ONCE: i64 = 100;

/// The publisher of meters, active or on standby.
pub(crate) struct MeterPublisher {
    database: Database,
    settings: MeteredSettings,
    lease: WorkerLease,
    metrics: MeterMetrics,
}

impl MeterPublisher {
    /// Uses connections of `database`, which are separate from those of batches.
    pub(crate) fn new(database: Database, settings: MeteredSettings, meter: &Meter) -> Self {
        Self {
            lease: WorkerLease::new(database.clone(), LEASE),
            metrics: MeterMetrics::new(meter),
            database,
            settings,
        }
    }

    /// Publishes meters while it holds the lease, until asked to stop; then releases the lease.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let (shortest, longest) = PERIOD;
        let period = self.settings.interval().map_or(longest, |interval| interval / 10);
        let mut ticks = every(period.clamp(shortest, longest));
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            if let Err(error) = self.work(&shutdown).await {
                tracing::warn!(
                    error = causes(&error),
                    "meters of sessions could not be published; retrying within 5 s"
                );
            }
        }
        self.lease.release().await;
    }

    /// Checks all open sessions once, as long as the lease is held.
    async fn work(&mut self, shutdown: &Shutdown) -> Result<(), StorageError> {
        let began = Instant::now();
        let Some(interval) = self.settings.interval() else { return Ok(()) };
        let mut last = None;
        while !shutdown.is_requested() {
            if !self.lease.acquire().await? {
                return Ok(());
            }
            let mut due = self.publish_after(last.take(), interval).await?;
            let may_be_more = i64::try_from(due.len()).is_ok_and(|count| count >= AT_ONCE);
            last = due.pop().filter(|_last| may_be_more);
            if last.is_none() {
                self.metrics.passed(began.elapsed());
                break;
            }
        }
        Ok(())
    }

    /// Publishes the next sessions that are due, after `last`, and returns them.
    async fn publish_after(
        &self,
        last: Option<DueSession>,
        interval: Duration,
    ) -> Result<Vec<DueSession>, StorageError> {
        let list = async move |mut connection: PooledConnection| {
            metering::list_due(&mut connection, last.as_ref(), interval, AT_ONCE).await
        };
        let due = self.database.run::<_, StorageError, _, _>(list).await?;
        let mut prepared = Vec::with_capacity(due.len());
        for session in &due {
            prepared.extend(self.prepare(session.clone(), interval).await?);
        }
        let publish = async move |mut connection: PooledConnection| {
            metering::publish(&mut connection, &prepared, interval).await
        };
        self.metrics.published(self.database.run::<_, StorageError, _, _>(publish).await?);
        Ok(due)
    }

    /// Computes the cost of `due`; `None` if it has ended, or if a row of it is invalid: it must not
    /// hold up others.
    async fn prepare(
        &self,
        due: DueSession,
        interval: Duration,
    ) -> Result<Option<PreparedMeter>, StorageError> {
        let read = due.clone();
        let work =
            async move |mut connection: PooledConnection| metering::prepare(&mut connection, &read).await;
        match self.database.run::<_, StorageError, _, _>(work).await {
            Err(error) if !error.is_transient() => {
                tracing::error!(
                    session_id = %due.id,
                    error = causes(&error),
                    "the meter of a session could not be published; retrying after the next interval"
                );
                self.metrics.failed();
                let work = async move |mut connection: PooledConnection| {
                    metering::postpone(&mut connection, &due, interval).await
                };
                self.database.run::<_, StorageError, _, _>(work).await?;
                Ok(None)
            }
            prepared => prepared,
        }
    }
}
