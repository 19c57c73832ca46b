//! Checks whether the topic that silence is judged by is one that event-ingestor reads. With a
//! wrong topic no device is ever silent, and none is probed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use storage::ingest::partitions;
use storage::{Database, PooledConnection, StorageError};

/// Time between two checks, and until the first: event-ingestor may start at the same time.
const INTERVAL: Duration = Duration::from_secs(10);

/// The latest finding about the topic. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct IngestTopic {
    name: Arc<str>,
    is_unread: Arc<AtomicBool>,
}

/// Checks the topic at intervals.
#[derive(Debug)]
pub(super) struct TopicCheck {
    topic: IngestTopic,
    due_at: Instant,
}

impl IngestTopic {
    /// A topic that nothing is known of yet.
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.into(), is_unread: Arc::default() }
    }

    /// The finding as advice for operators; `Ok` when there is nothing to report.
    pub(crate) fn advisory(&self) -> Result<(), String> {
        if self.is_unread.load(Ordering::Relaxed) {
            return Err(format!(
                "no event-ingestor has ever read {}, so silent devices are not probed: set \
                 presence.ingest_topic to ingest.topic of event-ingestor",
                self.name
            ));
        }
        Ok(())
    }
}

impl TopicCheck {
    /// The first check is after [`INTERVAL`].
    pub(super) fn new(topic: IngestTopic) -> Self {
        Self { topic, due_at: Instant::now() + INTERVAL }
    }

    /// Checks the topic if it is time; logs a new finding.
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub(super) async fn check(&mut self, database: &Database) -> Result<(), StorageError> {
        if Instant::now() < self.due_at {
            return Ok(());
        }
        self.due_at = Instant::now() + INTERVAL;
        let name = Arc::clone(&self.topic.name);
        let partitions = database
            .run(async move |mut connection: PooledConnection| {
                partitions::list_caught_up(&mut connection, &name).await
            })
            .await?;
        let was_unread = self.topic.is_unread.swap(partitions.is_empty(), Ordering::Relaxed);
        if let Err(advice) = self.topic.advisory()
            && !was_unread
        {
            tracing::warn!("{advice}");
        }
        Ok(())
    }
}
