//! Where meter samples go: a partition of their table for each day, made before it is needed and dropped when it is old.

use crate::metrics::Metrics;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use domain::order::{MAX_AHEAD, MAX_BEHIND};
use runtime::{Shutdown, causes};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use storage::{Database, PooledConnection, StorageError, meter_samples};

/// How often old days are looked for, and tomorrow's made.
const INTERVAL: Duration = Duration::from_secs(3_600);
/// Until it is tried again after a failure.
const PAUSE: Duration = Duration::from_secs(30);

/// The days of samples that are kept, and which of them are known to have their partition.
pub(crate) struct SampleDays {
    database: Database,
    metrics: Arc<Metrics>,
    retention: Days,
    known: Mutex<BTreeSet<NaiveDate>>,
}

impl SampleDays {
    pub(crate) fn new(database: Database, metrics: Arc<Metrics>, retention_days: u32) -> Self {
        let retention = Days::new(retention_days.into());
        Self { database, metrics, retention, known: Mutex::default() }
    }

    /// The days whose samples are kept at `now`. What a device's clock puts elsewhere is not stored.
    pub(crate) fn kept(&self, now: DateTime<Utc>) -> RangeInclusive<NaiveDate> {
        let today = now.date_naive();
        let first = today.checked_sub_days(self.retention).unwrap_or(NaiveDate::MIN);
        first..=today.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX)
    }

    /// Makes sure that the readings of records from `first` to `last` find their days, those of `kept`.
    ///
    /// # Errors
    /// When Postgres fails.
    pub(crate) async fn ensure(
        &self,
        (first, last): (DateTime<Utc>, DateTime<Utc>),
        kept: &RangeInclusive<NaiveDate>,
    ) -> Result<(), StorageError> {
        let day = |at: DateTime<Utc>, by: TimeDelta| at.checked_add_signed(by).unwrap_or(at).date_naive();
        let needed = day(first, -MAX_BEHIND).max(*kept.start())..=day(last, MAX_AHEAD).min(*kept.end());
        for day in needed.start().iter_days().take_while(|day| needed.contains(day)) {
            if !self.is_known(day) {
                let make = async move |mut connection: PooledConnection| {
                    meter_samples::ensure_day(&mut connection, day).await
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

    /// Makes tomorrow's partition and drops those of days that are not kept any more, now and then until shutdown.
    pub(crate) async fn keep(self: Arc<Self>, shutdown: Shutdown) {
        loop {
            let pause = match self.tidy().await {
                Ok(()) => INTERVAL,
                Err(error) => {
                    tracing::warn!(error = causes(&error), "days of samples could not be tidied");
                    PAUSE
                }
            };
            if shutdown.run_until_requested(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    async fn tidy(&self) -> Result<(), StorageError> {
        let now = runtime::clock::now();
        let kept = self.kept(now);
        self.ensure((now, now + TimeDelta::days(1)), &kept).await?;
        // A day longer than they are written, so that no batch under way misses its day.
        let oldest = kept.start().checked_sub_days(Days::new(1)).unwrap_or(NaiveDate::MIN);
        let drop = async move |mut connection: PooledConnection| {
            meter_samples::drop_days_before(&mut connection, oldest).await
        };
        for day in self.database.run(drop).await? {
            tracing::info!(%day, "samples of that day are dropped");
            self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&day);
            self.metrics.sample_day_dropped();
        }
        Ok(())
    }
}
