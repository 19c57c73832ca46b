//! Whether the topic that silence is judged by is one that ingestors read. Under a wrong name no device is ever silent, and none asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use storage::ingest::partitions;
use storage::{Database, PooledConnection, StorageError};

/// Time between two looks, and until the first: ingestors may start at the same time.
const INTERVAL: Duration = Duration::from_secs(10);

/// What is known of the topic. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct IngestTopic {
    name: Arc<str>,
    is_unread: Arc<AtomicBool>,
}

/// Looks at it now and then.
#[derive(Debug)]
pub(super) struct TopicCheck {
    topic: IngestTopic,
    due_at: Instant,
}

impl IngestTopic {
    /// Nothing speaks against it yet.
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.into(), is_unread: Arc::default() }
    }

    /// What an operator should know of it, if anything.
    pub(crate) fn advisory(&self) -> Result<(), String> {
        if self.is_unread.load(Ordering::Relaxed) {
            return Err(format!(
                "no ingestor has ever read {}, so silent devices are not asked: presence.ingest_topic must be what \
                 ingest.topic of event-ingestor is",
                self.name
            ));
        }
        Ok(())
    }
}

impl TopicCheck {
    /// The first look is after [`INTERVAL`].
    pub(super) fn new(topic: IngestTopic) -> Self {
        Self { topic, due_at: Instant::now() + INTERVAL }
    }

    /// Looks, if it is time; says so in the log when what it finds is new.
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub(super) async fn look(&mut self, database: &Database) -> Result<(), StorageError> {
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
