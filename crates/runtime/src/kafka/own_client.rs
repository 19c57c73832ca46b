//! Reads a partition over a connection of our own, and decodes the batches.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use rskafka::client::partition::{OffsetAt, UnknownTopicHandling};
use tokio_util::task::AbortOnDropHandle;

use super::{
    Cluster,
    batch::{BatchReader, Contents},
    connection::{Connections, within},
    error::{Failure, KafkaError},
    fetch::{Batches, Fetch},
    link::Link,
    reader::LogEnd,
    record::Fetched,
    transport::Transport,
};
use crate::settings::KafkaSettings;

/// State that all readers of a cluster share.
pub(super) struct ReadSetup {
    max_unpacked: usize,
    /// For queries of the ends of partitions.
    connections: Connections,
}

/// Reads one partition.
pub(super) struct PartitionClient(Arc<Link>);

impl ReadSetup {
    /// # Errors
    ///
    /// Never: this client supports every setting.
    pub(super) fn new(settings: &KafkaSettings, transport: &Arc<Transport>) -> Result<Self, KafkaError> {
        let connect_timeout = Duration::from_millis(settings.connect_timeout_ms);
        let connections = Connections::new(Arc::clone(transport), connect_timeout);
        Ok(Self { max_unpacked: settings.max_unpacked_bytes, connections })
    }
}

impl PartitionClient {
    pub(super) fn new(cluster: Arc<Cluster>, topic: &str, partition: i32) -> Self {
        Self(Arc::new(Link::new(cluster, topic, partition)))
    }

    pub(super) async fn fetch(
        &self,
        offset: i64,
        max_wait: Duration,
        max_bytes: usize,
    ) -> Result<Fetched, Failure> {
        let link = Arc::clone(&self.0);
        self.abortable(Box::pin(async move { fetch(&link, offset, max_wait, max_bytes).await })).await
    }

    pub(super) async fn offset(&self, end: LogEnd) -> Result<i64, Failure> {
        let link = Arc::clone(&self.0);
        self.abortable(Box::pin(async move { offset(&link, end).await })).await
    }

    /// `work` is boxed because the client's futures are large and deeply nested.
    async fn abortable<T: Send + 'static>(
        &self,
        work: BoxFuture<'static, Result<T, Failure>>,
    ) -> Result<T, Failure> {
        AbortOnDropHandle::new(self.0.cluster.runtime.spawn(work)).await.unwrap_or(Err(Failure::Lost))
    }
}

async fn fetch(link: &Link, offset: i64, max_wait: Duration, max_bytes: usize) -> Result<Fetched, Failure> {
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
        Ok(Batches { end, aborted, bytes }) => {
            let contents = BatchReader::new(offset, max_unpacked, aborted).read(&bytes);
            Ok(Fetched::new(contents, end))
        }
        Err((_, failure)) => {
            // Either all batches together or the first one alone exceed the size limit.
            if failure.too_large().is_some() && request.max_bytes > 1 {
                return Box::pin(fetch(link, offset, Duration::ZERO, 1)).await;
            }
            put_aside(offset, max_unpacked, &failure).ok_or(failure)
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
