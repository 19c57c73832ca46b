//! Ending commands of which nothing was heard in time, and forgetting what is needed no more.

use crate::metrics::Metrics;
use crate::settings::DispatchSettings;
use domain::commands::{CommandRecord, FailureCode};
use runtime::{Shutdown, causes};
use std::time::Duration;
use storage::commands;
use storage::{Database, PooledConnection, StorageError};
use tokio::time::{Instant, MissedTickBehavior};

/// Commands that are ended, or closed, in one transaction.
const CHUNK: i64 = 200;
/// How often keys and effects that are waited for in vain are forgotten.
const TIDY_INTERVAL: Duration = Duration::from_secs(60);
/// The keys of a batch outlive it by so much at least: whoever lost it may still be about to record a command.
const BATCH_MARGIN: Duration = Duration::from_secs(3_600);

/// Looks for commands whose time is over. Every replica does; Postgres lets one at a time.
pub(crate) struct Expiry {
    database: Database,
    metrics: Metrics,
    interval: Duration,
    grace: Duration,
    key_retention: Duration,
}

impl Expiry {
    pub(crate) fn new(database: Database, metrics: Metrics, settings: &DispatchSettings) -> Self {
        Self {
            database,
            metrics,
            interval: Duration::from_millis(settings.expiry_interval_ms.max(1)),
            grace: Duration::from_secs(settings.answer_grace_s.into()),
            // Batches count on their keys for as long as they last, and then some.
            key_retention: (Duration::from_secs(3_600) * settings.idempotency_retention_h)
                .max(Duration::from_secs(settings.batch_ttl_s.into()) + BATCH_MARGIN),
        }
    }

    /// Goes on until asked to stop.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let mut ticks = tokio::time::interval(self.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tidy_at = Instant::now();
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            if let Err(error) = self.expire_all().await {
                tracing::warn!(error = causes(&error), "commands whose time is over could not be ended");
                continue;
            }
            if Instant::now() >= tidy_at {
                tidy_at = Instant::now() + TIDY_INTERVAL;
                if let Err(error) = self.tidy().await {
                    tracing::warn!(error = causes(&error), "old commands could not be tidied up");
                }
            }
        }
    }

    async fn expire_all(&self) -> Result<(), StorageError> {
        loop {
            let grace = self.grace;
            let expire = async move |mut connection: PooledConnection| {
                commands::expire_due(&mut connection, grace, CHUNK).await
            };
            let ended: Vec<CommandRecord> = self.database.run(expire).await?;
            ended.iter().for_each(|record| self.report(record));
            if i64::try_from(ended.len()).unwrap_or(0) < CHUNK {
                return Ok(());
            }
        }
    }

    fn report(&self, record: &CommandRecord) {
        let cause = record.life.failure().map_or(FailureCode::NoAnswer, |failure| failure.code).as_str();
        self.metrics.expired(&record.name, cause);
        tracing::warn!(
            command_id = %record.id,
            name = record.name,
            charge_point_id = %record.charge_point_id,
            gateway_id = %record.gateway_id,
            cause,
            "nothing was heard of a command in time"
        );
    }

    async fn tidy(&self) -> Result<(), StorageError> {
        let retention = self.key_retention;
        let window = CommandRecord::EFFECT_WINDOW.to_std().unwrap_or_default();
        self.database
            .run(async move |mut connection| {
                while commands::close_past(&mut connection, window, CHUNK).await? > 0 {}
                while commands::prune_keys(&mut connection, retention, CHUNK).await? > 0 {}
                Ok(())
            })
            .await
    }
}
