//! Counts the fleet now and then, and looks for the oldest snapshot that is held in the database. Of all replicas the one that reads the first partition does, so that it is told once.

use crate::metrics::Metrics;
use runtime::{Shutdown, causes};
use std::sync::Arc;
use std::time::Duration;
use storage::database::snapshots::{self, OldestSnapshot};
use storage::devices::device_counts;
use storage::{Database, PooledConnection, StorageError};

/// The partition whose owner counts.
const FIRST: i32 = 0;
/// A count reads every device's row, which takes milliseconds for each ten thousand.
const INTERVAL: Duration = Duration::from_secs(30);
/// How often to look whether it is this replica's turn.
const LOOK: Duration = Duration::from_secs(1);

/// Counts for as long as the first partition is read here, until asked to stop.
pub(crate) async fn keep_counting(database: Database, metrics: Arc<Metrics>, shutdown: Shutdown) {
    while !shutdown.is_requested() {
        let counts = metrics.reads(FIRST);
        let census = if counts { count(&database).await } else { None };
        metrics.fleet(census);
        let oldest = if counts { oldest_snapshot(&database).await } else { None };
        metrics.oldest_snapshot(oldest);
        let pause = if counts { INTERVAL } else { LOOK };
        shutdown.run_until_requested(tokio::time::sleep(pause)).await;
    }
}

async fn count(database: &Database) -> Option<device_counts::Census> {
    let counting = async move |mut connection: PooledConnection| device_counts::count(&mut connection).await;
    let counted: Result<_, StorageError> = database.run(counting).await;
    counted.inspect_err(|error| tracing::warn!(error = causes(error), "the fleet could not be counted")).ok()
}

async fn oldest_snapshot(database: &Database) -> Option<OldestSnapshot> {
    let looking = async move |mut connection: PooledConnection| snapshots::oldest(&mut connection).await;
    let found: Result<_, StorageError> = database.run(looking).await;
    found
        .inspect_err(|error| {
            tracing::warn!(error = causes(error), "the oldest snapshot could not be looked for");
        })
        .ok()
}
