//! Expires commands without a response, and deletes what is no longer needed.

use crate::metrics::Metrics;
use crate::settings::DispatchSettings;
use domain::commands::{CommandRecord, FailureCode};
use runtime::every;
use runtime::{Shutdown, causes};
use std::time::Duration;
use storage::{Database, PooledConnection, StorageError};
use storage::{commands, creation_keys};
use tokio::time::Instant;

/// Commands that are expired, or closed, in one transaction.
const CHUNK: i64 = 200;
/// How often old idempotency keys, and effects that did not happen in time, are deleted.
const TIDY_INTERVAL: Duration = Duration::from_secs(60);
/// The keys of a batch outlive it by at least this long: a replica that has lost the batch may
/// still be about to record a command.
const BATCH_MARGIN: Duration = Duration::from_secs(3_600);

/// Finds commands that are past their time. Every replica polls; PostgreSQL admits one at a time.
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
            // Batches rely on their keys until they expire, and for some time after.
            key_retention: (Duration::from_secs(3_600) * settings.idempotency_retention_h)
                .max(Duration::from_secs(settings.batch_ttl_s.into()) + BATCH_MARGIN),
        }
    }

    /// Continues until asked to stop.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let mut ticks = every(self.interval);
        let mut tidy_at = Instant::now();
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            if let Err(error) = self.expire_all().await {
                tracing::warn!(
                    error = causes(&error),
                    "commands could not be expired; retrying at the next interval"
                );
                continue;
            }
            if Instant::now() >= tidy_at {
                tidy_at = Instant::now() + TIDY_INTERVAL;
                if let Err(error) = self.tidy().await {
                    tracing::warn!(
                        error = causes(&error),
                        "old commands and idempotency keys could not be cleaned up; retrying in 60 s"
                    );
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
            "command expired without a response"
        );
    }

    async fn tidy(&self) -> Result<(), StorageError> {
        let retention = self.key_retention;
        let window = CommandRecord::EFFECT_WINDOW.to_std().unwrap_or_default();
        self.database
            .run(async move |mut connection| {
                while commands::close_past(&mut connection, window, CHUNK).await? > 0 {}
                while commands::prune_keys(&mut connection, retention, CHUNK).await? > 0 {}
                while creation_keys::prune(&mut connection, retention, CHUNK).await? > 0 {}
                Ok(())
            })
            .await
    }
}
