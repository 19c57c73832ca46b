//! Counts devices and finds the oldest snapshot held in the database, at intervals. Only the
//! replica that reads the first partition does so, so that each is reported once.

use crate::metrics::Metrics;
use runtime::{Shutdown, causes};
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::database::snapshots::{self, OldestSnapshot};
use storage::devices::device_counts;
use storage::{Database, PooledConnection, StorageError};

/// The partition whose owner counts.
const FIRST: i32 = 0;
/// A count reads every device's row, which takes milliseconds per ten thousand devices.
const INTERVAL: Duration = Duration::from_secs(30);
/// The interval is at least this many times as long as a count takes, so that counting uses at most
/// a hundredth of a processor however many devices there are.
const SHARE: u32 = 100;
/// How often a replica checks whether it owns the first partition.
const POLL: Duration = Duration::from_secs(1);

/// Counts while this replica reads the first partition, until asked to stop. `long_open_h` is
/// `ingest.long_open_session_h`.
pub(crate) async fn keep_counting(
    database: Database,
    metrics: Arc<Metrics>,
    long_open_h: u16,
    shutdown: Shutdown,
) {
    while !shutdown.is_requested() {
        let (counts, begun) = (metrics.reads(FIRST), Instant::now());
        let device_counts = if counts { count(&database, long_open_h).await } else { None };
        metrics.fleet(device_counts);
        let oldest = if counts { oldest_snapshot(&database).await } else { None };
        metrics.oldest_snapshot(oldest);
        let pause = if counts { INTERVAL.max(begun.elapsed() * SHARE) } else { POLL };
        shutdown.run_until_requested(tokio::time::sleep(pause)).await;
    }
}

async fn count(database: &Database, long_open_h: u16) -> Option<device_counts::DeviceCounts> {
    let counting = async move |mut connection: PooledConnection| {
        device_counts::count(&mut connection, long_open_h).await
    };
    let counted: Result<_, StorageError> = database.run(counting).await;
    counted
        .inspect_err(|error| {
            tracing::warn!(error = causes(error), "devices could not be counted; retrying later");
        })
        .ok()
}

async fn oldest_snapshot(database: &Database) -> Option<OldestSnapshot> {
    let looking = async move |mut connection: PooledConnection| snapshots::oldest(&mut connection).await;
    let found: Result<_, StorageError> = database.run(looking).await;
    found
        .inspect_err(|error| {
            tracing::warn!(error = causes(error), "the oldest snapshot could not be read; retrying later");
        })
        .ok()
}
