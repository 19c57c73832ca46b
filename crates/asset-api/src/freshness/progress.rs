//! Whether what stands in the database is all that devices have said: how far ingestors have read each partition of the events.

use crate::settings::FreshnessSettings;
use runtime::{Shutdown, causes};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use storage::ingest::partitions;
use storage::{Database, StorageError};
use tokio::time::MissedTickBehavior;

/// How often it is looked at: a single small statement, whatever the number of requests.
const INTERVAL: Duration = Duration::from_secs(1);

/// How far ingestors were when it was last looked.
#[derive(Debug, Default)]
pub struct IngestProgress {
    seen: RwLock<Option<Seen>>,
    tolerance: Duration,
}

#[derive(Debug)]
struct Seen {
    at: Instant,
    /// How long before that each partition had been read to its end.
    behind: BTreeMap<i32, Duration>,
}

impl IngestProgress {
    /// Looks at it until shutdown is requested. While the database is away it looks as if nobody read any more, and so it may be.
    pub fn watch(database: Database, settings: &FreshnessSettings, shutdown: Shutdown) -> Arc<Self> {
        let tolerance = Duration::from_secs(settings.ingest_lag_s.into());
        let reading = Arc::new(Self { tolerance, ..Self::default() });
        let (topic, watched) = (settings.ingest_topic.clone(), Arc::clone(&reading));
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(INTERVAL);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while shutdown.run_until_requested(ticks.tick()).await.is_some() {
                if let Err(error) = watched.look(&database, topic.clone()).await {
                    tracing::warn!(error = causes(&error), "how far events are read cannot be told");
                }
            }
        });
        reading
    }

    /// Whether there may be more to know of a device that `partition` last spoke of. A partition that nobody has registered is
    /// not waited for.
    pub fn is_behind(&self, partition: Option<i32>) -> bool {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let Some((seen, partition)) = seen.as_ref().zip(partition) else { return false };
        seen.behind.get(&partition).is_some_and(|ago| ago.saturating_add(seen.at.elapsed()) > self.tolerance)
    }

    async fn look(&self, database: &Database, topic: String) -> Result<(), StorageError> {
        let listed: Vec<(i32, Duration)> = database
            .run(async move |mut connection: storage::PooledConnection| {
                partitions::list_caught_up(&mut connection, &topic).await
            })
            .await?;
        let seen = Seen { at: Instant::now(), behind: listed.into_iter().collect() };
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(())
    }
}
