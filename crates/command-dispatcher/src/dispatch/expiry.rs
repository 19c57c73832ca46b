//! Expires commands without a response, and closes those whose effects did not happen in time.

use crate::metrics::Metrics;
use crate::settings::DispatchSettings;
use domain::commands::{CommandRecord, FailureCode};
use runtime::every;
use runtime::{Shutdown, causes};
use std::time::Duration;
use storage::{Database, PooledConnection, StorageError, commands};
use tokio::time::Instant;

/// Commands that are expired, or closed, in one transaction.
const CHUNK: i64 = 200;
/// How often commands are closed whose effects did not happen in time, and how often all commands are
/// searched for those that are past their time.
const TIDY_INTERVAL: Duration = Duration::from_secs(60);
/// The searches in between begin this long before the end of the previous one, for commands of a
/// replica whose clock is behind.
const OVERLAP: Duration = Duration::from_secs(10);

/// Finds commands that are past their time. Every replica polls; PostgreSQL admits one at a time.
pub(crate) struct Expiry {
    database: Database,
    metrics: Metrics,
    interval: Duration,
    grace: Duration,
}

impl Expiry {
    pub(crate) fn new(database: Database, metrics: Metrics, settings: &DispatchSettings) -> Self {
        Self {
            database,
            metrics,
            interval: Duration::from_millis(settings.expiry_interval_ms.max(1)),
            grace: Duration::from_secs(settings.answer_grace_s.into()),
        }
    }

    /// Continues until asked to stop.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let mut ticks = every(self.interval);
        let mut tidy_at = Instant::now();
        // Until when all commands have been searched; `None` searches all.
        let mut searched = None;
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            let begun = Instant::now();
            if let Err(error) = self.expire_all(searched).await {
                tracing::warn!(
                    error = causes(&error),
                    "commands could not be expired; retrying at the next interval"
                );
                continue;
            }
            searched = Some(begun);
            if Instant::now() >= tidy_at {
                tidy_at = Instant::now() + TIDY_INTERVAL;
                searched = None;
                if let Err(error) = self.tidy().await {
                    tracing::warn!(
                        error = causes(&error),
                        "commands whose effects did not happen could not be closed; retrying in 60 s"
                    );
                }
            }
        }
    }

    async fn expire_all(&self, searched: Option<Instant>) -> Result<(), StorageError> {
        loop {
            let grace = self.grace;
            let within = searched.map(|until| until.elapsed() + grace + OVERLAP);
            let expire = async move |mut connection: PooledConnection| {
                commands::expire_due(&mut connection, grace, within, CHUNK).await
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
        let window = CommandRecord::EFFECT_WINDOW.to_std().unwrap_or_default();
        self.database
            .run(async move |mut connection| {
                while commands::close_past(&mut connection, window, CHUNK).await? > 0 {}
                Ok(())
            })
            .await
    }
}
