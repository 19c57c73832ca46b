//! Evaluates the feed into issues. One replica at a time does so, the holder of a lease; two that
//! overlap evaluate each change once.

mod metrics;

use metrics::IssueMetrics;
use opentelemetry::metrics::Meter;
use runtime::{Shutdown, causes, every};
use std::time::{Duration, Instant};
use storage::ingest::WorkerLease;
use storage::issues::{self, EvaluationRules};
use storage::{Database, PooledConnection, StorageError};

/// The name of the lease.
const LEASE: &str = "issues/evaluator";
/// How often the feed is read.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often the open issues are counted for the metrics.
const COUNT_EVERY: Duration = Duration::from_secs(15);

/// The evaluator of issues, active or on standby.
pub(crate) struct IssueEvaluator {
    database: Database,
    /// `None` if issues are turned off.
    rules: Option<EvaluationRules>,
    lease: WorkerLease,
    metrics: IssueMetrics,
    counted_at: Option<Instant>,
}

impl IssueEvaluator {
    /// Uses connections of `database`, which are separate from those of batches.
    pub(crate) fn new(database: Database, rules: Option<EvaluationRules>, meter: &Meter) -> Self {
        let lease = WorkerLease::new(database.clone(), LEASE);
        Self { database, rules, lease, metrics: IssueMetrics::new(meter), counted_at: None }
    }

    /// Evaluates the feed while it holds the lease, until asked to stop; then releases the lease.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let Some(rules) = self.rules.take() else { return };
        let mut ticks = every(INTERVAL);
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            if let Err(error) = self.work(&rules, &shutdown).await {
                tracing::warn!(error = causes(&error), "issues could not be evaluated; retrying in 1 s");
                self.metrics.failed();
            }
        }
        self.metrics.left();
        self.lease.release().await;
    }

    /// Evaluates what is left of the feed, as long as the lease is held.
    async fn work(&mut self, rules: &EvaluationRules, shutdown: &Shutdown) -> Result<(), StorageError> {
        while !shutdown.is_requested() {
            if !self.lease.acquire().await? {
                self.metrics.left();
                self.counted_at = None;
                return Ok(());
            }
            self.count().await?;
            let rules = rules.clone();
            let pass =
                async move |mut connection: PooledConnection| issues::evaluate(&mut connection, &rules).await;
            let evaluated = self.database.run::<_, StorageError, _, _>(pass).await?;
            if evaluated.missed > 0 {
                tracing::warn!(
                    positions = evaluated.missed,
                    "changes were deleted before issues were evaluated; the states of all devices are read, so that issues open and close whose changes were missed"
                );
            }
            self.metrics.evaluated(&evaluated);
            if evaluated.is_complete {
                break;
            }
        }
        Ok(())
    }

    /// Counts the open issues, from time to time.
    async fn count(&mut self) -> Result<(), StorageError> {
        if self.counted_at.is_some_and(|at| at.elapsed() < COUNT_EVERY) {
            return Ok(());
        }
        let count = async move |mut connection: PooledConnection| issues::count_open(&mut connection).await;
        self.metrics.open(self.database.run::<_, StorageError, _, _>(count).await?);
        self.counted_at = Some(Instant::now());
        Ok(())
    }
}
