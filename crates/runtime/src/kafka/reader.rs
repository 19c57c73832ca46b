//! Reading one partition.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use rskafka::client::partition::OffsetAt;
use tokio_util::task::AbortOnDropHandle;

use super::{
    error::{Failure, FetchError, KafkaError},
    link::Link,
    record::{Fetched, ReceivedRecord},
};

/// Longest pause put into an empty answer that came too early.
const EMPTY_PAUSE: Duration = Duration::from_millis(50);

/// Reads one partition. It keeps no position: every fetch names its offset.
pub struct PartitionReader(Arc<Link>);

impl PartitionReader {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self(link)
    }

    /// The records from `offset` on, as many as fit into `max_bytes`, at least one batch if there is any.
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
        let fetched = match self.fetch_once(offset, max_wait, max_bytes).await {
            // A later batch of the answer may be the broken one: the first alone shows.
            Err(FetchError::Unreadable { .. }) if max_bytes > 1 => {
                self.fetch_once(offset, Duration::ZERO, 1).await?
            }
            outcome => outcome?,
        };
        if fetched.records.is_empty() {
            // A batch emptied by compaction is answered at once, with nothing; callers must not spin on it.
            let early = max_wait.saturating_sub(started.elapsed());
            tokio::time::sleep(early.min(EMPTY_PAUSE)).await;
        }
        Ok(fetched)
    }

    /// After [`FetchError::Unreadable`] at `offset`: the first offset beyond it that can be fetched.
    ///
    /// The range from `offset` up to there is lost to this reader and should be put on record. The search goes offset
    /// by offset, since the library does not say where a batch ends, and so takes a round trip for each record of the
    /// unreadable batch.
    ///
    /// # Errors
    ///
    /// `Unavailable` as for a fetch; `OffsetOutOfRange` if retention removed the range meanwhile.
    pub async fn next_readable(&self, offset: i64) -> Result<i64, FetchError> {
        let mut candidate = offset;
        loop {
            candidate += 1;
            match self.fetch_once(candidate, Duration::ZERO, 1).await {
                Ok(_) => return Ok(candidate),
                Err(FetchError::Unreadable { .. }) => {}
                Err(error) => return Err(error),
            }
        }
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

    async fn fetch_once(
        &self,
        offset: i64,
        max_wait: Duration,
        max_bytes: usize,
    ) -> Result<Fetched, FetchError> {
        let max_wait_ms = i32::try_from(max_wait.as_millis()).unwrap_or(i32::MAX);
        // The library takes an exclusive upper end.
        let bytes = 1..i32::try_from(max_bytes.max(1)).unwrap_or(i32::MAX - 1).saturating_add(1);
        let limit = max_wait + self.0.cluster.request_timeout;
        let link = Arc::clone(&self.0);
        self.abortable(Box::pin(async move {
            link.request(
                limit,
                |leader| async move { leader.fetch_records(offset, bytes, max_wait_ms).await },
            )
            .await
            .map_err(|(_, failure)| failure)
        }))
        .await
        .map(|(records, high_watermark)| Fetched {
            records: records.into_iter().map(ReceivedRecord::from).collect(),
            high_watermark,
        })
        .map_err(|failure| FetchError::at(offset, failure))
    }

    async fn offset(&self, at: OffsetAt) -> Result<i64, KafkaError> {
        let link = Arc::clone(&self.0);
        let limit = self.0.cluster.request_timeout;
        self.abortable(Box::pin(async move {
            link.request(limit, |leader| async move { leader.get_offset(at).await })
                .await
                .map_err(|(_, failure)| failure)
        }))
        .await
        .map_err(KafkaError::from)
    }

    /// `work` is boxed: the client's futures are large and nest deeply, which callers should not feel.
    async fn abortable<T: Send + 'static>(
        &self,
        work: BoxFuture<'static, Result<T, Failure>>,
    ) -> Result<T, Failure> {
        AbortOnDropHandle::new(self.0.runtime().spawn(work)).await.unwrap_or(Err(Failure::Lost))
    }
}

impl fmt::Debug for PartitionReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionReader").finish_non_exhaustive()
    }
}
