//! What the holder of the lease does over and over: number, read, publish, note.

use super::outgoing::Outgoing;
use super::{Ended, FIRST_PAUSE, Relay, back_off, wait};
use runtime::kafka::{KafkaError, PublishError, TopicWriter};
use runtime::{Shutdown, causes};
use std::num::NonZeroU16;
use std::time::{Duration, Instant};
use storage::feed::{self, Chunk};
use storage::ingest::partitions::PartitionLease;
use storage::{PooledConnection, StorageError};

/// Chunks that are published together.
const CHUNKS: i64 = 50;
/// How long one publication may take before the causes are looked into and the topic is looked at again.
const PUBLISH: Duration = Duration::from_secs(5);
/// How often to look whether the topic has grown.
const LISTING: Duration = Duration::from_secs(30);
/// How often to measure what is behind.
const MEASURING: Duration = Duration::from_secs(1);
/// How often to delete what is old, and how much at once.
const PRUNING: (Duration, i64) = (Duration::from_secs(60), 1_000);

/// The relay while it holds the lease.
pub(super) struct Pump<'a> {
    relay: &'a Relay,
    lease: PartitionLease,
    writer: TopicWriter,
    partitions: Option<(NonZeroU16, Instant)>,
    /// What was read and is not yet acknowledged.
    outgoing: Option<Outgoing>,
    measure_at: Instant,
    prune_at: Instant,
}

/// What keeps it from going on.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the feed cannot be read or its place noted")]
    Storage(#[from] StorageError),
    #[error("the feed's topic cannot be looked at")]
    Topic(#[from] KafkaError),
    #[error("changes could not be published")]
    Publish(#[from] PublishError),
    #[error("a topic of {0} partitions cannot be used")]
    Partitions(usize),
    #[error("the feed's place is another's")]
    LeaseLost,
}

impl<'a> Pump<'a> {
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

    /// Publishes on until asked to stop, or overtaken. What is being published then is waited for.
    pub(super) async fn run(&mut self, shutdown: &Shutdown) -> Ended {
        let mut pause = FIRST_PAUSE;
        while !shutdown.is_requested() {
            match self.step().await {
                Ok(full) => {
                    pause = FIRST_PAUSE;
                    if !full {
                        wait(shutdown, self.relay.settings.poll()).await;
                    }
                }
                Err(Trouble::LeaseLost) => return Ended::LeaseLost,
                Err(trouble) => {
                    tracing::warn!(
                        error = causes(&trouble),
                        pause_ms = pause.as_millis(),
                        "the feed is held up"
                    );
                    self.partitions = None;
                    back_off(shutdown, &mut pause).await;
                }
            }
        }
        Ended::Stopped
    }

    /// Publishes what there is, up to some chunks; says whether there may be more.
    async fn step(&mut self) -> Result<bool, Trouble> {
        self.measure().await?;
        self.prune().await?;
        if self.outgoing.is_none() {
            self.outgoing = self.read().await?;
        }
        let Some(outgoing) = &mut self.outgoing else { return Ok(false) };
        outgoing.publish(&self.writer, PUBLISH).await?;
        let (next_position, changes) = (outgoing.next_position, outgoing.changes);
        let full = i64::try_from(outgoing.chunks).is_ok_and(|chunks| chunks == CHUNKS);
        self.note(next_position).await?;
        self.outgoing = None;
        self.relay.metrics.published(changes);
        Ok(full)
    }

    async fn read(&mut self) -> Result<Option<Outgoing>, Trouble> {
        let after = self.lease.next_offset - 1;
        let work = async move |mut connection: PooledConnection| {
            feed::sequence(&mut connection).await?;
            feed::list_after(&mut connection, after, CHUNKS).await
        };
        let chunks: Vec<Chunk> = self.relay.database.run::<_, StorageError, _, _>(work).await?;
        let Some(first) = chunks.first() else { return Ok(None) };
        if first.position != self.lease.next_offset {
            tracing::error!(
                expected = self.lease.next_offset,
                found = first.position,
                "changes were deleted before they were published"
            );
        }
        let partitions = self.partitions().await?;
        Ok(Outgoing::of(&chunks, partitions, &self.relay.settings.source))
    }

    async fn partitions(&mut self) -> Result<NonZeroU16, Trouble> {
        if let Some((partitions, listed_at)) = self.partitions
            && listed_at.elapsed() < LISTING
        {
            return Ok(partitions);
        }
        let listed = self.relay.kafka.partitions(&self.lease.topic).await?.len();
        let partitions = u16::try_from(listed).ok().and_then(NonZeroU16::new);
        let partitions = partitions.ok_or(Trouble::Partitions(listed))?;
        self.partitions = Some((partitions, Instant::now()));
        Ok(partitions)
    }

    async fn note(&mut self, next_position: i64) -> Result<(), Trouble> {
        let lease = self.lease.clone();
        let work = async move |mut connection: PooledConnection| {
            feed::note_published(&mut connection, &lease, next_position).await
        };
        if !self.relay.database.run::<_, StorageError, _, _>(work).await? {
            return Err(Trouble::LeaseLost);
        }
        self.lease.next_offset = next_position;
        Ok(())
    }

    async fn measure(&mut self) -> Result<(), Trouble> {
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

    async fn prune(&mut self) -> Result<(), Trouble> {
        if self.prune_at > Instant::now() {
            return Ok(());
        }
        let ((interval, limit), retention) = (PRUNING, self.relay.settings.retention());
        let next_position = self.lease.next_offset;
        let work = async move |mut connection: PooledConnection| {
            feed::prune(&mut connection, next_position, retention, limit).await
        };
        let deleted = self.relay.database.run::<_, StorageError, _, _>(work).await?;
        // Where there was more, at the next step; publishing goes on in between.
        if i64::try_from(deleted).is_ok_and(|deleted| deleted < limit) {
            self.prune_at = Instant::now() + interval;
        }
        Ok(())
    }
}
