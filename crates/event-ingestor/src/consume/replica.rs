//! One of several replicas: acquires its fair share of the partitions, keeps it, and releases it.

mod ended;
mod leaving;
mod share;

use crate::consume::batch_writer::BatchWriter;
use crate::consume::days::Days;
use crate::consume::dead_letter_cap::{DeadLetterCap, OmittedRange};
use crate::consume::group_commit::GroupCommit;
use crate::consume::partition::fetch_size::FetchSize;
use crate::consume::partition::log_check::LogCheck;
use crate::consume::partition::refusal::Refusals;
use crate::consume::partition::{Ended, PartitionTask};
use crate::metering::MeteredConnectors;
use crate::metrics::Metrics;
use crate::presence::Presence;
use crate::settings::IngestSettings;
use domain::order::AppendClock;
use ended::EndedReplicas;
use leaving::Leaving;
use runtime::Shutdown;
use runtime::causes;
use runtime::every;
use runtime::kafka::Kafka;
use share::fair_share;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use storage::database::standby;
use storage::ingest::partitions::{self, LeaseRenewal, PartitionLease};
use storage::ingest::replicas::{self, Membership};
use storage::{Database, StorageError};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// How often a stopping replica checks whether its partitions are left.
const LEAVING_POLL: Duration = Duration::from_millis(20);

/// The connections of a replica.
pub(crate) struct Connections {
    /// Connections for batches.
    pub database: Database,
    /// The connection for renewing leases, which no batch can delay.
    pub leases: Database,
    /// Connections to the brokers.
    pub kafka: Kafka,
}

/// A replica and the partitions that it consumes.
pub(crate) struct Replica {
    id: Uuid,
    settings: Arc<IngestSettings>,
    database: Database,
    leases: Database,
    kafka: Kafka,
    metrics: Arc<Metrics>,
    days: Arc<Days>,
    presence: Presence,
    metered: Arc<MeteredConnectors>,
    turns: Arc<Semaphore>,
    writer: Arc<BatchWriter>,
    group_commit: Arc<GroupCommit>,
    /// Writes the small batches of all partitions.
    group_writes: AbortOnDropHandle<()>,
    dead_letter_cap: Arc<DeadLetterCap>,
    owned: BTreeMap<i32, Owned>,
    leaving: Leaving,
    discover_at: Instant,
    /// Whether the topic was ever listed.
    knows_topic: bool,
    /// The timeline of PostgreSQL's log at the last heartbeat; `None` before the first.
    timeline: Option<i32>,
    /// Other replicas that may have died.
    ended: EndedReplicas,
}

/// A partition that this replica consumes.
struct Owned {
    held: HeldPartition,
    stop: CancellationToken,
    task: JoinHandle<(PartitionLease, Ended)>,
}

/// What the renewal of a lease needs.
struct HeldPartition {
    epoch: i64,
    caught_up: watch::Receiver<Option<Instant>>,
}

impl HeldPartition {
    fn renewal(&self, partition: i32) -> LeaseRenewal {
        let caught_up = self.caught_up.borrow().map(|at| at.elapsed());
        LeaseRenewal { partition, epoch: self.epoch, caught_up }
    }
}

impl Replica {
    pub(crate) fn new(
        id: Uuid,
        settings: IngestSettings,
        connections: Connections,
        metrics: Arc<Metrics>,
        days: Arc<Days>,
        presence: Presence,
        metered: Arc<MeteredConnectors>,
    ) -> Self {
        let Connections { database, leases, kafka } = connections;
        let turns = Arc::new(Semaphore::new(settings.concurrent_batches.get()));
        let writer = Arc::new(BatchWriter::new(database.clone(), Arc::clone(&days)));
        let group_commit =
            Arc::new(GroupCommit::new(Arc::clone(&writer), metrics.groups.clone(), Arc::clone(&turns)));
        let group_writes = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&group_commit).run()));
        Self {
            id,
            turns,
            writer,
            group_commit,
            group_writes,
            dead_letter_cap: Arc::new(DeadLetterCap::new(settings.dead_letters_per_minute)),
            settings: Arc::new(settings),
            leaving: Leaving::new(database.clone(), Arc::clone(&metrics)),
            database,
            leases,
            kafka,
            metrics,
            days,
            presence,
            metered,
            owned: BTreeMap::new(),
            discover_at: Instant::now(),
            knows_topic: false,
            timeline: None,
            ended: EndedReplicas::default(),
        }
    }

    /// Consumes its share until asked to stop, then releases it.
    ///
    /// # Errors
    /// When the task of a partition died.
    pub(crate) async fn run(mut self, shutdown: &Shutdown) -> anyhow::Result<()> {
        tracing::info!(replica = %self.id, topic = %self.settings.topic, "replica starts");
        let mut heartbeats = every(self.settings.heartbeat());
        while shutdown.run_until_requested(heartbeats.tick()).await.is_some() {
            self.reap()?;
            self.discover().await;
            // A replica that Kafka does not admit does not count: others would leave it partitions
            // that it cannot read.
            if !self.knows_topic {
                continue;
            }
            if let Err(error) = self.heartbeat().await {
                tracing::warn!(
                    error = causes(&error),
                    "leases could not be renewed; retrying at the next heartbeat"
                );
            }
        }
        self.leave().await
    }

    /// Creates rows for partitions that the topic has gained; reading begins at their earliest
    /// record.
    async fn discover(&mut self) {
        if Instant::now() < self.discover_at {
            return;
        }
        // Bounded, because leases are not renewed meanwhile; rows created by then are kept.
        match tokio::time::timeout(self.settings.heartbeat(), self.register_partitions()).await {
            Ok(Ok(())) => {
                self.knows_topic = true;
                self.discover_at = Instant::now() + self.settings.discover_interval();
            }
            Ok(Err(error)) => tracing::warn!(
                error = format!("{error:#}"),
                "partitions could not be listed; retrying at the next heartbeat"
            ),
            Err(_elapsed) => {
                tracing::warn!("listing partitions timed out; it continues at the next heartbeat");
            }
        }
    }

    async fn register_partitions(&self) -> anyhow::Result<()> {
        let topic = &self.settings.topic;
        let listed = self.kafka.partitions(topic).await?;
        let mut connection = self.leases.connection().await?;
        let known = partitions::list(&mut connection, topic).await?;
        let is_new = |partition: &i32| known.iter().all(|state| state.partition != *partition);
        for partition in listed.into_iter().filter(is_new) {
            let start = self.kafka.reader(topic, partition).earliest_offset().await?;
            partitions::register(&mut connection, topic, &[(partition, start)]).await?;
            tracing::info!(%topic, partition, start, "new partition");
        }
        Ok(())
    }

    /// Renews leases, releases partitions beyond the fair share, and acquires missing ones.
    async fn heartbeat(&mut self) -> Result<(), StorageError> {
        let (topic, ttl) = (self.settings.topic.clone(), self.settings.lease());
        let mut connection = self.leases.connection().await?;
        self.follow_timeline(standby::timeline(&mut connection).await?);
        self.ended.release(&mut connection, self.id, &topic).await?;
        let Membership { live, rank } = replicas::heartbeat(&mut connection, self.id, &topic, ttl).await?;
        let lost = self.renew(&mut connection).await?;
        let states = partitions::list(&mut connection, &topic).await?;
        let share = fair_share(states.len(), live, rank);
        self.leave_each(lost);
        self.leave_surplus(self.owned.len().saturating_sub(share));
        let mut unowned = states.iter().filter(|state| state.owner.is_none()).count();
        let wanted = share.saturating_sub(self.owned.len());
        if wanted > 0 {
            let limit = i64::try_from(wanted).unwrap_or(i64::MAX);
            let leases = partitions::acquire(&mut connection, &topic, self.id, limit, ttl).await?;
            unowned = unowned.saturating_sub(leases.len());
            leases.into_iter().for_each(|lease| self.start(lease));
        }
        self.metrics.unowned(unowned);
        Ok(())
    }

    /// Leaves all partitions if the log has a new timeline, and so acquires them again at the offsets
    /// of the database: these go back if a standby took over that lacked the last batches. A batch
    /// would notice it, but a partition without new records has none.
    fn follow_timeline(&mut self, timeline: Option<i32>) {
        let Some(timeline) = timeline else { return };
        if self.timeline.replace(timeline).is_some_and(|previous| previous != timeline) {
            tracing::warn!(
                timeline,
                "PostgreSQL has a new timeline: reading the offsets of all partitions again"
            );
            self.leave_surplus(usize::MAX);
        }
    }

    /// Renews all leases, including those of partitions that are being left; returns the partitions
    /// whose leases are lost.
    async fn renew(&mut self, connection: &mut storage::Connection) -> Result<Vec<i32>, StorageError> {
        let owned = self.owned.iter().map(|(partition, owned)| owned.held.renewal(*partition));
        let held: Vec<_> = owned.chain(self.leaving.renewal()).collect();
        let (topic, ttl) = (&self.settings.topic, self.settings.lease());
        let kept = partitions::renew(connection, topic, self.id, &held, ttl).await?;
        Ok(self.owned.keys().filter(|partition| !kept.contains(partition)).copied().collect())
    }

    async fn renew_all(&mut self) -> Result<Vec<i32>, StorageError> {
        let mut connection = self.leases.connection().await?;
        self.renew(&mut connection).await
    }

    fn start(&mut self, lease: PartitionLease) {
        let (partition, epoch) = (lease.partition, lease.epoch);
        tracing::info!(partition, epoch, next_offset = lease.next_offset, "partition taken");
        self.metrics.taken(partition, epoch, lease.next_offset);
        let stop = CancellationToken::new();
        let (caught_up, watched) = watch::channel(None);
        let task = PartitionTask {
            settings: Arc::clone(&self.settings),
            database: self.database.clone(),
            reader: self.kafka.reader(&lease.topic, partition),
            metrics: Arc::clone(&self.metrics),
            days: Arc::clone(&self.days),
            writer: Arc::clone(&self.writer),
            group_commit: Arc::clone(&self.group_commit),
            gateways: Arc::clone(&self.presence.gateways),
            silent_devices: Arc::clone(&self.presence.silent_devices),
            silence: self.presence.silence,
            metered: Arc::clone(&self.metered),
            turns: Arc::clone(&self.turns),
            lease,
            last_record: None,
            log_check: LogCheck::Due,
            caught_up,
            clock: AppendClock::default(),
            stop: stop.clone(),
            fetch_size: FetchSize::new(self.settings.max_batch_bytes),
            refusals: Refusals::default(),
            dead_letter_cap: Arc::clone(&self.dead_letter_cap),
            omitted: OmittedRange::default(),
        };
        let held = HeldPartition { epoch, caught_up: watched };
        self.owned.insert(partition, Owned { held, stop, task: tokio::spawn(task.run()) });
    }

    /// Leaves partitions whose tasks have ended by themselves.
    ///
    /// # Errors
    /// When one of the tasks died.
    fn reap(&mut self) -> anyhow::Result<()> {
        anyhow::ensure!(!self.group_writes.is_finished(), "the task that writes small batches died");
        let ended = self.owned.iter().filter(|(_, owned)| owned.task.is_finished());
        let ended: Vec<i32> = ended.map(|(partition, _)| *partition).collect();
        self.leave_each(ended);
        self.leaving.reap()
    }

    /// Leaves `surplus` partitions, starting with the highest.
    fn leave_surplus(&mut self, surplus: usize) {
        let last: Vec<i32> = self.owned.keys().rev().take(surplus).copied().collect();
        self.leave_each(last);
    }

    /// Lets the tasks finish their batches in the background and then releases the partitions.
    fn leave_each(&mut self, partitions: Vec<i32>) {
        for partition in partitions {
            if let Some(Owned { held, stop, task }) = self.owned.remove(&partition) {
                stop.cancel();
                self.leaving.push(partition, held, task);
            }
        }
    }

    /// Leaves all partitions, and renews the leases of those that take long.
    async fn leave(mut self) -> anyhow::Result<()> {
        self.leave_surplus(usize::MAX);
        let mut heartbeats = every(self.settings.heartbeat());
        let mut polls = tokio::time::interval(LEAVING_POLL);
        while !self.leaving.is_empty() {
            tokio::select! {
                _ = polls.tick() => self.leaving.reap()?,
                _ = heartbeats.tick() => {
                    if let Err(error) = self.renew_all().await {
                        tracing::warn!(
                            error = causes(&error),
                            "leases could not be renewed; retrying at the next heartbeat"
                        );
                    }
                }
            }
        }
        let mut connection = self.leases.connection().await?;
        replicas::leave(&mut connection, self.id).await?;
        tracing::info!(replica = %self.id, "replica stopped");
        Ok(())
    }
}
