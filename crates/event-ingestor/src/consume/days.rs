//! Day partitions of meter samples and status history: each day has its own partition, which is
//! created ahead of need and dropped when it is old.

use crate::metrics::Metrics;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::order::{MAX_AHEAD, MAX_BEHIND};
use runtime::lock::MutexExt as _;
use runtime::{Shutdown, causes};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use storage::devices::{meter_samples, status_changes};
use storage::{Database, DayPartitions, PooledConnection, StorageError};

/// How often old days are dropped and tomorrow's partitions created.
const INTERVAL: Duration = Duration::from_secs(3_600);
/// The pause before the next attempt after a failure.
const PAUSE: Duration = Duration::from_secs(30);

/// The kept days of a table, and those that are known to have their partition.
pub(crate) struct KeptDays {
    partitions: DayPartitions,
    database: Database,
    retention: chrono::Days,
    known: Mutex<BTreeSet<NaiveDate>>,
}

/// The kept days of all tables with day partitions.
pub(crate) struct Days {
    /// Of meter samples, by the time of the reading.
    pub samples: KeptDays,
    /// Of the status history, by the time of writing.
    pub statuses: KeptDays,
    metrics: Arc<Metrics>,
}

impl Days {
    pub(crate) fn new(
        database: &Database,
        metrics: &Arc<Metrics>,
        sample_retention_days: u32,
        status_retention_days: u32,
    ) -> Self {
        let of = |partitions, retention: u32| KeptDays {
            partitions,
            database: database.clone(),
            retention: chrono::Days::new(retention.into()),
            known: Mutex::default(),
        };
        Self {
            samples: of(meter_samples::DAYS, sample_retention_days),
            statuses: of(status_changes::DAYS, status_retention_days),
            metrics: Arc::clone(metrics),
        }
    }

    /// Ensures that readings of records from `first` to `last` have their day partitions, within
    /// the days of `kept`.
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub(crate) async fn ensure_samples(
        &self,
        (first, last): (DateTime<Utc>, DateTime<Utc>),
        kept: &RangeInclusive<NaiveDate>,
    ) -> Result<(), StorageError> {
        let day = |at: DateTime<Utc>, by: TimeDelta| at.checked_add_signed(by).unwrap_or(at).date_naive();
        let needed = day(first, -MAX_BEHIND).max(*kept.start())..=day(last, MAX_AHEAD).min(*kept.end());
        self.samples.ensure(&needed).await
    }

    /// Ensures that a row written to the status history at `now` has its day partition.
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub(crate) async fn ensure_statuses(&self, now: DateTime<Utc>) -> Result<(), StorageError> {
        // PostgreSQL's clock decides the day; it differs from ours by less than a day.
        let day = |by: TimeDelta| now.checked_add_signed(by).unwrap_or(now).date_naive();
        self.statuses.ensure(&(day(-TimeDelta::days(1))..=day(TimeDelta::days(1)))).await
    }

    /// Forgets which days have partitions, so that each is checked again.
    pub(crate) fn forget(&self) {
        for kept in [&self.samples, &self.statuses] {
            kept.known.locked().clear();
        }
    }

    /// Creates tomorrow's partitions and drops those of days that are not kept, at intervals until
    /// shutdown.
    pub(crate) async fn maintain(self: Arc<Self>, shutdown: Shutdown) {
        loop {
            let pause = match self.tidy(runtime::clock::now()).await {
                Ok(()) => INTERVAL,
                Err(error) => {
                    tracing::warn!(
                        error = causes(&error),
                        "day partitions of samples and statuses could not be maintained; retrying in 30 s"
                    );
                    PAUSE
                }
            };
            if shutdown.run_until_requested(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    async fn tidy(&self, now: DateTime<Utc>) -> Result<(), StorageError> {
        self.ensure_samples((now, now + TimeDelta::days(1)), &self.samples.renewal(now)).await?;
        self.ensure_statuses(now).await?;
        self.metrics.sample_days_dropped(self.samples.drop_old(now).await?);
        self.metrics.status_days_dropped(self.statuses.drop_old(now).await?);
        Ok(())
    }
}

impl KeptDays {
    /// The days that are kept at `now`. Readings that a device's clock puts on other days are not
    /// stored.
    pub(crate) fn renewal(&self, now: DateTime<Utc>) -> RangeInclusive<NaiveDate> {
        let today = now.date_naive();
        let first = today.checked_sub_days(self.retention).unwrap_or(NaiveDate::MIN);
        first..=today.checked_add_days(chrono::Days::new(1)).unwrap_or(NaiveDate::MAX)
    }

    /// Ensures that the days of `needed` have their partitions.
    async fn ensure(&self, needed: &RangeInclusive<NaiveDate>) -> Result<(), StorageError> {
        for day in needed.start().iter_days().take_while(|day| needed.contains(day)) {
            if !self.is_known(day) {
                let partitions = self.partitions;
                let create = async move |mut connection: PooledConnection| {
                    partitions.ensure(&mut connection, day).await
                };
                self.database.run(create).await?;
                self.known.locked().insert(day);
            }
        }
        Ok(())
    }

    fn is_known(&self, day: NaiveDate) -> bool {
        self.known.locked().contains(&day)
    }

    async fn drop_old(&self, now: DateTime<Utc>) -> Result<usize, StorageError> {
        // Rows are written for one day less, so that no batch in flight misses its day.
        let first = *self.renewal(now).start();
        let oldest = first.checked_sub_days(chrono::Days::new(1)).unwrap_or(NaiveDate::MIN);
        let partitions = self.partitions;
        let drop = async move |mut connection: PooledConnection| {
            partitions.drop_before(&mut connection, oldest).await
        };
        let days = self.database.run(drop).await?;
        for day in &days {
            tracing::info!(table = partitions.table(), %day, "dropped the day partition");
            self.known.locked().remove(day);
        }
        Ok(days.len())
    }
}
