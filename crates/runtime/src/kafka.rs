//! Kafka: the only module that imports rskafka, and the owner of what it lacks.
//!
//! rskafka tells which topics and partitions there are and where a log begins and ends, makes topics and deletes them. It has no
//! time-outs, retries in ways of its own and never leaves a broken connection behind for good. So here every exchange is a
//! single attempt under a time limit, runs on the main runtime (a socket dies with the runtime that opened it, and HTTP
//! workers have their own), and after a failure the client with its view of the cluster is made anew. Partitions are
//! listed through a client of their own, because a listing spoils a client's way of noticing that leaders have moved.
//!
//! Records travel over connections of our own ([`link`]): with rskafka, one record that it cannot read costs a whole answer, records
//! of aborted transactions count, a small batch may unpack to any size, and what a broker has appended and throttled is sent
//! again. The requests are a few fields each (`fetch`, [`produce`], [`leaders`], [`describe`]), in versions that brokers from 2.1
//! on answer; `batch` reads what brokers keep.
//!
//! With the cargo feature `librdkafka`, partitions are read through librdkafka instead (`librdkafka`); everything
//! else stays as it is. See [`reader`].

#[cfg(not(feature = "librdkafka"))]
mod batch;
mod codec;
#[cfg(not(feature = "librdkafka"))]
mod compression;
mod connection;
mod describe;
mod error;
mod exchange;
#[cfg(not(feature = "librdkafka"))]
mod fetch;
mod leaders;
#[cfg(feature = "librdkafka")]
mod librdkafka;
mod link;
mod listing;
#[cfg(not(feature = "librdkafka"))]
mod own_client;
mod produce;
mod reader;
mod record;
mod retention;
mod sasl;
mod throttle;
mod transport;
mod writer;

use std::{fmt, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use tokio::runtime::Handle;

pub use error::{FetchError, KafkaError, PublishError};
pub use reader::PartitionReader;
pub use record::{Fetched, NewRecord, ReceivedRecord, UnreadableRange};
pub use retention::{Excess, TopicRetention};
pub use writer::TopicWriter;

#[cfg(feature = "librdkafka")]
use self::librdkafka as read_client;
#[cfg(not(feature = "librdkafka"))]
use self::own_client as read_client;
use self::{
    connection::Connections,
    error::Failure,
    leaders::Leaders,
    listing::Listing,
    read_client::{PartitionClient, ReadSetup},
    throttle::Throttle,
};
use crate::settings::{KafkaCompression, KafkaSettings};

/// A Kafka cluster. Cheap to clone; connects when something is asked of it, and again when it must.
#[derive(Clone)]
pub struct Kafka(Arc<Cluster>);

/// What all readers and writers of a cluster share.
struct Cluster {
    runtime: Handle,
    /// For requests over connections of their own.
    transport: Arc<transport::Transport>,
    listing: Listing,
    leaders: Leaders,
    throttle: Throttle,
    connect_timeout: Duration,
    request_timeout: Duration,
    idle: Duration,
    compression: KafkaCompression,
    read_setup: ReadSetup,
}

impl Kafka {
    /// A cluster by its settings; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When the list of brokers is empty, the certificates to trust cannot be read, or the client that
    /// reads cannot do what the settings ask for.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime: connections live on the runtime this is called on.
    pub fn new(settings: &KafkaSettings) -> Result<Self, KafkaError> {
        let connect_timeout = Duration::from_millis(settings.connect_timeout_ms);
        let request_timeout = Duration::from_millis(settings.request_timeout_ms);
        let transport = Arc::new(transport::Transport::new(settings)?);
        Ok(Self(Arc::new(Cluster {
            runtime: Handle::current(),
            listing: Listing::new(Connections::new(Arc::clone(&transport), connect_timeout), connect_timeout),
            leaders: Leaders::new(Arc::clone(&transport), (connect_timeout, request_timeout)),
            throttle: Throttle::new(),
            read_setup: ReadSetup::new(settings, &transport)?,
            transport,
            connect_timeout,
            request_timeout,
            idle: Duration::from_millis(settings.connection_idle_ms),
            compression: settings.compression,
        })))
    }

    /// The partitions of a topic, in order, as the brokers list them now.
    ///
    /// # Errors
    ///
    /// [`KafkaError::TopicUnknown`], or [`KafkaError::Unavailable`] when no broker answers in time.
    pub async fn partitions(&self, topic: &str) -> Result<Vec<i32>, KafkaError> {
        let cluster = Arc::clone(&self.0);
        let topic = topic.to_owned();
        self.on_runtime(Box::pin(async move { cluster.listing.refresh(&topic).await })).await
    }

    /// How long a topic keeps its records, by its settings as the brokers report them now
    /// (`DescribeConfigs`). Opens a connection for the request and closes it again: a question for
    /// once in minutes, not for the path of a request.
    ///
    /// # Errors
    ///
    /// [`KafkaError::TopicUnknown`], [`KafkaError::Refused`] where the user may not describe the
    /// topic's settings,
    /// [`KafkaError::SettingNotReported`] from a broker that does not know them, or
    /// [`KafkaError::Unavailable`] when no broker answers in time.
    pub async fn topic_retention(&self, topic: &str) -> Result<TopicRetention, KafkaError> {
        let cluster = Arc::clone(&self.0);
        let topic = topic.to_owned();
        self.on_runtime(Box::pin(async move { describe::retention_of(&cluster, &topic).await })).await
    }

    /// Creates a topic with replication 1 and waits until it is listed; for tests and tools.
    ///
    /// # Errors
    ///
    /// When the brokers refuse it or are away.
    pub async fn create_topic(&self, name: &str, partitions: i32) -> Result<(), KafkaError> {
        let cluster = Arc::clone(&self.0);
        let name = name.to_owned();
        self.on_runtime(Box::pin(async move {
            cluster.listing.create(&name, partitions, cluster.request_timeout).await
        }))
        .await
    }

    /// Deletes a topic; for tests and tools. One that is not there is as good as deleted.
    ///
    /// # Errors
    ///
    /// When the brokers refuse it or are away.
    pub async fn delete_topic(&self, name: &str) -> Result<(), KafkaError> {
        let cluster = Arc::clone(&self.0);
        let name = name.to_owned();
        self.on_runtime(Box::pin(async move { cluster.listing.delete(&name, cluster.request_timeout).await }))
            .await
    }

    /// Reads one partition, with a connection of its own.
    #[must_use]
    pub fn reader(&self, topic: &str, partition: i32) -> PartitionReader {
        PartitionReader::new(PartitionClient::new(Arc::clone(&self.0), topic, partition))
    }

    /// Writes to a topic, with a connection for every partition written to.
    #[must_use]
    pub fn writer(&self, topic: &str) -> TopicWriter {
        TopicWriter::new(Arc::clone(&self.0), topic)
    }

    /// `work` is boxed: the client's futures are large and nest deeply, which callers should not feel.
    async fn on_runtime<T: Send + 'static>(
        &self,
        work: BoxFuture<'static, Result<T, KafkaError>>,
    ) -> Result<T, KafkaError> {
        self.0.runtime.spawn(work).await.unwrap_or_else(|_lost| Err(KafkaError::from(Failure::Lost)))
    }
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kafka").finish_non_exhaustive()
    }
}
