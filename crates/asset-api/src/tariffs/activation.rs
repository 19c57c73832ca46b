//! Tells the feed of versions whose instant has come.

use crate::settings::TariffSettings;
use runtime::{Shutdown, causes};
use std::time::Duration;
use storage::tariffs::activate_due;
use storage::{Database, StorageError};
use tokio::time::MissedTickBehavior;

/// How many tariffs are held at once while the feed is told of them.
const BATCH: i64 = 100;

/// Looks after it until shutdown is requested. Every replica may; each version is told of once.
pub fn watch(database: Database, settings: &TariffSettings, shutdown: Shutdown) {
    let interval = Duration::from_millis(settings.activation_poll_ms.get());
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            if let Err(error) = activate_all(&database).await {
                tracing::warn!(
                    error = causes(&error),
                    "versions of tariffs whose instant has come wait to be told"
                );
            }
        }
    });
}

async fn activate_all(database: &Database) -> Result<(), StorageError> {
    loop {
        let told: usize = database
            .run(async move |mut connection: storage::PooledConnection| {
                activate_due(&mut connection, BATCH).await
            })
            .await?;
        if told == 0 {
            return Ok(());
        }
        tracing::info!(versions = told, "tariff versions came into force");
    }
}
