//! Publishes tariff versions on the feed when they come into force.

use crate::settings::TariffSettings;
use runtime::every;
use runtime::{Shutdown, causes};
use std::time::Duration;
use storage::tariffs::activate_due;
use storage::{Database, StorageError};

/// Largest number of tariffs that are locked in one transaction.
const BATCH: i64 = 100;

/// Runs until shutdown is requested. Every replica runs it; each version is published once.
pub fn watch(database: Database, settings: &TariffSettings, shutdown: Shutdown) {
    let interval = Duration::from_millis(settings.activation_poll_ms.get());
    tokio::spawn(async move {
        let mut ticks = every(interval);
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            if let Err(error) = activate_all(&database).await {
                tracing::warn!(
                    error = causes(&error),
                    "tariff versions that came into force are not published on the feed yet; retrying"
                );
            }
        }
    });
}

async fn activate_all(database: &Database) -> Result<(), StorageError> {
    loop {
        let published: usize = database
            .run(async move |mut connection: storage::PooledConnection| {
                activate_due(&mut connection, BATCH).await
            })
            .await?;
        if published == 0 {
            return Ok(());
        }
        tracing::info!(versions = published, "tariff versions came into force");
    }
}
