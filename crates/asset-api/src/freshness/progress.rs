//! Watches how far event-ingestor has read each partition of the events, which decides whether the
//! database is current.

use crate::settings::FreshnessSettings;
use runtime::every;
use runtime::lock::RwLockExt as _;
use runtime::{Shutdown, causes};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};
use storage::ingest::partitions;
use storage::{Database, StorageError};

/// Interval between reads: one small statement, independent of the number of requests.
const INTERVAL: Duration = Duration::from_secs(1);

/// The progress of event-ingestor at the last read.
#[derive(Debug, Default)]
pub struct IngestProgress {
    seen: RwLock<Option<Seen>>,
    tolerance: Duration,
}

#[derive(Debug)]
struct Seen {
    at: Instant,
    /// For each partition, the time between its last complete read by an ingestor and `at`.
    behind: BTreeMap<i32, Duration>,
}

impl IngestProgress {
    /// Reads the progress until shutdown is requested. While the database is unavailable, every
    /// partition ages as if no replica read it.
    pub fn watch(database: Database, settings: &FreshnessSettings, shutdown: Shutdown) -> Arc<Self> {
        let tolerance = Duration::from_secs(settings.ingest_lag_s.into());
        let reading = Arc::new(Self { tolerance, ..Self::default() });
        let (topic, watched) = (settings.ingest_topic.clone(), Arc::clone(&reading));
        tokio::spawn(async move {
            let mut ticks = every(INTERVAL);
            while shutdown.run_until_requested(ticks.tick()).await.is_some() {
                if let Err(error) = watched.refresh(&database, topic.clone()).await {
                    tracing::warn!(
                        error = causes(&error),
                        "the progress of event-ingestor cannot be read; retrying in 1 s"
                    );
                }
            }
        });
        reading
    }

    /// Whether newer events may exist for a device whose last event came from `partition`. A
    /// partition that no ingestor has registered is never behind.
    pub fn is_behind(&self, partition: Option<i32>) -> bool {
        let seen = self.seen.reading();
        let Some((seen, partition)) = seen.as_ref().zip(partition) else { return false };
        seen.behind.get(&partition).is_some_and(|ago| ago.saturating_add(seen.at.elapsed()) > self.tolerance)
    }

    /// Whether [`is_behind`](Self::is_behind) is true for some partition.
    pub fn is_any_behind(&self) -> bool {
        let seen = self.seen.reading();
        let Some(seen) = seen.as_ref() else { return false };
        let since = seen.at.elapsed();
        seen.behind.values().any(|ago| ago.saturating_add(since) > self.tolerance)
    }

    async fn refresh(&self, database: &Database, topic: String) -> Result<(), StorageError> {
        let listed: Vec<(i32, Duration)> = database
            .run(async move |mut connection: storage::PooledConnection| {
                partitions::list_caught_up(&mut connection, &topic).await
            })
            .await?;
        let seen = Seen { at: Instant::now(), behind: listed.into_iter().collect() };
        *self.seen.writing() = Some(seen);
        Ok(())
    }
}
