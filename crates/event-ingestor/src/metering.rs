//! Publishes what open sessions have come to: for each session at most once per interval, and only
//! after a new reading.
//!
//! Each replica publishes the sessions of the connectors whose readings it wrote, so a pass costs as
//! much as there are readings, however many sessions are open. What a replica that died had not
//! published is found by a check of all open sessions, which is rare; the holder of a lease does it.
//! Two replicas that overlap publish each session once.

mod metered_connectors;
mod metrics;

pub(crate) use metered_connectors::MeteredConnectors;

use crate::settings::MeteredSettings;
use metered_connectors::ConnectorKey;
use metrics::MeterMetrics;
use opentelemetry::metrics::Meter;
use runtime::{Shutdown, causes, every};
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::ingest::WorkerLease;
use storage::sessions::metering::{self, DueSession, PreparedMeter, ReadSessions};
use storage::{Database, PooledConnection, StorageError};

/// The name of the lease.
const LEASE: &str = "sessions/metered";
/// How often meters are published: a tenth of the interval, but within these bounds.
const PERIOD: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));
/// How often all open sessions are checked.
const CHECK_ALL: Duration = Duration::from_secs(300);
/// The most sessions, or connectors with sessions, that are published in one transaction, and between
/// two renewals of the lease.
const AT_ONCE: u8 = 100;

/// The publisher of meters.
pub(crate) struct MeterPublisher {
    database: Database,
    settings: MeteredSettings,
    connectors: Arc<MeteredConnectors>,
    lease: WorkerLease,
    /// When all open sessions were last checked; `None` while another replica has the lease.
    checked_at: Option<Instant>,
    metrics: MeterMetrics,
}

impl MeterPublisher {
    /// Uses connections of `database`, which are separate from those of batches. `connectors` are those
    /// whose readings are written.
    pub(crate) fn new(
        database: Database,
        settings: MeteredSettings,
        connectors: Arc<MeteredConnectors>,
        meter: &Meter,
    ) -> Self {
        Self {
            lease: WorkerLease::new(database.clone(), LEASE),
            metrics: MeterMetrics::new(meter),
            checked_at: None,
            connectors,
            database,
            settings,
        }
    }

    /// Publishes meters until asked to stop; then releases the lease.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let Some(interval) = self.settings.interval() else { return };
        let (shortest, longest) = PERIOD;
        let mut ticks = every((interval / 10).clamp(shortest, longest));
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            if let Err(error) = self.work(interval, &shutdown).await {
                tracing::warn!(
                    error = causes(&error),
                    "meters of sessions could not be published; retrying within 5 s"
                );
            }
        }
        self.lease.release().await;
    }

    async fn work(&mut self, interval: Duration, shutdown: &Shutdown) -> Result<(), StorageError> {
        let began = Instant::now();
        self.publish_read(interval, shutdown).await?;
        self.metrics.passed(began.elapsed());
        if !self.lease.acquire().await? {
            self.checked_at = None;
        } else if self.checked_at.is_none_or(|at| at.elapsed() >= CHECK_ALL) {
            self.publish_all(interval, shutdown).await?;
        }
        Ok(())
    }

    /// Publishes the sessions that are due of the connectors whose readings this replica wrote.
    async fn publish_read(&self, interval: Duration, shutdown: &Shutdown) -> Result<(), StorageError> {
        let mut connectors = self.connectors.take(Instant::now());
        while !connectors.is_empty() && !shutdown.is_requested() {
            let group = connectors.split_off(connectors.len().saturating_sub(AT_ONCE.into()));
            match self.publish_of(group.clone(), interval).await {
                Ok(later) => self.connectors.check_after(later),
                Err(error) => {
                    let again = connectors.into_iter().chain(group);
                    self.connectors.check_after(again.map(|connector| (connector, Duration::ZERO)));
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Publishes the sessions of `connectors` that are due; returns the connectors of those that were
    /// read and are due later.
    async fn publish_of(
        &self,
        connectors: Vec<ConnectorKey>,
        interval: Duration,
    ) -> Result<Vec<(ConnectorKey, Duration)>, StorageError> {
        let list = async move |mut connection: PooledConnection| {
            metering::list_read(&mut connection, &connectors, interval).await
        };
        let ReadSessions { due, later } = self.database.run::<_, StorageError, _, _>(list).await?;
        self.publish(&due, interval).await?;
        Ok(later)
    }

    /// Checks all open sessions once, as long as the lease is held.
    async fn publish_all(&mut self, interval: Duration, shutdown: &Shutdown) -> Result<(), StorageError> {
        let mut last = None;
        while !shutdown.is_requested() && self.lease.acquire().await? {
            let mut due = self.publish_after(last.take(), interval).await?;
            let may_be_more = due.len() >= usize::from(AT_ONCE);
            last = due.pop().filter(|_last| may_be_more);
            if last.is_none() {
                self.checked_at = Some(Instant::now());
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
            metering::list_due(&mut connection, last.as_ref(), interval, AT_ONCE.into()).await
        };
        let due = self.database.run::<_, StorageError, _, _>(list).await?;
        self.publish(&due, interval).await?;
        Ok(due)
    }

    async fn publish(&self, due: &[DueSession], interval: Duration) -> Result<(), StorageError> {
        let mut prepared = Vec::with_capacity(due.len());
        for session in due {
            prepared.extend(self.prepare(session.clone(), interval).await?);
        }
        if prepared.is_empty() {
            return Ok(());
        }
        let publish = async move |mut connection: PooledConnection| {
            metering::publish(&mut connection, &prepared, interval).await
        };
        self.metrics.published(self.database.run::<_, StorageError, _, _>(publish).await?);
        Ok(())
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
