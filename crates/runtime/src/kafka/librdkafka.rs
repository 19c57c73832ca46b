//! Reads a partition through librdkafka: the second client behind
//! [`PartitionReader`](super::PartitionReader), chosen by the cargo feature `librdkafka`.
//!
//! Each partition has its own consumer with the partition assigned to it; it joins no group and
//! commits no offsets. One more consumer per cluster queries where logs begin and end: a broker
//! answers the requests of a connection in order, and a reader's fetch usually waits there for
//! records.
//!
//! librdkafka blocks, so all of it runs on Tokio's threads for blocking work. A failed consumer is
//! replaced.
//!
//! Differences from the client over our own connections:
//!
//! - [`Fetched::unreadable`] contains batches whose checksum is wrong, and records whose header names
//!   are not UTF-8. A batch that is larger than `kafka.max_response_bytes` or of an unknown compression type makes
//!   every fetch at its offset fail as [`Unavailable`](super::FetchError::Unavailable): only the
//!   other client gets past it.
//! - `kafka.max_unpacked_bytes` has no effect: librdkafka unpacks a batch of any size.
//! - `max_bytes` counts unpacked bytes, and is exceeded by at most one record, not one batch.
//! - The name of a header ends at its first NUL.
//! - The throttle time of fetches is not counted; librdkafka waits by itself.
//! - TLS, SCRAM and OAUTHBEARER are refused as settings, because this build of librdkafka has no
//!   OpenSSL. Files with the user and password of PLAIN are read at the start only.
//! - librdkafka retries if a topic is missing for a moment. A topic that is deleted and created
//!   anew between two fetches is detected only if its log ends before the offset that is read.

mod config;
mod consumer;
mod record;
mod session;

use crate::lock::MutexExt as _;
use std::{
    sync::{Arc, Mutex as BlockingMutex, PoisonError},
    time::Duration,
};

use rdkafka::config::ClientConfig;
use tokio::{runtime::Handle, sync::Mutex};
use tokio_util::sync::CancellationToken;

use self::{
    consumer::Consumer,
    session::{FetchRequest, Session},
};
use super::{
    Cluster,
    error::{Failure, KafkaError},
    reader::LogEnd,
    record::Fetched,
    transport::Transport,
};
use crate::settings::KafkaSettings;

/// State that all readers of a cluster share.
pub(super) struct ReadSetup {
    config: ClientConfig,
    /// Queries where logs begin and end; replaced after a failure.
    ends: BlockingMutex<Option<Arc<Consumer>>>,
    runtime: Handle,
}

/// Reads one partition.
pub(super) struct PartitionClient {
    partition: Arc<Partition>,
    /// Taken out while in use, so that the session of a failed or cancelled fetch is dropped.
    session: Arc<Mutex<Option<Session>>>,
}

/// A partition of a cluster.
struct Partition {
    cluster: Arc<Cluster>,
    topic: String,
    number: i32,
}

impl ReadSetup {
    /// # Errors
    ///
    /// If the settings need features that this build of librdkafka lacks.
    pub(super) fn new(settings: &KafkaSettings, _transport: &Arc<Transport>) -> Result<Self, KafkaError> {
        let config = config::of(settings)?;
        let (_, version) = rdkafka::util::get_rdkafka_version();
        tracing::info!(version, "Kafka is read through librdkafka");
        Ok(Self { config, ends: BlockingMutex::default(), runtime: Handle::current() })
    }
}

impl Drop for ReadSetup {
    fn drop(&mut self) {
        let consumer = self.ends.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        self.runtime.spawn_blocking(move || drop(consumer));
    }
}

impl PartitionClient {
    pub(super) fn new(cluster: Arc<Cluster>, topic: &str, partition: i32) -> Self {
        let partition = Partition { cluster, topic: topic.to_owned(), number: partition };
        Self { partition: Arc::new(partition), session: Arc::default() }
    }

    pub(super) async fn fetch(
        &self,
        offset: i64,
        max_wait: Duration,
        max_bytes: usize,
    ) -> Result<Fetched, Failure> {
        let cancelled = CancellationToken::new();
        let request = FetchRequest { offset, max_wait, max_bytes, cancelled: cancelled.clone() };
        // Dropping this future also ends the blocking part.
        let _cancel_on_drop = cancelled.drop_guard();
        let mut slot = Arc::clone(&self.session).lock_owned().await;
        let partition = Arc::clone(&self.partition);
        let read = move || {
            let mut session = match slot.take() {
                Some(session) => session,
                None => Session::open(Arc::clone(&partition), offset)?,
            };
            let fetched = session.fetch(&request)?;
            if session.is_sound() {
                *slot = Some(session);
            }
            Ok(fetched)
        };
        self.blocking(read).await
    }

    pub(super) async fn offset(&self, end: LogEnd) -> Result<i64, Failure> {
        let Partition { cluster, topic, number } = &*self.partition;
        // Distinguishes an unknown topic or partition from unavailable brokers.
        cluster.listing.check(topic, *number).await?;
        let partition = Arc::clone(&self.partition);
        let ends = self.blocking(move || partition.ends()).await;
        if ends.is_err() {
            cluster.listing.forget(topic);
        }
        let (earliest, latest) = ends?;
        Ok(match end {
            LogEnd::Earliest => earliest,
            LogEnd::Latest => latest,
        })
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.partition.cluster.runtime.spawn_blocking(work).await.unwrap_or(Err(Failure::Lost))
    }
}

impl Drop for PartitionClient {
    fn drop(&mut self) {
        // If a fetch holds the session, it ends on a thread for blocking work as well.
        if let Ok(mut slot) = self.session.try_lock() {
            let session = slot.take();
            self.partition.cluster.runtime.spawn_blocking(move || drop(session));
        }
    }
}

impl Partition {
    /// The first offset of the log and the end of its readable part, from its leader. Blocks.
    fn ends(&self) -> Result<(i64, i64), Failure> {
        let setup = &self.cluster.read_setup;
        let slot = || setup.ends.locked();
        let consumer = match &mut *slot() {
            Some(consumer) => Arc::clone(consumer),
            empty => Arc::clone(empty.insert(Arc::new(self.consumer()?))),
        };
        consumer.discard_reports();
        let ends = consumer.ends(&self.topic, self.number, self.connect_and_request_timeout());
        if ends.is_err() {
            // Its view of the cluster may be outdated.
            slot().take_if(|current| Arc::ptr_eq(current, &consumer));
        }
        ends
    }

    fn consumer(&self) -> Result<Consumer, Failure> {
        Consumer::new(&self.cluster.read_setup.config)
    }

    fn connect_and_request_timeout(&self) -> Duration {
        self.cluster.connect_timeout + self.cluster.request_timeout
    }
}
