//! Publishing commands: one queue per partition of the command topic. One batch of a partition is
//! in flight at a time; commands that arrive meanwhile form the next.

use crate::dispatch::topic::{CommandTopic, Unpublished};
use runtime::coalescer::{Bounds, Coalescer};
use runtime::kafka::NewRecord;
use runtime::lock::MutexExt as _;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// A command has a few kB at most, so a batch stays well below the brokers' limit (1 MB by
/// default).
const BOUNDS: Bounds =
    Bounds { waiting: 4_096, batch: 128, at_once: 1, linger: Duration::ZERO, patience: Duration::ZERO };

/// The offset of a published command, or the failure that all commands of a batch share.
pub(crate) type Publication = Result<i64, Arc<Unpublished>>;

/// Publishes commands. Cheap to clone.
#[derive(Clone)]
pub(crate) struct CommandPublisher {
    topic: Arc<CommandTopic>,
    publish_timeout: Duration,
    queues: Arc<Mutex<HashMap<i32, Queue>>>,
}

type Queue = Coalescer<Waiting, Publication>;

/// A command that waits to be published.
struct Waiting {
    record: NewRecord,
    since: Instant,
}

impl CommandPublisher {
    /// Publishes to `topic`, each batch for at most `publish_timeout`. Queues are created on first
    /// use and kept.
    pub(crate) fn new(topic: Arc<CommandTopic>, publish_timeout: Duration) -> Self {
        Self { topic, publish_timeout, queues: Arc::default() }
    }

    /// Publishes `record` to `partition` with `acks=all` and returns its offset. It waits in the
    /// queue for at most the publish time-out, and for the broker for at most as long again.
    ///
    /// # Errors
    /// See [`Unpublished`].
    pub(crate) async fn publish(&self, partition: i32, record: NewRecord) -> Publication {
        let waiting = Waiting { record, since: Instant::now() };
        self.queue_of(partition).request(waiting).await.unwrap_or_else(|lost| Err(Arc::new(lost.into())))
    }

    /// The name of the command topic.
    pub(crate) fn topic(&self) -> &str {
        self.topic.name()
    }

    fn queue_of(&self, partition: i32) -> Queue {
        let mut queues = self.queues.locked();
        let open = || {
            let (topic, limit) = (Arc::clone(&self.topic), self.publish_timeout);
            Coalescer::new(BOUNDS, move |batch| send(Arc::clone(&topic), partition, batch, limit))
        };
        queues.entry(partition).or_insert_with(open).clone()
    }
}

/// Publishes the commands of `batch` that have not waited longer than `limit`.
async fn send(
    topic: Arc<CommandTopic>,
    partition: i32,
    batch: Vec<Waiting>,
    limit: Duration,
) -> Vec<Publication> {
    let in_time: Vec<bool> = batch.iter().map(|waiting| waiting.since.elapsed() < limit).collect();
    let kept = batch.into_iter().zip(&in_time).filter_map(|(waiting, kept)| kept.then_some(waiting.record));
    let sent = topic.publish(partition, kept.collect(), limit).await.map_err(Arc::new);
    let mut offsets = sent.as_deref().unwrap_or_default().iter();
    let outcomes = in_time.into_iter().map(|kept| match &sent {
        _ if !kept => Err(Arc::new(Unpublished::TimedOut(limit))),
        Ok(_) => offsets.next().copied().ok_or_else(|| Arc::new(Unpublished::OffsetsMissing)),
        Err(error) => Err(Arc::clone(error)),
    });
    outcomes.collect()
}
