//! Publishing to several partitions at once: one request to each broker that leads some of them. A
//! broker spends more on a request than on a small batch in it.

use crate::lock::MutexExt as _;
use std::{
    borrow::Borrow,
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use super::{Attempted, Encoded, Published, TopicWriter};
use crate::kafka::{
    error::{Failure, PublishError, Reached},
    link::Link,
    produce::{self, ProduceMany},
    record::NewRecord,
};

impl TopicWriter {
    /// Publishes the records of each partition as one batch, like [`publish`](Self::publish); returns
    /// the outcome of each partition once all have one. A partition whose first attempt failed is
    /// retried alone.
    pub async fn publish_many(
        &self,
        records: Vec<(i32, Vec<NewRecord>)>,
        within: Duration,
    ) -> Vec<(i32, Result<(), PublishError>)> {
        let lost = || PublishError::new(Reached::Perhaps, Failure::Lost);
        let partitions: Vec<i32> = records.iter().map(|(partition, _)| *partition).collect();
        let (writer, end) = (self.clone(), Instant::now() + within);
        // Boxed, because the future is large.
        let publish = Box::pin(async move { writer.publish_each(records, end).await });
        match self.cluster.runtime.spawn(publish).await {
            Ok(published) => {
                let without_offset =
                    |(partition, published): (i32, Published)| (partition, published.map(drop));
                published.into_iter().map(without_offset).collect()
            }
            Err(_lost) => partitions.into_iter().map(|partition| (partition, Err(lost()))).collect(),
        }
    }

    async fn publish_each(&self, records: Vec<(i32, Vec<NewRecord>)>, end: Instant) -> Vec<(i32, Published)> {
        let mut outcomes = Vec::with_capacity(records.len());
        let mut by_leader: BTreeMap<Option<String>, Vec<Encoded>> = BTreeMap::new();
        for (partition, records) in records {
            match produce::encode(&records, self.cluster.compression) {
                Ok(batch) => {
                    let leader = self.find_leader(partition, end).await;
                    by_leader.entry(leader).or_default().push(Encoded { partition, batch });
                }
                Err(error) => {
                    let failure = Failure::malformed(error);
                    outcomes.push((partition, Err(PublishError::new(Reached::Never, failure))));
                }
            }
        }
        let groups = by_leader.into_iter().map(|(leader, batches)| self.publish_group(leader, batches, end));
        outcomes.extend(join_all(groups).await.into_iter().flatten());
        outcomes
    }

    /// The broker that leads the partition, if it is known; retries find out.
    async fn find_leader(&self, partition: i32, end: Instant) -> Option<String> {
        let left = end.saturating_duration_since(Instant::now());
        let found = self.cluster.leaders.find(&self.topic, partition, None);
        tokio::time::timeout(left, found).await.ok()?.ok()
    }

    /// Publishes batches whose partitions have the same leader.
    async fn publish_group(
        &self,
        leader: Option<String>,
        batches: Vec<Encoded>,
        end: Instant,
    ) -> Vec<(i32, Published)> {
        let mut first = match leader {
            Some(leader) if batches.len() > 1 => self.attempt(&leader, &batches, end).await,
            _ => BTreeMap::new(),
        };
        let finished = batches.into_iter().map(|encoded| {
            let attempted = first.remove(&encoded.partition);
            async move { (encoded.partition, self.finish(&encoded, attempted, end).await) }
        });
        join_all(finished).await
    }

    /// Ends the publication of a batch after an attempt together with others, if one was made.
    pub(super) async fn finish(
        &self,
        encoded: &Encoded,
        attempted: Option<Attempted>,
        end: Instant,
    ) -> Published {
        let reached = match attempted {
            Some(Ok(offset)) => return Ok(offset),
            Some(Err((reached, Some(failure)))) if is_conclusive(&failure) => {
                return Err(PublishError::new(reached, failure));
            }
            Some(Err((reached, _))) => reached,
            None => Reached::Never,
        };
        self.publish_until(encoded, end, reached, None).await
    }

    /// One request with all batches. A failure that concerns the whole request has no cause by
    /// partition.
    pub(super) async fn attempt<B: Borrow<Encoded>>(
        &self,
        leader: &str,
        batches: &[B],
        end: Instant,
    ) -> BTreeMap<i32, Attempted> {
        let batches = batches.iter().map(<B as Borrow<Encoded>>::borrow);
        let parts: Vec<(i32, &[u8])> =
            batches.map(|encoded| (encoded.partition, encoded.batch.as_slice())).collect();
        let Some((partition, _)) = parts.first() else { return BTreeMap::new() };
        let link = self.link_to(leader, *partition);
        let limit = end.saturating_duration_since(Instant::now()).min(self.cluster.request_timeout);
        let request = ProduceMany { topic: &self.topic, batches: &parts, limit };
        let mut answers = match link.ask(limit, &request).await {
            Ok(answers) => answers,
            Err((reached, Failure::Throttled(rest))) => {
                let throttled = |(partition, _)| (partition, Err((reached, Some(Failure::Throttled(rest)))));
                return parts.into_iter().map(throttled).collect();
            }
            Err((reached, _failure)) => {
                self.forget_link_to(leader);
                return parts.into_iter().map(|(partition, _)| (partition, Err((reached, None)))).collect();
            }
        };
        let outcome = |(partition, _): (i32, _)| {
            let outcome = match answers.remove(&partition) {
                Some(answer) => answer.map_err(|failure| (failure.reached(), Some(failure))),
                None => Err((Reached::Perhaps, None)),
            };
            (partition, outcome)
        };
        let outcomes: BTreeMap<_, _> = parts.into_iter().map(outcome).collect();
        if outcomes.values().any(Result::is_err) {
            self.forget_link_to(leader);
        }
        outcomes
    }

    /// The connection to the broker at `leader`, which leads `partition`.
    fn link_to(&self, leader: &str, partition: i32) -> Arc<Link> {
        let new = || Arc::new(Link::new(Arc::clone(&self.cluster), &self.topic, partition));
        Arc::clone(self.broker_links.locked().entry(leader.to_owned()).or_insert_with(new))
    }

    /// Drops the connection after a failure: its partition may have another leader by now.
    fn forget_link_to(&self, leader: &str) {
        self.broker_links.locked().remove(leader);
    }
}

/// Whether the partition must not be retried alone now. A throttle concerns every connection of this
/// client.
const fn is_conclusive(failure: &Failure) -> bool {
    matches!(failure, Failure::Throttled(_)) || failure.is_final()
}
