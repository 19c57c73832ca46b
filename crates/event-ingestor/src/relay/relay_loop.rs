//! The loop of the lease holder: sequence, read, publish, record the position.

use super::outgoing::Outgoing;
use super::{Ended, Relay, new_backoff, wait};
use runtime::kafka::{KafkaError, PublishError, TopicWriter};
use runtime::{Shutdown, causes};
use std::num::NonZeroU16;
use std::time::{Duration, Instant};
use storage::feed::{self, Chunk, Gap};
use storage::ingest::partitions::PartitionLease;
use storage::{PooledConnection, StorageError};

/// The most chunks that are published together.
const CHUNKS: i64 = 50;
/// How long one publication may take before it counts as failed and the topic is read again.
const PUBLISH: Duration = Duration::from_secs(5);
/// How often the number of partitions is read again.
const LISTING: Duration = Duration::from_secs(30);
/// How often the backlog is measured.
const MEASURING: Duration = Duration::from_secs(1);
/// How often old changes are deleted, and how many chunks at once.
const PRUNING: (Duration, i64) = (Duration::from_secs(60), 1_000);

/// The relay while it holds the lease.
pub(super) struct RelayLoop<'a> {
    relay: &'a Relay,
    lease: PartitionLease,
    writer: TopicWriter,
    partitions: Option<(NonZeroU16, Instant)>,
    /// The records that were read and are not yet acknowledged.
    outgoing: Option<Outgoing>,
    measure_at: Instant,
    prune_at: Instant,
}

/// Why the relay cannot continue.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("the feed cannot be read or its position recorded")]
    Storage(#[from] StorageError),
    #[error("the feed's topic cannot be read")]
    Topic(#[from] KafkaError),
    #[error("changes could not be published")]
    Publish(#[from] PublishError),
    #[error("a topic of {0} partitions cannot be used")]
    Partitions(usize),
    #[error("another replica holds the feed's lease")]
    LeaseLost,
}

impl<'a> RelayLoop<'a> {
    pub(super) fn new(relay: &'a Relay, lease: PartitionLease) -> Self {
        let now = Instant::now();
        Self {
            relay,
            writer: relay.kafka.writer(&lease.topic),
            lease,
            partitions: None,
            outgoing: None,
            measure_at: now,
            prune_at: now,
        }
    }

    /// Publishes until asked to stop or overtaken. A publication in flight is completed.
    pub(super) async fn run(&mut self, shutdown: &Shutdown) -> Ended {
        let mut backoff = new_backoff();
        while !shutdown.is_requested() {
            match self.step().await {
                Ok(full) => {
                    backoff.reset();
                    if !full {
                        wait(shutdown, self.relay.settings.poll()).await;
                    }
                }
                Err(RelayError::LeaseLost) => return Ended::LeaseLost,
                Err(error) => {
                    tracing::warn!(
                        error = causes(&error),
                        pause_ms = backoff.peek().as_millis(),
                        "publishing the feed failed; retrying after the pause"
                    );
                    self.partitions = None;
                    wait(shutdown, backoff.pause()).await;
                }
            }
        }
        Ended::Stopped
    }

    /// Publishes at most [`CHUNKS`] chunks; returns whether there may be more.
    async fn step(&mut self) -> Result<bool, RelayError> {
        self.measure().await?;
        self.prune().await?;
        if self.outgoing.is_none() {
            self.outgoing = self.read().await?;
        }
        let Some(outgoing) = &mut self.outgoing else { return Ok(false) };
        outgoing.publish(&self.writer, PUBLISH).await?;
        let (next_position, changes) = (outgoing.next_position, outgoing.changes);
        let full = i64::try_from(outgoing.chunks).is_ok_and(|chunks| chunks == CHUNKS);
        self.record_position(next_position).await?;
        self.outgoing = None;
        self.relay.metrics.published(changes);
        Ok(full)
    }

    async fn read(&mut self) -> Result<Option<Outgoing>, RelayError> {
        let after = self.lease.next_offset - 1;
        let work = async move |mut connection: PooledConnection| {
            let chunks = feed::sequence_and_list(&mut connection, after, CHUNKS).await?;
            let gap = match chunks.first() {
                Some(first) if first.position != after + 1 => {
                    Some(feed::explain_gap(&mut connection, after, first.position).await?)
                }
                _ => None,
            };
            Ok::<_, StorageError>((chunks, gap))
        };
        let (chunks, gap): (Vec<Chunk>, Option<Gap>) = self.relay.database.run(work).await?;
        let Some(first) = chunks.first() else { return Ok(None) };
        // After a failover positions are skipped. A relay whose position is one of those has published
        // changes that are lost; the record of its position survived by chance.
        if gap == Some(Gap::Deleted) {
            tracing::error!(
                expected = self.lease.next_offset,
                found = first.position,
                "changes were deleted before they were published; consumers miss them"
            );
        }
        let partitions = self.partitions().await?;
        Ok(Outgoing::of(&chunks, partitions, &self.relay.settings.source))
    }

    async fn partitions(&mut self) -> Result<NonZeroU16, RelayError> {
        if let Some((partitions, listed_at)) = self.partitions
            && listed_at.elapsed() < LISTING
        {
            return Ok(partitions);
        }
        let listed = self.relay.kafka.partitions(&self.lease.topic).await?.len();
        let partitions = u16::try_from(listed).ok().and_then(NonZeroU16::new);
        let partitions = partitions.ok_or(RelayError::Partitions(listed))?;
        self.partitions = Some((partitions, Instant::now()));
        Ok(partitions)
    }

    async fn record_position(&mut self, next_position: i64) -> Result<(), RelayError> {
        let lease = self.lease.clone();
        let work = async move |mut connection: PooledConnection| {
            feed::record_published(&mut connection, &lease, next_position).await
        };
        if !self.relay.database.run::<_, StorageError, _, _>(work).await? {
            return Err(RelayError::LeaseLost);
        }
        self.lease.next_offset = next_position;
        Ok(())
    }

    async fn measure(&mut self) -> Result<(), RelayError> {
        if self.measure_at > Instant::now() {
            return Ok(());
        }
        self.measure_at = Instant::now() + MEASURING;
        let next_position = self.lease.next_offset;
        let work =
            async move |mut connection: PooledConnection| feed::backlog(&mut connection, next_position).await;
        self.relay.metrics.behind(self.relay.database.run::<_, StorageError, _, _>(work).await?);
        Ok(())
    }

    async fn prune(&mut self) -> Result<(), RelayError> {
        if self.prune_at > Instant::now() {
            return Ok(());
        }
        let ((interval, limit), retention) = (PRUNING, self.relay.settings.retention());
        let next_position = self.lease.next_offset;
        let work = async move |mut connection: PooledConnection| {
            feed::prune_jumps(&mut connection, next_position, retention).await?;
            feed::prune(&mut connection, next_position, retention, limit).await
        };
        let deleted = self.relay.database.run::<_, StorageError, _, _>(work).await?;
        // If there is more to delete, the next step continues; publishing continues in between.
        if i64::try_from(deleted).is_ok_and(|deleted| deleted < limit) {
            self.prune_at = Instant::now() + interval;
        }
        Ok(())
    }
}
