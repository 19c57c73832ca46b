//! Where meter samples and the history of statuses go: a partition of their tables for each day, made before it is needed and
//! dropped when it is old.

use crate::metrics::Metrics;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::order::{MAX_AHEAD, MAX_BEHIND};
use runtime::{Shutdown, causes};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use storage::devices::{meter_samples, status_changes};
use storage::{Database, DayPartitions, PooledConnection, StorageError};

/// How often old days are looked for, and tomorrow's made.
const INTERVAL: Duration = Duration::from_secs(3_600);
/// Until it is tried again after a failure.
const PAUSE: Duration = Duration::from_secs(30);

/// The days of a table that are kept, and which of them are known to have their partition.
pub(crate) struct KeptDays {
    partitions: DayPartitions,
    database: Database,
    retention: chrono::Days,
    known: Mutex<BTreeSet<NaiveDate>>,
}

/// The days of all tables that have any.
pub(crate) struct Days {
    /// Of meter samples, by the instant of the reading.
    pub samples: KeptDays,
    /// Of the history of statuses, by the time of writing.
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

    /// Makes sure that the readings of records from `first` to `last` find their days, those of `kept`.
    ///
    /// # Errors
    /// When Postgres fails.
    pub(crate) async fn ensure_samples(
        &self,
        (first, last): (DateTime<Utc>, DateTime<Utc>),
        kept: &RangeInclusive<NaiveDate>,
    ) -> Result<(), StorageError> {
        let day = |at: DateTime<Utc>, by: TimeDelta| at.checked_add_signed(by).unwrap_or(at).date_naive();
        let needed = day(first, -MAX_BEHIND).max(*kept.start())..=day(last, MAX_AHEAD).min(*kept.end());
        self.samples.ensure(&needed).await
    }

    /// Makes sure that what is written at `now` into the history finds its day.
    ///
    /// # Errors
    /// When Postgres fails.
    pub(crate) async fn ensure_statuses(&self, now: DateTime<Utc>) -> Result<(), StorageError> {
        // Postgres's clock decides; it is not a day away from ours.
        let day = |by: TimeDelta| now.checked_add_signed(by).unwrap_or(now).date_naive();
        self.statuses.ensure(&(day(-TimeDelta::days(1))..=day(TimeDelta::days(1)))).await
    }

    /// Takes no day for granted any more.
    pub(crate) fn forget(&self) {
        for kept in [&self.samples, &self.statuses] {
            kept.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// Makes tomorrow's partitions and drops those of days that are not kept any more, now and then until shutdown.
    pub(crate) async fn keep(self: Arc<Self>, shutdown: Shutdown) {
        loop {
            let pause = match self.tidy(runtime::clock::now()).await {
                Ok(()) => INTERVAL,
                Err(error) => {
                    tracing::warn!(
                        error = causes(&error),
                        "days of samples and statuses could not be tidied"
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
        self.ensure_samples((now, now + TimeDelta::days(1)), &self.samples.kept(now)).await?;
        self.ensure_statuses(now).await?;
        self.metrics.sample_days_dropped(self.samples.drop_old(now).await?);
        self.metrics.status_days_dropped(self.statuses.drop_old(now).await?);
        Ok(())
    }
}

impl KeptDays {
    /// The days that are kept at `now`. What a device's clock puts elsewhere is not stored.
    pub(crate) fn kept(&self, now: DateTime<Utc>) -> RangeInclusive<NaiveDate> {
        let today = now.date_naive();
        let first = today.checked_sub_days(self.retention).unwrap_or(NaiveDate::MIN);
        first..=today.checked_add_days(chrono::Days::new(1)).unwrap_or(NaiveDate::MAX)
    }

    /// Makes sure that the days of `needed` have their partitions.
    async fn ensure(&self, needed: &RangeInclusive<NaiveDate>) -> Result<(), StorageError> {
        for day in needed.start().iter_days().take_while(|day| needed.contains(day)) {
            if !self.is_known(day) {
                let partitions = self.partitions;
                let make = async move |mut connection: PooledConnection| {
                    partitions.ensure(&mut connection, day).await
                };
                self.database.run(make).await?;
                self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(day);
            }
        }
        Ok(())
    }

    fn is_known(&self, day: NaiveDate) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(&day)
    }

    async fn drop_old(&self, now: DateTime<Utc>) -> Result<usize, StorageError> {
        // A day longer than they are written, so that no batch under way misses its day.
        let first = *self.kept(now).start();
        let oldest = first.checked_sub_days(chrono::Days::new(1)).unwrap_or(NaiveDate::MIN);
        let partitions = self.partitions;
        let drop = async move |mut connection: PooledConnection| {
            partitions.drop_before(&mut connection, oldest).await
        };
        let days = self.database.run(drop).await?;
        for day in &days {
            tracing::info!(table = partitions.table(), %day, "the rows of that day are dropped");
            self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(day);
        }
        Ok(days.len())
    }
}
