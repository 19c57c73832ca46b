//! Republishes commands whose device was heard through another gateway than the one that they were
//! sent to.

use crate::dispatch::delivery::Delivery;
use crate::dispatch::gateway_directory::GatewayPartitions;
use crate::metrics::Metrics;
use crate::settings::DispatchSettings;
use futures_util::future::join_all;
use runtime::every;
use runtime::{Shutdown, causes};
use std::time::Duration;
use storage::commands::{self, RecordedCommand};
use storage::{Database, PooledConnection, StorageError};

/// The most commands that are rerouted in one transaction and then published together.
const CHUNK: i64 = 200;

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
        let mut ticks = every(self.interval);
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            if let Err(error) = self.reroute_all().await {
                tracing::warn!(
                    error = causes(&error),
                    "commands with a stale route could not be read; retrying at the next interval"
                );
            }
        }
    }

    async fn reroute_all(&self) -> Result<(), StorageError> {
        loop {
            let partitions = self.partitions;
            let reroute = async move |mut connection: PooledConnection| {
                commands::reroute_stale(&mut connection, CHUNK, |gateway| partitions.route_to(gateway)).await
            };
            let rerouted: Vec<RecordedCommand> = self.database.run(reroute).await?;
            join_all(rerouted.iter().map(|command| self.send(command))).await;
            if i64::try_from(rerouted.len()).unwrap_or(0) < CHUNK {
                return Ok(());
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
