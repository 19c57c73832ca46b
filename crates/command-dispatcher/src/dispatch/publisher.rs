//! The ways to the partitions of the command topic: on each, one batch is under way at a time, and the next gathers behind it.

use crate::dispatch::coalescer::{Bounds, Together};
use crate::dispatch::topic::{CommandTopic, Unpublished};
use runtime::kafka::NewRecord;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A command is some kB at most, so a batch stays well below what brokers take (1 MB unless set otherwise).
const BOUNDS: Bounds = Bounds { waiting: 4_096, batch: 128, at_once: 1, linger: Duration::ZERO };

/// Where a command came to lie, or a failure that all commands of a batch share.
pub(crate) type Publication = Result<i64, Arc<Unpublished>>;

/// Publishes commands.
#[derive(Clone)]
pub(crate) struct Lanes {
    topic: Arc<CommandTopic>,
    publish_timeout: Duration,
    lanes: Arc<Mutex<HashMap<i32, Lane>>>,
}

type Lane = Together<Waiting, Publication>;

/// A command that is to be published.
struct Waiting {
    record: NewRecord,
    since: Instant,
}

impl Lanes {
    /// Lanes are opened when they are needed, and kept.
    pub(crate) fn new(topic: Arc<CommandTopic>, publish_timeout: Duration) -> Self {
        Self { topic, publish_timeout, lanes: Arc::default() }
    }

    /// Publishes `record` to `partition` with `acks=all` and returns its offset. It waits for its turn and is published then,
    /// each for no longer than the time-out.
    ///
    /// # Errors
    /// See [`Unpublished`].
    pub(crate) async fn publish(&self, partition: i32, record: NewRecord) -> Publication {
        let waiting = Waiting { record, since: Instant::now() };
        self.lane(partition).ask(waiting).await.unwrap_or_else(|lost| Err(Arc::new(lost.into())))
    }

    /// The topic's name.
    pub(crate) fn topic(&self) -> &str {
        self.topic.name()
    }

    fn lane(&self, partition: i32) -> Lane {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || {
            let (topic, limit) = (Arc::clone(&self.topic), self.publish_timeout);
            Together::new(BOUNDS, move |batch| send(Arc::clone(&topic), partition, batch, limit))
        };
        lanes.entry(partition).or_insert_with(open).clone()
    }
}

/// Sends those of `batch` whose turn came in time.
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
        Ok(_) => offsets.next().copied().ok_or_else(|| Arc::new(Unpublished::Unplaced)),
        Err(error) => Err(Arc::clone(error)),
    });
    outcomes.collect()
}
