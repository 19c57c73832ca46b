//! Computes the days of the reliability ledger once they have ended, and again after late facts and
//! exclusions. One replica at a time does so, the holder of a lease; two that overlap compute each
//! device once.

mod metrics;

use crate::settings::{ReliabilitySettings, Settings};
use domain::ids::ChargePointId;
use domain::reliability::Window;
use metrics::LedgerMetrics;
use opentelemetry::metrics::Meter;
use runtime::{Shutdown, causes, every};
use std::time::Duration;
use storage::ingest::WorkerLease;
use storage::reliability::roll_up::{self, Computed};
use storage::{Database, PooledConnection, StorageError};

/// The name of the lease.
const LEASE: &str = "reliability/days";
/// How often devices are searched whose days are due. An exclusion has its effect after this time.
const INTERVAL: Duration = Duration::from_secs(30);
/// The most devices that are computed in one transaction, and between two renewals of the lease. After
/// an upgrade each has as many days as the status history.
const AT_ONCE: i64 = 20;

/// The task that computes the ledger, active or on standby.
pub(crate) struct ReliabilityLedger {
    database: Database,
    settings: ReliabilitySettings,
    /// How long the status history is kept, in days.
    kept_days: u32,
    lease: WorkerLease,
    metrics: LedgerMetrics,
}

impl ReliabilityLedger {
    /// Uses connections of `database`, which are separate from those of batches.
    pub(crate) fn new(database: Database, settings: &Settings, meter: &Meter) -> Self {
        Self {
            lease: WorkerLease::new(database.clone(), LEASE),
            metrics: LedgerMetrics::new(meter),
            database,
            settings: settings.reliability,
            kept_days: settings.ingest.status_retention_days,
        }
    }

    /// Computes days while it holds the lease, until asked to stop; then releases the lease.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let mut ticks = every(INTERVAL);
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            if let Err(error) = self.work(&shutdown).await {
                tracing::warn!(
                    error = causes(&error),
                    "the reliability ledger could not be computed; retrying in 30 s"
                );
            }
        }
        self.metrics.left();
        self.lease.release().await;
    }

    /// Computes all devices that are due, as long as the lease is held.
    async fn work(&mut self, shutdown: &Shutdown) -> Result<(), StorageError> {
        let window = self.window().await?;
        let mut last = None;
        while !shutdown.is_requested() {
            if !self.lease.acquire().await? {
                self.metrics.left();
                return Ok(());
            }
            let devices = match self.compute(window, last.as_ref(), AT_ONCE).await {
                Err(error) if !error.is_transient() => self.compute_apart(window, last.as_ref()).await?,
                computed => computed?.devices,
            };
            let is_first = last.is_none();
            match devices.into_iter().next_back() {
                Some(device) => last = Some(device),
                // None is due: to count them would read the rows of all devices once more.
                None if is_first => {
                    self.metrics.behind(0);
                    return Ok(());
                }
                None => break,
            }
            if is_first {
                self.report_backlog(window).await?;
            }
        }
        self.report_backlog(window).await
    }

    /// The days that can be computed now: the history may be shorter than it is kept, after
    /// `ingest.status_retention_days` was raised.
    async fn window(&self) -> Result<Window, StorageError> {
        let window = Window::at(self.settings.time_zone, runtime::clock::now(), self.kept_days);
        let oldest =
            async move |mut connection: PooledConnection| roll_up::deleted_before(&mut connection).await;
        let oldest = self.database.run::<_, StorageError, _, _>(oldest).await?;
        Ok(oldest.map_or(window, |oldest| window.since(oldest)))
    }

    async fn report_backlog(&self, window: Window) -> Result<(), StorageError> {
        let count =
            async move |mut connection: PooledConnection| roll_up::backlog(&mut connection, &window).await;
        self.metrics.behind(self.database.run::<_, StorageError, _, _>(count).await?);
        Ok(())
    }

    /// Computes up to `limit` devices after `last` in one transaction.
    async fn compute(
        &self,
        window: Window,
        last: Option<&ChargePointId>,
        limit: i64,
    ) -> Result<Computed, StorageError> {
        let after = last.cloned();
        let work = async move |mut connection: PooledConnection| {
            roll_up::compute(&mut connection, &window, after.as_ref(), limit).await
        };
        let computed = self.database.run::<_, StorageError, _, _>(work).await?;
        self.metrics.computed(computed.rows);
        Ok(computed)
    }

    /// The same for each of the next devices alone: a device with an invalid row must not hold up
    /// others. It is tried again with the next search.
    async fn compute_apart(
        &self,
        window: Window,
        last: Option<&ChargePointId>,
    ) -> Result<Vec<ChargePointId>, StorageError> {
        let after = last.cloned();
        let list = async move |mut connection: PooledConnection| {
            roll_up::list_due(&mut connection, &window, after.as_ref(), AT_ONCE).await
        };
        let due = self.database.run::<_, StorageError, _, _>(list).await?;
        for device in &due {
            let only = device.clone();
            let work = async move |mut connection: PooledConnection| {
                roll_up::compute_one(&mut connection, &window, &only).await
            };
            match self.database.run::<_, StorageError, _, _>(work).await {
                Err(error) if !error.is_transient() => {
                    tracing::error!(
                        charge_point_id = %device,
                        error = causes(&error),
                        "the days of a device could not be computed; retrying in 30 s"
                    );
                    self.metrics.failed();
                }
                computed => self.metrics.computed(computed?.rows),
            }
        }
        Ok(due)
    }
}
