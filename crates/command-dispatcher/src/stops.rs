//! Stops that the platform sends by itself: those that waited for a transaction id, and those of
//! sessions that reached a limit. One replica at a time does this work, under a lease; if two do, the
//! database admits each stop once.

mod limits;
mod metrics;
mod waiting;

use crate::dispatch::dispatcher::Dispatcher;
use crate::settings::StopSettings;
use limits::LimitCheck;
use metrics::StopMetrics;
use opentelemetry::metrics::Meter;
use runtime::every;
use runtime::{Shutdown, causes};
use std::sync::Arc;
use std::time::Instant;
use storage::ingest::WorkerLease;
use storage::{Database, StorageError};
use waiting::WaitingStops;

const LEASE: &str = "commands/stops";

/// Sends these stops while this replica holds the lease.
pub(crate) struct StopWorker {
    lease: WorkerLease,
    settings: StopSettings,
    waiting: WaitingStops,
    limits: LimitCheck,
    metrics: StopMetrics,
    limits_at: Instant,
}

impl StopWorker {
    /// Uses connections of `database`, which are separate from those of commands.
    pub(crate) fn new(
        database: Database,
        dispatcher: Arc<Dispatcher>,
        settings: StopSettings,
        meter: &Meter,
    ) -> Self {
        let (metrics, now) = (StopMetrics::new(meter), Instant::now());
        Self {
            lease: WorkerLease::new(database.clone(), LEASE),
            settings,
            waiting: WaitingStops::new(database.clone(), Arc::clone(&dispatcher), metrics.clone()),
            limits: LimitCheck::new(database, dispatcher, metrics.clone()),
            metrics,
            limits_at: now,
        }
    }

    /// Continues until asked to stop, and then until the current stops are sent.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let mut ticks = every(self.settings.poll());
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            let done = match self.lease.acquire().await {
                Ok(true) => self.tick(&shutdown).await,
                Ok(false) => {
                    self.metrics.waiting(0);
                    Ok(())
                }
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                tracing::warn!(
                    error = causes(&error),
                    "waiting stops and limits of sessions could not be checked; retrying at the next \
                     interval"
                );
            }
        }
        self.lease.release().await;
    }

    async fn tick(&mut self, shutdown: &Shutdown) -> Result<(), StorageError> {
        self.waiting.send_due(shutdown).await?;
        let now = Instant::now();
        if let Some(interval) = self.settings.limit_interval().filter(|_| now >= self.limits_at) {
            self.limits_at = now + interval;
            self.limits.check_all(shutdown).await?;
        }
        Ok(())
    }
}
