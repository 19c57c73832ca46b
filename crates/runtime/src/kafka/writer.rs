//! Publishing to a topic.

mod gathered;
mod many;

use crate::Backoff;
use crate::lock::MutexExt as _;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use super::{
    Cluster,
    error::{Failure, PublishError, Reached},
    link::Link,
    produce::{self, Produce},
    record::NewRecord,
};
use gathered::{Gathered, Turn};

/// First and longest pause between attempts.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(800));

/// Publishes to a topic with `acks=all`. Cheap to clone.
///
/// Keeps one connection for each partition written to. The topic's partitions bound their number,
/// since other partitions are refused.
#[derive(Clone)]
pub struct TopicWriter {
    cluster: Arc<Cluster>,
    topic: Arc<str>,
    links: Arc<Mutex<HashMap<i32, Arc<Link>>>>,
    /// For several partitions at once: a connection for each broker, by its address.
    broker_links: Arc<Mutex<HashMap<String, Arc<Link>>>>,
    gathered: Arc<Gathered>,
}

/// Whether a publication has requests of its own.
#[derive(Clone, Copy)]
enum Requests {
    Own,
    Shared,
}

/// The records of a partition, encoded.
struct Encoded {
    partition: i32,
    batch: Vec<u8>,
}

/// The outcome of one attempt together with other partitions: the offset of the first record, or the
/// failure, which has no cause if it concerns the whole request.
type Attempted = Result<i64, (Reached, Option<Failure>)>;

/// The offset of the first record, or the failure.
type Published = Result<i64, PublishError>;

impl TopicWriter {
    pub(super) fn new(cluster: Arc<Cluster>, topic: &str) -> Self {
        Self {
            cluster,
            topic: topic.into(),
            links: Arc::default(),
            broker_links: Arc::default(),
            gathered: Arc::default(),
        }
    }

    /// Publishes records as one batch and returns their offsets, once all in-sync replicas have
    /// them.
    ///
    /// Retries until `within` has passed. After a lost response, a retry can append the batch a
    /// second time, so records must carry an identity for their consumers. Once begun, the
    /// publication runs to its end even if this future is dropped.
    ///
    /// # Errors
    ///
    /// See [`PublishError`], which distinguishes *not published* from *unknown*.
    pub async fn publish(
        &self,
        partition: i32,
        records: Vec<NewRecord>,
        within: Duration,
    ) -> Result<Vec<i64>, PublishError> {
        self.publish_with(partition, records, within, Requests::Own).await
    }

    /// Like [`publish`](Self::publish), but shares a request with such publications to other partitions
    /// of the same broker that arrive while a request to it is in flight. A broker spends more on a
    /// request than on a small batch in it.
    ///
    /// # Errors
    ///
    /// As for [`publish`](Self::publish).
    pub async fn publish_shared(
        &self,
        partition: i32,
        records: Vec<NewRecord>,
        within: Duration,
    ) -> Result<Vec<i64>, PublishError> {
        self.publish_with(partition, records, within, Requests::Shared).await
    }

    async fn publish_with(
        &self,
        partition: i32,
        records: Vec<NewRecord>,
        within: Duration,
        requests: Requests,
    ) -> Result<Vec<i64>, PublishError> {
        let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
        if count == 0 {
            return Ok(Vec::new());
        }
        let batch = produce::encode(&records, self.cluster.compression);
        let batch = batch.map_err(|error| PublishError::new(Reached::Never, Failure::malformed(error)))?;
        let (writer, end) = (self.clone(), Instant::now() + within);
        let encoded = Encoded { partition, batch };
        // Boxed, because the future is large.
        let publish = Box::pin(async move {
            match requests {
                Requests::Own => writer.publish_until(&encoded, end, Reached::Never, None).await,
                Requests::Shared => writer.publish_gathered(encoded, end).await,
            }
        });
        let published = self.cluster.runtime.spawn(publish).await;
        let base =
            published.unwrap_or_else(|_lost| Err(PublishError::new(Reached::Perhaps, Failure::Lost)))?;
        Ok((base..base + count).collect())
    }

    /// `reached`: whether an earlier attempt may have appended the batch. `turn` ends with the first
    /// attempt.
    async fn publish_until(
        &self,
        Encoded { partition, batch }: &Encoded,
        end: Instant,
        mut reached: Reached,
        mut turn: Option<Turn>,
    ) -> Published {
        let partition = *partition;
        let link = self.link(partition);
        let mut backoff = Backoff::new(PAUSE.0, PAUSE.1);
        loop {
            let limit = end.saturating_duration_since(Instant::now()).min(self.cluster.request_timeout);
            let request = Produce { topic: &self.topic, partition, batch, limit };
            let outcome = link.ask(limit, &request).await;
            drop(turn.take());
            let (reached_now, failure) = match outcome {
                Ok(base_offset) => {
                    self.retain_link(partition, link);
                    return Ok(base_offset);
                }
                Err(failed) => failed,
            };
            if reached_now == Reached::Perhaps {
                reached = Reached::Perhaps;
            }
            if failure.is_final() || Instant::now() + backoff.peek() >= end {
                return Err(PublishError::new(reached, failure));
            }
            tokio::time::sleep(backoff.pause()).await;
        }
    }

    /// The partition's connection. A new one is retained only after a successful publication, so
    /// that partitions that do not exist leave nothing behind.
    fn link(&self, partition: i32) -> Arc<Link> {
        let links = self.links.locked();
        links
            .get(&partition)
            .cloned()
            .unwrap_or_else(|| Arc::new(Link::new(Arc::clone(&self.cluster), &self.topic, partition)))
    }

    fn retain_link(&self, partition: i32, link: Arc<Link>) {
        self.links.locked().entry(partition).or_insert(link);
    }
}

impl fmt::Debug for TopicWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopicWriter").field("topic", &self.topic).finish_non_exhaustive()
    }
}
