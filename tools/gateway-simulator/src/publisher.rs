//! Publishes events to the event topic like a Kafka producer: by key, in batches, in order.

mod pacer;
mod partition_queue;
mod record;

pub(crate) use pacer::Pacer;
pub(crate) use record::{Outgoing, Receipt};
pub use record::{Position, SentEvent};

use crate::error::SimulatorError;
use crate::history::History;
use crate::settings::GatewaySettings;
use crate::statistics::Counters;
use partition_queue::PartitionQueue;
use runtime::kafka::{Kafka, TopicWriter};
use runtime::lock::RwLockExt as _;
use std::num::NonZeroU16;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use wire::routing::RoutingHash;

/// A producer for one topic. Every partition has its own queue, with one produce request in flight
/// at a time.
#[derive(Debug)]
pub(crate) struct Publisher {
    kafka: Kafka,
    topic: String,
    writer: TopicWriter,
    settings: GatewaySettings,
    /// How long every batch waits for further events after its first.
    flush: Option<Duration>,
    queues: RwLock<Vec<mpsc::Sender<Outgoing>>>,
    tasks: TaskTracker,
    pub(crate) history: Arc<History<SentEvent>>,
    pub(crate) counters: Arc<Counters>,
}

impl Publisher {
    /// Reads the topic's partitions from Kafka and opens a queue for each. With `flush`, a batch is
    /// sent that long after its first event; without, at once.
    pub(crate) async fn open(
        kafka: &Kafka,
        topic: &str,
        settings: &GatewaySettings,
        flush: Option<Duration>,
    ) -> Result<Self, SimulatorError> {
        let publisher = Self {
            kafka: kafka.clone(),
            topic: topic.to_owned(),
            writer: kafka.writer(topic),
            settings: settings.clone(),
            flush,
            queues: RwLock::default(),
            tasks: TaskTracker::new(),
            history: Arc::new(History::new(settings.history)),
            counters: Arc::default(),
        };
        publisher.open_new_partitions().await?;
        Ok(publisher)
    }

    /// Opens queues for new partitions.
    pub(crate) async fn open_new_partitions(&self) -> Result<(), SimulatorError> {
        let partitions = Box::pin(self.kafka.partitions(&self.topic)).await?;
        let mut queues = self.queues.writing();
        let missing = partitions.get(queues.len()..).unwrap_or_default();
        queues.extend(missing.iter().map(|partition| self.open_queue(*partition)));
        Ok(())
    }

    /// Checks for new partitions repeatedly.
    pub(crate) async fn watch_partitions(&self) {
        let mut interval =
            tokio::time::interval(Duration::from_secs(self.settings.partition_refresh_s.max(1)));
        interval.tick().await;
        loop {
            interval.tick().await;
            if let Err(error) = self.open_new_partitions().await {
                tracing::warn!(topic = self.topic, %error, "the number of partitions could not be read; trying again");
            }
        }
    }

    /// Adds a record to its partition's queue, and waits for room. Records are sent in the order of
    /// these calls.
    pub(crate) async fn enqueue(&self, outgoing: Outgoing) -> Result<(), SimulatorError> {
        let queue = self.queue(outgoing.key()).ok_or(SimulatorError::Stopped)?;
        queue.send(outgoing).await.map_err(|_closed| SimulatorError::Stopped)
    }

    /// Sends everything queued, accepts nothing more, and returns when everything is acknowledged
    /// or has failed.
    pub(crate) async fn close(&self) {
        self.queues.writing().clear();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The queue that Kafka's default partitioner selects.
    fn queue(&self, key: &str) -> Option<mpsc::Sender<Outgoing>> {
        let queues = self.queues.reading();
        let partitions = NonZeroU16::new(u16::try_from(queues.len()).unwrap_or(u16::MAX))?;
        let partition = RoutingHash::Murmur2.partition(key, partitions);
        queues.get(usize::try_from(partition).ok()?).cloned()
    }

    fn open_queue(&self, partition: i32) -> mpsc::Sender<Outgoing> {
        let (sender, receiver) = mpsc::channel(self.settings.queue.max(1));
        let queue = PartitionQueue {
            partition,
            writer: self.writer.clone(),
            linger: Duration::from_millis(self.settings.linger_ms),
            flush: self.flush,
            max_batch: self.settings.max_batch.max(1),
            publish_timeout: Duration::from_millis(self.settings.publish_timeout_ms),
            history: Arc::clone(&self.history),
            counters: Arc::clone(&self.counters),
        };
        self.tasks.spawn(queue.run(receiver));
        sender
    }
}
