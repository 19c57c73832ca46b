//! Reads a partition over a connection of our own, and decodes the batches.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use rskafka::client::partition::{OffsetAt, UnknownTopicHandling};
use tokio_util::task::AbortOnDropHandle;

use super::{
    Cluster,
    batch::{BatchReader, Contents},
    connection::{Connections, within},
    error::{Failure, KafkaError},
    exchange::Request as _,
    fetch::{Batches, Fetch},
    fetch_many::FetchPart,
    link::Link,
    reader::LogEnd,
    record::Fetched,
    shared_fetch::{self, Shared, SharedFetches, Source},
    transport::Transport,
};
use crate::settings::KafkaSettings;

/// After a fetch of this many bytes a partition fetches alone: it has more records than it waits for.
const LARGE: usize = 16 * 1024;

/// State that all readers of a cluster share.
pub(super) struct ReadSetup {
    max_unpacked: usize,
    /// The partitions that wait for records.
    pub(super) shared_fetches: SharedFetches,
    /// For queries of the ends of partitions.
    connections: Connections,
}

/// Reads one partition.
pub(super) struct PartitionClient {
    link: Arc<Link>,
    /// Whether the next fetch is for this partition only: the first one, and the next after a large one or
    /// a failure.
    is_alone: Arc<AtomicBool>,
}

impl ReadSetup {
    /// # Errors
    ///
    /// Never: this client supports every setting.
    pub(super) fn new(settings: &KafkaSettings, transport: &Arc<Transport>) -> Result<Self, KafkaError> {
        let connect_timeout = Duration::from_millis(settings.connect_timeout_ms);
        let connections = Connections::new(Arc::clone(transport), connect_timeout);
        let shared_fetches = SharedFetches::default();
        Ok(Self { max_unpacked: settings.max_unpacked_bytes, shared_fetches, connections })
    }
}

impl PartitionClient {
    pub(super) fn new(cluster: Arc<Cluster>, topic: &str, partition: i32) -> Self {
        let link = Arc::new(Link::new(cluster, topic, partition));
        Self { link, is_alone: Arc::new(AtomicBool::new(true)) }
    }

    pub(super) async fn fetch(
        &self,
        offset: i64,
        max_wait: Duration,
        max_bytes: usize,
    ) -> Result<Fetched, Failure> {
        let (link, is_alone) = (Arc::clone(&self.link), Arc::clone(&self.is_alone));
        let fetch = async move { fetch_shared_or_alone(&link, &is_alone, offset, max_wait, max_bytes).await };
        self.abortable(Box::pin(fetch)).await
    }

    pub(super) async fn offset(&self, end: LogEnd) -> Result<i64, Failure> {
        let link = Arc::clone(&self.link);
        self.abortable(Box::pin(async move { offset(&link, end).await })).await
    }

    /// `work` is boxed because the client's futures are large and deeply nested.
    async fn abortable<T: Send + 'static>(
        &self,
        work: BoxFuture<'static, Result<T, Failure>>,
    ) -> Result<T, Failure> {
        AbortOnDropHandle::new(self.link.cluster.runtime.spawn(work)).await.unwrap_or(Err(Failure::Lost))
    }
}

/// Fetches a partition that waits for records together with others; one with many records, or after
/// a failure, alone.
async fn fetch_shared_or_alone(
    link: &Link,
    is_alone: &AtomicBool,
    offset: i64,
    max_wait: Duration,
    max_bytes: usize,
) -> Result<Fetched, Failure> {
    if max_wait.is_zero() {
        return fetch(link, offset, max_wait, max_bytes).await.map(|(fetched, _)| fetched);
    }
    if !is_alone.swap(true, Relaxed)
        && let Some(leader) = link.leader().await
    {
        let source = Source { topic: link.topic.clone(), leader };
        let part = FetchPart { partition: link.partition, offset, max_bytes: max_bytes.max(1) };
        match shared_fetch::fetch(&link.cluster, source, part, max_wait).await {
            Shared::Fetched(batches) => {
                let is_large = batches.bytes.len() >= LARGE;
                let fetched = read(link, offset, batches);
                // Otherwise the first batch is incomplete.
                if fetched.next_offset > offset || fetched.high_watermark <= offset {
                    is_alone.store(is_large, Relaxed);
                    return Ok(fetched);
                }
            }
            Shared::Alone => {}
            Shared::Failed(failure) => return Err(recover(link, is_alone, failure).await),
        }
    }
    let (fetched, size) = fetch(link, offset, max_wait, max_bytes).await?;
    is_alone.store(size >= LARGE, Relaxed);
    Ok(fetched)
}

/// Prepares the next fetch after a shared one has failed; returns the failure of this partition.
async fn recover(link: &Link, is_alone: &AtomicBool, failure: Arc<Failure>) -> Failure {
    link.cluster.failures.record(Fetch::NAME, &failure);
    is_alone.store(failure.is_suspicious(), Relaxed);
    if failure.is_suspicious() {
        link.distrust_leader().await;
    }
    // The only owner has a failure of its own.
    Arc::try_unwrap(failure).unwrap_or_else(Failure::Shared)
}

/// The records of batches that were fetched from `offset` on.
fn read(link: &Link, offset: i64, Batches { end, aborted, bytes }: Batches) -> Fetched {
    let contents = BatchReader::new(offset, link.cluster.read_setup.max_unpacked, aborted).read(&bytes);
    Fetched::new(contents, end)
}

/// Fetches one partition over its own connection; also returns the size of its batches in bytes.
async fn fetch(
    link: &Link,
    offset: i64,
    max_wait: Duration,
    max_bytes: usize,
) -> Result<(Fetched, usize), Failure> {
    let limit = max_wait + link.cluster.request_timeout;
    let request = Fetch {
        topic: &link.topic,
        partition: link.partition,
        offset,
        max_wait,
        max_bytes: max_bytes.max(1),
    };
    let max_unpacked = link.cluster.read_setup.max_unpacked;
    match link.ask(limit, &request).await {
        Ok(batches) => {
            let size = batches.bytes.len();
            Ok((read(link, offset, batches), size))
        }
        Err((_, failure)) => {
            // Either all batches together or the first one alone exceed the size limit.
            if failure.too_large().is_some() && request.max_bytes > 1 {
                return Box::pin(fetch(link, offset, Duration::ZERO, 1)).await;
            }
            put_aside(offset, max_unpacked, &failure).map(|fetched| (fetched, LARGE)).ok_or(failure)
        }
    }
}

/// The unreadable range of a batch above the size limit, from the first bytes of the response.
fn put_aside(offset: i64, max_unpacked: usize, failure: &Failure) -> Option<Fetched> {
    let (length, beginning) = failure.too_large()?;
    let (Batches { end, .. }, batches) = Fetch::decode_beginning(beginning)?;
    let why = format!("the response of {length} bytes exceeds kafka.max_response_bytes");
    let contents = BatchReader::new(offset, max_unpacked, Vec::new()).put_aside(batches, &why)?;
    Some(Fetched::new(contents, end))
}

/// An end of the log, queried through rskafka.
async fn offset(link: &Link, end: LogEnd) -> Result<i64, Failure> {
    let at = match end {
        LogEnd::Earliest => OffsetAt::Earliest,
        LogEnd::Latest => OffsetAt::Latest,
    };
    let cluster = &link.cluster;
    cluster.listing.check(&link.topic, link.partition).await?;
    let client = cluster.read_setup.connections.current().await?;
    let ask = async {
        let unknown = UnknownTopicHandling::Error;
        let leader = client.partition_client(link.topic.as_str(), link.partition, unknown);
        leader.await.map_err(Failure::client)?.get_offset(at).await.map_err(Failure::client)
    };
    let answer = within(cluster.connect_timeout + cluster.request_timeout, ask).await;
    if answer.is_err() {
        // Its view of the cluster may be outdated.
        cluster.read_setup.connections.discard(&client);
        cluster.listing.forget(&link.topic);
    }
    answer
}

impl Fetched {
    fn new(contents: Contents, end: i64) -> Self {
        let Contents { records, unreadable, next_offset } = contents;
        Self { records, unreadable, next_offset, high_watermark: end }
    }
}
