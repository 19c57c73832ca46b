//! Publications that arrive while a request to their broker is in flight share the next one.

use crate::lock::MutexExt as _;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{
    sync::oneshot,
    time::{sleep_until, timeout},
};

use super::{Attempted, Encoded, Published, TopicWriter};
use crate::kafka::error::Reached;

/// How long a publication waits for the request in flight before it is sent alone, over the connection
/// of its partition.
const PATIENCE: Duration = Duration::from_millis(50);
/// The most partitions that share a request.
const MOST: usize = 64;

/// By the address of each broker with a request in flight, the publications that wait for its end.
#[derive(Default)]
pub(super) struct Gathered(Mutex<HashMap<String, Vec<Waiting>>>);

/// A publication that waits.
struct Waiting {
    encoded: Arc<Encoded>,
    end: Instant,
    answer: oneshot::Sender<Attempted>,
}

impl Gathered {
    /// Queues a publication if a request to the broker is in flight; otherwise marks one as in flight,
    /// which the caller sends.
    fn join(
        &self,
        leader: &str,
        encoded: &Arc<Encoded>,
        end: Instant,
    ) -> Option<oneshot::Receiver<Attempted>> {
        let mut brokers = self.0.locked();
        let Some(waiting) = brokers.get_mut(leader) else {
            brokers.insert(leader.to_owned(), Vec::new());
            return None;
        };
        let (answer, receiver) = oneshot::channel();
        waiting.push(Waiting { encoded: Arc::clone(encoded), end, answer });
        Some(receiver)
    }

    /// Removes a publication that waits; false if it was sent already.
    fn withdraw(&self, leader: &str, encoded: &Arc<Encoded>) -> bool {
        let mut brokers = self.0.locked();
        let Some(waiting) = brokers.get_mut(leader) else { return false };
        let before = waiting.len();
        waiting.retain(|other| !Arc::ptr_eq(&other.encoded, encoded));
        waiting.len() < before
    }

    /// Takes the publications of the next request, at most one to each partition; without any, no
    /// request is in flight any more.
    fn take(&self, leader: &str) -> Option<Vec<Waiting>> {
        let mut brokers = self.0.locked();
        let waiting = brokers.get_mut(leader)?;
        if waiting.is_empty() {
            brokers.remove(leader);
            return None;
        }
        let mut partitions = BTreeSet::new();
        let (taken, left) = std::mem::take(waiting)
            .into_iter()
            .partition(|other| partitions.len() < MOST && partitions.insert(other.encoded.partition));
        *waiting = left;
        Some(taken)
    }
}

/// The request in flight to a broker. When it is dropped, the next one begins.
pub(super) struct Turn {
    writer: TopicWriter,
    leader: String,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(waiting) = self.writer.gathered.take(&self.leader) else { return };
        let next = Self { writer: self.writer.clone(), leader: self.leader.clone() };
        // Boxed, because the future is large.
        self.writer.cluster.runtime.spawn(Box::pin(send(next, waiting)));
    }
}

/// Makes one attempt for all of `waiting` and reports its outcome to each.
async fn send(turn: Turn, waiting: Vec<Waiting>) {
    let end = waiting.iter().map(|one| one.end).max().unwrap_or_else(Instant::now);
    let (batches, answers): (Vec<_>, Vec<_>) =
        waiting.into_iter().map(|one| (one.encoded, one.answer)).unzip();
    let mut outcomes = turn.writer.attempt(&turn.leader, &batches, end).await;
    drop(turn);
    for (encoded, answer) in batches.iter().zip(answers) {
        let outcome = outcomes.remove(&encoded.partition).unwrap_or(Err((Reached::Perhaps, None)));
        // The publication may have reached its time limit.
        let _late = answer.send(outcome);
    }
}

impl TopicWriter {
    /// Publishes a batch at once if no request to its broker is in flight, and with the next request
    /// otherwise.
    pub(super) async fn publish_gathered(&self, encoded: Encoded, end: Instant) -> Published {
        let Some(leader) = self.cluster.leaders.known(&self.topic, encoded.partition) else {
            return self.publish_until(&encoded, end, Reached::Never, None).await;
        };
        let encoded = Arc::new(encoded);
        let Some(receiver) = self.gathered.join(&leader, &encoded, end) else {
            let turn = Turn { writer: self.clone(), leader };
            return self.publish_until(&encoded, end, Reached::Never, Some(turn)).await;
        };
        let attempted = self.wait(&leader, &encoded, end, receiver).await;
        self.finish(&encoded, attempted, end).await
    }

    /// The outcome of the attempt with others; `None` if no attempt was made in time.
    async fn wait(
        &self,
        leader: &str,
        encoded: &Arc<Encoded>,
        end: Instant,
        mut receiver: oneshot::Receiver<Attempted>,
    ) -> Option<Attempted> {
        let lost = Err((Reached::Perhaps, None));
        if let Ok(answered) = timeout(PATIENCE, &mut receiver).await {
            return Some(answered.unwrap_or(lost));
        }
        if self.gathered.withdraw(leader, encoded) {
            return None;
        }
        tokio::select! {
            answered = receiver => Some(answered.unwrap_or(lost)),
            () = sleep_until(end.into()) => Some(lost),
        }
    }
}

#[cfg(test)]
mod tests;
