//! Republishes commands whose device was heard through another gateway than the one that they were
//! sent to.

use crate::dispatch::delivery::Delivery;
use crate::dispatch::gateway_directory::GatewayPartitions;
use crate::metrics::Metrics;
use crate::settings::DispatchSettings;
use futures_util::future::join_all;
use runtime::{Shutdown, causes};
use std::time::Duration;
use storage::commands::{self, RecordedCommand};
use storage::{Database, PooledConnection, StorageError};
use tokio::time::{Instant, sleep};

/// The most commands that are rerouted in one transaction and then published together.
const CHUNK: i64 = 200;
/// A search reads every published command and its device. It takes at most this fraction of the time,
/// unless it takes very long.
const SHARE: u32 = 50;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Finds commands with a stale route. Every replica polls; PostgreSQL admits one at a time.
pub(crate) struct Rerouter {
    database: Database,
    delivery: Delivery,
    partitions: GatewayPartitions,
    metrics: Metrics,
    interval: Duration,
}

impl Rerouter {
    pub(crate) fn new(
        database: Database,
        delivery: Delivery,
        metrics: Metrics,
        settings: &DispatchSettings,
    ) -> Self {
        Self {
            database,
            delivery,
            partitions: GatewayPartitions::new(settings),
            metrics,
            interval: Duration::from_millis(settings.reroute_interval_ms),
        }
    }

    /// Continues until asked to stop, and then until the recorded commands are published. Returns
    /// at once when the settings turn rerouting off.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        if self.interval.is_zero() {
            return;
        }
        let mut pause = Duration::ZERO;
        while shutdown.run_until_requested(sleep(pause)).await.is_some() {
            pause = match self.reroute_all().await {
                Ok(search) => (search * SHARE).min(LONGEST_PAUSE).max(self.interval),
                Err(error) => {
                    tracing::warn!(
                        error = causes(&error),
                        "commands with a stale route could not be read; retrying at the next interval"
                    );
                    self.interval
                }
            };
        }
    }

    /// Returns how long the last search took.
    async fn reroute_all(&self) -> Result<Duration, StorageError> {
        loop {
            let begun = Instant::now();
            let partitions = self.partitions;
            let reroute = async move |mut connection: PooledConnection| {
                commands::reroute_stale(&mut connection, CHUNK, |gateway| partitions.route_to(gateway)).await
            };
            let rerouted: Vec<RecordedCommand> = self.database.run(reroute).await?;
            let search = begun.elapsed();
            join_all(rerouted.iter().map(|command| self.send(command))).await;
            if i64::try_from(rerouted.len()).unwrap_or(0) < CHUNK {
                return Ok(search);
            }
        }
    }

    async fn send(&self, command: &RecordedCommand) {
        let record = &command.record;
        self.metrics.rerouted(&record.name);
        tracing::info!(
            command_id = %record.id,
            name = record.name,
            charge_point_id = %record.charge_point_id,
            gateway_id = %record.gateway_id,
            partition = command.partition,
            "the device has moved: republishing the command to its new gateway"
        );
        self.delivery.republish(command).await;
    }
}
