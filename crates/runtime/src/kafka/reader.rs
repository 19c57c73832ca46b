//! Reading one partition.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use rskafka::client::partition::{OffsetAt, UnknownTopicHandling};
use tokio_util::task::AbortOnDropHandle;

use super::{
    batch::{BatchReader, Contents},
    connection::within,
    error::{Failure, FetchError, KafkaError},
    fetch::{Batches, Fetch},
    link::Link,
    record::Fetched,
};

/// Longest pause put into an empty answer that came too early.
const EMPTY_PAUSE: Duration = Duration::from_millis(50);

/// Reads one partition. It keeps no position: every fetch names its offset.
pub struct PartitionReader(Arc<Link>);

impl PartitionReader {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self(link)
    }

    /// The records from `offset` on, as many as fit into `max_bytes`, at least one if there is any, and what cannot be read
    /// among them. Of a batch that unpacks to many, some; the rest comes with the next fetch.
    ///
    /// Waits up to `max_wait` for the first record. A batch larger than `max_bytes` comes whole. Dropping the future
    /// gives the fetch up.
    ///
    /// # Errors
    ///
    /// See [`FetchError`]; only `Unavailable` is worth another try, after a pause.
    pub async fn fetch(
        &self,
        offset: i64,
        max_wait: Duration,
        max_bytes: usize,
    ) -> Result<Fetched, FetchError> {
        let started = Instant::now();
        let link = Arc::clone(&self.0);
        let fetch = Box::pin(async move { fetch(&link, offset, max_wait, max_bytes).await });
        let fetched = self.abortable(fetch).await.map_err(|failure| FetchError::at(offset, failure))?;
        if fetched.next_offset == offset {
            // Callers must not spin on an answer that comes at once, with nothing.
            let early = max_wait.saturating_sub(started.elapsed());
            tokio::time::sleep(early.min(EMPTY_PAUSE)).await;
        }
        Ok(fetched)
    }

    /// The offset of the oldest record that is still kept; the end of the log if it is empty.
    ///
    /// # Errors
    ///
    /// `Unavailable`, or that the topic or partition is unknown.
    pub async fn earliest_offset(&self) -> Result<i64, KafkaError> {
        self.offset(OffsetAt::Earliest).await
    }

    /// The offset the next record will get.
    ///
    /// # Errors
    ///
    /// As for [`earliest_offset`](Self::earliest_offset).
    pub async fn latest_offset(&self) -> Result<i64, KafkaError> {
        self.offset(OffsetAt::Latest).await
    }

    async fn offset(&self, at: OffsetAt) -> Result<i64, KafkaError> {
        let link = Arc::clone(&self.0);
        Ok(self.abortable(Box::pin(async move { offset(&link, at).await })).await?)
    }

    /// `work` is boxed: the client's futures are large and nest deeply, which callers should not feel.
    async fn abortable<T: Send + 'static>(
        &self,
        work: BoxFuture<'static, Result<T, Failure>>,
    ) -> Result<T, Failure> {
        AbortOnDropHandle::new(self.0.runtime().spawn(work)).await.unwrap_or(Err(Failure::Lost))
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
    let max_unpacked = link.cluster.max_unpacked;
    match link.ask(limit, &request).await {
        Ok(Batches { end, aborted, bytes }) => {
            let contents = BatchReader::new(offset, max_unpacked, aborted).read(&bytes);
            Ok(Fetched::new(contents, end))
        }
        Err((_, failure)) => {
            // The batches together are larger than is accepted, or the first alone.
            if failure.too_large().is_some() && request.max_bytes > 1 {
                return Box::pin(fetch(link, offset, Duration::ZERO, 1)).await;
            }
            put_aside(offset, max_unpacked, &failure).ok_or(failure)
        }
    }
}

/// A batch that is larger than is accepted, by what its answer begins with.
fn put_aside(offset: i64, max_unpacked: usize, failure: &Failure) -> Option<Fetched> {
    let (length, beginning) = failure.too_large()?;
    let (Batches { end, .. }, batches) = Fetch::decode_beginning(beginning)?;
    let why = format!("its answer has {length} bytes, more than kafka.max_response_bytes");
    let contents = BatchReader::new(offset, max_unpacked, Vec::new()).put_aside(batches, &why)?;
    Some(Fetched::new(contents, end))
}

/// An end of the log, as the library tells it.
async fn offset(link: &Link, at: OffsetAt) -> Result<i64, Failure> {
    let cluster = &link.cluster;
    cluster.listing.check(&link.topic, link.partition).await?;
    let client = cluster.connections.current().await?;
    let ask = async {
        let unknown = UnknownTopicHandling::Error;
        let leader = client.partition_client(link.topic.as_str(), link.partition, unknown);
        leader.await.map_err(Failure::client)?.get_offset(at).await.map_err(Failure::client)
    };
    let answer = within(cluster.connect_timeout + cluster.request_timeout, ask).await;
    if answer.is_err() {
        // Its view of the cluster may be an old one.
        cluster.connections.discard(&client);
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

impl fmt::Debug for PartitionReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionReader").finish_non_exhaustive()
    }
}
