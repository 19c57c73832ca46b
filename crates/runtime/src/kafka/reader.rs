//! Reading one partition. The client behind [`PartitionReader`] is chosen at build time:
//! connections of our own (`own_client`) by default, librdkafka with the feature `librdkafka`. Both
//! modules provide the same two types, `PartitionClient` and `ReadSetup`.

use std::{
    fmt,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;

use super::{
    error::{FetchError, KafkaError},
    read_client::PartitionClient,
    record::Fetched,
};

/// Longest pause before an empty result that arrived too early is returned.
const EMPTY_PAUSE: Duration = Duration::from_millis(50);

/// Reads one partition. It keeps no position: every fetch names its offset.
pub struct PartitionReader(PartitionClient);

/// One of the two ends of a partition's log.
#[derive(Clone, Copy, Debug)]
pub(super) enum LogEnd {
    Earliest,
    Latest,
}

impl PartitionReader {
    pub(super) fn new(client: PartitionClient) -> Self {
        Self(client)
    }

    /// Reads the records from `offset` on, up to `max_bytes`, but at least one if there is any, and
    /// the unreadable ranges among them. Of a batch that unpacks to many records, only some are
    /// returned; the next fetch continues.
    ///
    /// Waits up to `max_wait` for the first record. A batch larger than `max_bytes` is returned
    /// whole; with librdkafka, which hides the ends of batches, this holds for a record. Dropping
    /// the future cancels the fetch.
    ///
    /// # Errors
    ///
    /// See [`FetchError`]; retry only `Unavailable`, after a pause.
    pub async fn fetch(
        &self,
        offset: i64,
        max_wait: Duration,
        max_bytes: usize,
    ) -> Result<Fetched, FetchError> {
        let started = Instant::now();
        // Boxed, because the client's futures are large and deeply nested.
        let fetch: BoxFuture<'_, _> = Box::pin(self.0.fetch(offset, max_wait, max_bytes));
        let fetched = fetch.await.map_err(|failure| FetchError::at(offset, failure))?;
        if fetched.next_offset == offset {
            // Callers must not spin on empty results that arrive at once.
            let early = max_wait.saturating_sub(started.elapsed());
            tokio::time::sleep(early.min(EMPTY_PAUSE)).await;
        }
        Ok(fetched)
    }

    /// The offset of the oldest record that is kept; the end of the log if it is empty.
    ///
    /// # Errors
    ///
    /// `Unavailable`, or the topic or partition is unknown.
    pub async fn earliest_offset(&self) -> Result<i64, KafkaError> {
        self.offset(LogEnd::Earliest).await
    }

    /// The offset that the next record will get.
    ///
    /// # Errors
    ///
    /// As for [`earliest_offset`](Self::earliest_offset).
    pub async fn latest_offset(&self) -> Result<i64, KafkaError> {
        self.offset(LogEnd::Latest).await
    }

    async fn offset(&self, end: LogEnd) -> Result<i64, KafkaError> {
        let offset: BoxFuture<'_, _> = Box::pin(self.0.offset(end));
        Ok(offset.await?)
    }
}

impl fmt::Debug for PartitionReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionReader").finish_non_exhaustive()
    }
}
