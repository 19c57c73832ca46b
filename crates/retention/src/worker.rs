//! The worker: performs the rules that are due, one after the other.

use crate::metrics::RetentionMetrics;
use crate::pace::pause_after;
use crate::rule::Rule;
use opentelemetry::metrics::Meter;
use runtime::{Shutdown, causes, every};
use std::time::{Duration, Instant};
use storage::ingest::WorkerLease;
use storage::{Database, StorageError};

/// How often the lease is renewed, or another attempt is made to take it. It expires after 10 s.
const TICK: Duration = Duration::from_secs(4);
/// The longest time from one renewal of the lease to the next within a pass.
const RENEWAL: Duration = Duration::from_secs(3);

/// Deletes the old rows of some tables while this replica holds the lease.
pub struct Retention {
    database: Database,
    lease: WorkerLease,
    renewed_at: Instant,
    rules: Vec<Scheduled>,
    metrics: RetentionMetrics,
}

struct Scheduled {
    rule: Rule,
    due_at: Instant,
}

impl Retention {
    /// Performs `rules` under the lease with this name, which must contain a slash. `database` must
    /// have been created by [`Database::for_retention`] and serve no other work.
    #[must_use]
    pub fn new(database: Database, lease: &'static str, rules: Vec<Rule>, meter: &Meter) -> Self {
        let now = Instant::now();
        Self {
            lease: WorkerLease::new(database.clone(), lease),
            metrics: RetentionMetrics::new(meter, &rules),
            rules: rules.into_iter().map(|rule| Scheduled { rule, due_at: now }).collect(),
            renewed_at: now,
            database,
        }
    }

    /// Works while it holds the lease, until asked to stop; then releases the lease.
    pub async fn run(mut self, shutdown: Shutdown) {
        let mut ticks = every(TICK);
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            if let Err(error) = self.pass(&shutdown).await {
                tracing::warn!(
                    error = causes(&error),
                    "the lease on deleting old rows could not be renewed; retrying in 4 s"
                );
            }
        }
        self.lease.release().await;
    }

    /// Performs the rules that are due, as long as the lease is held.
    async fn pass(&mut self, shutdown: &Shutdown) -> Result<(), StorageError> {
        if !self.renew().await? {
            return Ok(());
        }
        for index in 0..self.rules.len() {
            if shutdown.is_requested() || !self.perform(index, shutdown).await? {
                break;
            }
        }
        Ok(())
    }

    /// Performs the rule at `index` if it is due; returns whether the lease is still held.
    async fn perform(&mut self, index: usize, shutdown: &Shutdown) -> Result<bool, StorageError> {
        let Some(scheduled) = self.rules.get(index).filter(|rule| rule.due_at <= Instant::now()) else {
            return Ok(true);
        };
        let interval = scheduled.rule.interval;
        let mut next = Some(scheduled.rule.first());
        let mut deleted = 0_usize;
        while let Some(slice) = next {
            let Some(Scheduled { rule, .. }) = self.rules.get(index) else { break };
            let began = Instant::now();
            match rule.step(&self.database, slice).await {
                Ok(step) => {
                    self.metrics.deleted(rule, step.rows);
                    deleted += step.rows;
                    next = step.next;
                }
                Err(error) => {
                    self.metrics.failed(rule);
                    tracing::warn!(
                        table = rule.table,
                        rule = rule.name,
                        error = format!("{error:#}"),
                        retry_in_s = interval.as_secs(),
                        "old rows could not be deleted; retrying after the interval"
                    );
                    next = None;
                }
            }
            let pause = tokio::time::sleep(pause_after(began.elapsed()));
            if shutdown.run_until_requested(pause).await.is_none() {
                break;
            }
            if self.renewed_at.elapsed() > RENEWAL && !self.renew().await? {
                return Ok(false);
            }
        }
        if let Some(scheduled) = self.rules.get_mut(index) {
            scheduled.due_at = Instant::now() + interval;
            if deleted > 0 {
                let Rule { table, name, .. } = scheduled.rule;
                tracing::info!(table, rule = name, rows = deleted, "old rows are deleted");
            }
        }
        Ok(true)
    }

    async fn renew(&mut self) -> Result<bool, StorageError> {
        self.renewed_at = Instant::now();
        self.lease.acquire().await
    }
}
