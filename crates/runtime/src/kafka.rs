//! Kafka: the only module that imports rskafka, and the code for what rskafka lacks.
//!
//! rskafka lists topics and partitions, creates and deletes topics, and finds where a log begins
//! and ends. It has no timeouts, retries by its own rules and never discards a broken connection
//! for good. Therefore every exchange here is a single attempt under a time limit and runs on the
//! main runtime (a socket dies with the runtime that opened it, and HTTP workers have their own).
//! After a failure the client, with its view of the cluster, is created anew. Partitions are listed
//! through a separate client, because a listing breaks a client's detection of moved leaders.
//!
//! Records use connections of our own ([`link`]). With rskafka, one unreadable record fails a whole
//! response, records of aborted transactions are delivered, a small batch may unpack to any size,
//! and a batch that a broker appended and throttled is sent again. The requests have a few fields
//! each (`fetch`, `fetch_many`, [`produce`], [`leaders`], [`describe`]), in versions that brokers from 2.1 on
//! support; `batch` reads the stored format.
//!
//! With the cargo feature `librdkafka`, partitions are read through librdkafka instead
//! (`librdkafka`); everything else is unchanged. See [`reader`].

#[cfg(not(feature = "librdkafka"))]
mod batch;
mod codec;
#[cfg(not(feature = "librdkafka"))]
mod compression;
mod connection;
mod describe;
mod error;
mod exchange;
mod exchange_error;
mod failures;
#[cfg(not(feature = "librdkafka"))]
mod fetch;
#[cfg(not(feature = "librdkafka"))]
mod fetch_many;
mod leaders;
#[cfg(feature = "librdkafka")]
mod librdkafka;
mod link;
mod listing;
mod login;
mod open;
#[cfg(not(feature = "librdkafka"))]
mod own_client;
mod produce;
mod reader;
mod record;
mod retention;
mod sasl;
#[cfg(not(feature = "librdkafka"))]
mod shared_fetch;
mod throttle;
mod token;
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
    failures::Failures,
    leaders::Leaders,
    listing::Listing,
    read_client::{PartitionClient, ReadSetup},
    throttle::Throttle,
};
use crate::settings::{KafkaCompression, KafkaSettings};

/// A Kafka cluster. Cheap to clone; connects on demand and reconnects after failures.
#[derive(Clone)]
pub struct Kafka(Arc<Cluster>);

/// State that all readers and writers of a cluster share.
struct Cluster {
    runtime: Handle,
    /// For requests over connections of our own.
    transport: Arc<transport::Transport>,
    listing: Listing,
    leaders: Leaders,
    throttle: Throttle,
    failures: Failures,
    connect_timeout: Duration,
    request_timeout: Duration,
    idle: Duration,
    compression: KafkaCompression,
    read_setup: ReadSetup,
}

impl Kafka {
    /// Creates a cluster from its settings, without connecting.
    ///
    /// # Errors
    ///
    /// If the list of brokers is empty, the trusted certificates cannot be read, or the reading
    /// client does not support the settings.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime: connections live on the runtime that calls this.
    pub fn new(settings: &KafkaSettings) -> Result<Self, KafkaError> {
        let connect_timeout = Duration::from_millis(settings.connect_timeout_ms);
        let request_timeout = Duration::from_millis(settings.request_timeout_ms);
        let transport = Arc::new(transport::Transport::new(settings)?);
        Ok(Self(Arc::new(Cluster {
            runtime: Handle::current(),
            listing: Listing::new(Connections::new(Arc::clone(&transport), connect_timeout), connect_timeout),
            leaders: Leaders::new(Arc::clone(&transport), (connect_timeout, request_timeout)),
            throttle: Throttle::new(),
            failures: Failures::new(),
            read_setup: ReadSetup::new(settings, &transport)?,
            transport,
            connect_timeout,
            request_timeout,
            idle: Duration::from_millis(settings.connection_idle_ms),
            compression: settings.compression,
        })))
    }

    /// The partitions of a topic in ascending order, as the brokers list them now.
    ///
    /// # Errors
    ///
    /// [`KafkaError::TopicUnknown`], or [`KafkaError::Unavailable`] if no broker answers in time.
    pub async fn partitions(&self, topic: &str) -> Result<Vec<i32>, KafkaError> {
        let cluster = Arc::clone(&self.0);
        let topic = topic.to_owned();
        self.on_runtime(Box::pin(async move { cluster.listing.refresh(&topic).await })).await
    }

    /// The retention of a topic, from the settings that the brokers report now (`DescribeConfigs`).
    /// Opens a connection for the request and closes it again, so call it every few minutes at
    /// most, not while serving a request.
    ///
    /// # Errors
    ///
    /// [`KafkaError::TopicUnknown`], [`KafkaError::Refused`] if the user may not describe the
    /// topic's settings, [`KafkaError::SettingNotReported`] from a broker that does not know them,
    /// or [`KafkaError::Unavailable`] if no broker answers in time.
    pub async fn topic_retention(&self, topic: &str) -> Result<TopicRetention, KafkaError> {
        let cluster = Arc::clone(&self.0);
        let topic = topic.to_owned();
        self.on_runtime(Box::pin(async move { describe::retention_of(&cluster, &topic).await })).await
    }

    /// Creates a topic with replication factor 1 and waits until it is listed, for half a minute, because
    /// a broker that has just started takes longer than a request may; for tests and tools.
    ///
    /// # Errors
    ///
    /// If the brokers refuse it or are unavailable.
    pub async fn create_topic(&self, name: &str, partitions: i32) -> Result<(), KafkaError> {
        let cluster = Arc::clone(&self.0);
        let name = name.to_owned();
        self.on_runtime(Box::pin(async move { cluster.listing.create(&name, partitions).await })).await
    }

    /// Deletes a topic; for tests and tools. Succeeds if the topic does not exist.
    ///
    /// # Errors
    ///
    /// If the brokers refuse it or are unavailable.
    pub async fn delete_topic(&self, name: &str) -> Result<(), KafkaError> {
        let cluster = Arc::clone(&self.0);
        let name = name.to_owned();
        self.on_runtime(Box::pin(async move { cluster.listing.delete(&name, cluster.request_timeout).await }))
            .await
    }

    /// A reader of one partition, with its own connection. While it waits for records it shares requests
    /// with other readers of this cluster.
    #[must_use]
    pub fn reader(&self, topic: &str, partition: i32) -> PartitionReader {
        PartitionReader::new(PartitionClient::new(Arc::clone(&self.0), topic, partition))
    }

    /// A writer to a topic, with one connection per partition.
    #[must_use]
    pub fn writer(&self, topic: &str) -> TopicWriter {
        TopicWriter::new(Arc::clone(&self.0), topic)
    }

    /// `work` is boxed because the client's futures are large and deeply nested.
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
