//! Reads the sizes of the tables and the ages of their oldest rows, rarely. Only the replica that
//! reads the first partition does so, so that each is reported once.

use crate::metrics::Metrics;
use retention::TableMetrics;
use runtime::{Shutdown, causes};
use std::sync::Arc;
use std::time::Duration;
use storage::database::table_sizes::{self, OldestRow, TableSize};
use storage::{Database, PooledConnection, StorageError};

/// The partition whose owner reads.
const FIRST: i32 = 0;
/// Tables grow slowly.
const INTERVAL: Duration = Duration::from_secs(300);
/// When to read again while all tables are empty, as after the first start.
const WHILE_EMPTY: Duration = Duration::from_secs(30);
/// How often a replica checks whether it owns the first partition.
const POLL: Duration = Duration::from_secs(1);

/// Reads while this replica reads the first partition, until asked to stop.
pub(crate) async fn keep_reading(
    database: Database,
    metrics: Arc<Metrics>,
    tables: TableMetrics,
    shutdown: Shutdown,
) {
    while !shutdown.is_requested() {
        let reads = metrics.reads(FIRST);
        let (sizes, oldest) = if reads { read(&database).await } else { Default::default() };
        let is_empty = oldest.is_empty();
        tables.set(sizes, oldest);
        let pause = match (reads, is_empty) {
            (true, false) => INTERVAL,
            (true, true) => WHILE_EMPTY,
            (false, _) => POLL,
        };
        shutdown.run_until_requested(tokio::time::sleep(pause)).await;
    }
}

async fn read(database: &Database) -> (Vec<TableSize>, Vec<OldestRow>) {
    let reading = async move |mut connection: PooledConnection| {
        let sizes = table_sizes::list_sizes(&mut connection).await?;
        Ok::<_, StorageError>((sizes, table_sizes::list_oldest(&mut connection).await?))
    };
    database.run(reading).await.unwrap_or_else(|error: StorageError| {
        tracing::warn!(
            error = causes(&error),
            "the sizes of the tables could not be read; retrying in 5 min"
        );
        Default::default()
    })
}
