//! The floor of `PostgreSQL`: the ingestor's own statements in a loop, over events that are decoded
//! in memory beforehand. The only file of this crate that uses the writing half of `storage`.
//!
//! The events are real ones: they are published to the run's topic while no ingestor runs, and what
//! is written here is what an ingestor would write, in batches and one by one. Kafka,
//! decoding and metrics are left out. The fold is included, because it is part of the transaction,
//! and is also timed separately.

mod copy;

use crate::harness::Harness;
use crate::numbers::{count, float, round, share};
use crate::report::{Floor, Writing};
use crate::server;
use crate::visibility::{self, Offsets};
use anyhow::{Context as _, bail, ensure};
use domain::devices::charge_point::ChargePoint;
use domain::devices::history::History;
use domain::devices::sample::Samples;
use domain::event::GatewayEvent;
use domain::order::RecordPosition;
use futures_util::TryStreamExt as _;
use futures_util::stream::FuturesUnordered;
use runtime::kafka::ReceivedRecord;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use storage::ingest::batch::{Folded, Written};
use storage::ingest::partitions::{self, PartitionLease};
use storage::{Database, DatabaseSettings, LoadPlan};
use uuid::Uuid;

/// Longer than the whole measurement takes.
const LEASE: Duration = Duration::from_secs(600);
/// PostgreSQL's statistics are up to a second late.
pub const STATISTICS_DELAY: Duration = Duration::from_millis(1_500);

type Event = (GatewayEvent, RecordPosition);

/// The unwritten events of one partition.
struct PartitionQueue {
    lease: PartitionLease,
    events: VecDeque<Event>,
}

/// The result of one way of writing.
struct WriteResult {
    events: u64,
    seconds: f64,
    folding: f64,
}

/// The decoded records of the topic behind the offsets in the database; no ingestor may run.
pub struct Prepared {
    queues: Vec<PartitionQueue>,
    url: String,
}

impl Prepared {
    /// Reads and decodes the records between `from` and `to`.
    pub async fn read(harness: &mut Harness, from: &Offsets, to: &Offsets) -> anyhow::Result<Self> {
        let topic = &harness.platform.names.events;
        let mut decoded = visibility::read(&harness.platform.kafka, topic, from, to, decode).await?;
        let owner = Uuid::now_v7();
        let all = harness.plan.partitions.into();
        let leases = partitions::acquire(&mut harness.queries, topic, owner, all, LEASE).await?;
        ensure!(leases.len() == to.len(), "an ingestor still owns {} partitions", to.len() - leases.len());
        let mut queues = Vec::new();
        for lease in leases {
            let events = decoded.remove(&lease.partition).unwrap_or_default();
            let events = events.into_iter().collect::<anyhow::Result<VecDeque<Event>>>()?;
            queues.push(PartitionQueue { lease, events });
        }
        Ok(Self { queues, url: harness.platform.url.clone() })
    }

    /// Measures one transaction per event, with one connection and with `connections`, then batches
    /// of `per_batch`.
    pub async fn measure(
        mut self,
        harness: &mut Harness,
        connections: usize,
        per_batch: usize,
    ) -> anyhow::Result<Floor> {
        let limit = harness.plan.one_by_one;
        let one = self.run(1, 1, Some(limit)).await?;
        let several = self.run(connections, 1, Some(limit)).await?;
        tokio::time::sleep(STATISTICS_DELAY).await;
        let before = server::work(&mut harness.queries).await?;
        let tables_before = copy::rows_written(&self.url).await?;
        let bulk = self.run(connections, per_batch, None).await?;
        tokio::time::sleep(STATISTICS_DELAY).await;
        let rows = server::work(&mut harness.queries).await?.rows - before.rows;
        let rows_per_event = share(float(u64::try_from(rows)?), float(bulk.events));
        let mut tables = copy::rows_written(&self.url).await?;
        tables.iter_mut().for_each(|(table, rows)| *rows -= tables_before.get(table).copied().unwrap_or(0));
        let rows_per_batch = format!("{:.0}", rows_per_event * count(per_batch)).parse().unwrap_or(1);
        let copied = copy::measure(&self.url, &tables, connections, rows_per_batch, rows_per_event).await?;
        Ok(Floor {
            events_per_batch: per_batch,
            copied,
            rows_per_s: round(share(float(u64::try_from(rows)?), bulk.seconds), 0),
            rows_per_event: round(rows_per_event, 2),
            folding_share: round(share(bulk.folding, bulk.seconds * count(connections)), 3),
            bulk: bulk.report(connections),
            one_by_one: one.report(1),
            one_by_one_at_once: several.report(connections),
        })
    }

    /// Measures batches of `per_batch` only, and releases the partitions, so that an ingestor can
    /// follow.
    pub async fn measure_batches(
        mut self,
        harness: &mut Harness,
        connections: usize,
        per_batch: usize,
    ) -> anyhow::Result<Writing> {
        let bulk = self.run(connections, per_batch, None).await?;
        for queue in &self.queues {
            partitions::release(&mut harness.queries, &queue.lease).await?;
        }
        Ok(bulk.report(connections))
    }

    /// Writes the remaining events over `connections` concurrent connections, with at most
    /// `per_batch` events in a transaction.
    async fn run(
        &mut self,
        connections: usize,
        per_batch: usize,
        limit: Option<Duration>,
    ) -> anyhow::Result<WriteResult> {
        let database = Database::for_batches(&DatabaseSettings {
            max_connections: connections,
            ..DatabaseSettings::without_tls(self.url.clone().into())
        })?;
        let folding = Arc::new(AtomicU64::new(0));
        let begun = Instant::now();
        let before: usize = self.queues.iter().map(|queue| queue.events.len()).sum();
        let queues: FuturesUnordered<_> = std::mem::take(&mut self.queues)
            .into_iter()
            .map(|queue| {
                let (database, folding) = (database.clone(), Arc::clone(&folding));
                let work = async move { queue.write_all(&database, per_batch, begun, limit, &folding).await };
                let task = tokio::spawn(work);
                async move { task.await.context("writing")? }
            })
            .collect();
        self.queues = queues.try_collect().await?;
        let seconds = begun.elapsed().as_secs_f64();
        let left: usize = self.queues.iter().map(|queue| queue.events.len()).sum();
        let events = u64::try_from(before - left)?;
        Ok(WriteResult { events, seconds, folding: float(folding.load(Ordering::Relaxed)) / 1e9 })
    }
}

impl WriteResult {
    fn report(&self, connections: usize) -> Writing {
        Writing {
            connections,
            events: self.events,
            seconds: round(self.seconds, 2),
            events_per_s: round(share(float(self.events), self.seconds), 0),
        }
    }
}

impl PartitionQueue {
    /// Writes like the task of a partition: one batch after the other, each on a connection of the
    /// pool.
    async fn write_all(
        mut self,
        database: &Database,
        per_batch: usize,
        begun: Instant,
        limit: Option<Duration>,
        folding: &Arc<AtomicU64>,
    ) -> anyhow::Result<Self> {
        while !self.events.is_empty() && limit.is_none_or(|limit| begun.elapsed() < limit) {
            let batch: Vec<Event> = self.events.drain(..per_batch.min(self.events.len())).collect();
            let next_offset =
                batch.last().map_or(self.lease.next_offset, |(_, position)| position.offset + 1);
            let (lease, folding) = (self.lease.clone(), Arc::clone(folding));
            let written = database.run(async move |mut connection| {
                let load_plan = LoadPlan::of(batch.iter().map(|(event, position)| (event, *position)));
                let fold = |states| timed(&folding, || fold_batch(states, &batch));
                storage::ingest::batch::write(&mut connection, &lease, next_offset, &load_plan, fold).await
            });
            match written.await? {
                Written::Committed => self.lease.next_offset = next_offset,
                Written::LeaseLost => bail!("the lease of partition {} was lost", self.lease.partition),
            }
        }
        Ok(self)
    }
}

fn decode(partition: i32, record: &ReceivedRecord) -> anyhow::Result<Event> {
    let headers = record.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    let event = wire::decode(&wire::RawRecord::new(record.value.as_deref(), headers))
        .map_err(|error| anyhow::anyhow!("offset {}: {error}", record.offset))?;
    let position = RecordPosition { partition, offset: record.offset, appended_at: record.timestamp };
    Ok((event, position))
}

fn timed<T>(folding: &AtomicU64, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = work();
    let nanos = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
    folding.fetch_add(nanos, Ordering::Relaxed);
    result
}

/// The result of folding `batch`, every event of which is usable.
pub fn fold_batch(mut states: Vec<ChargePoint>, batch: &[Event]) -> Folded {
    let (mut history, mut samples) = (History::default(), Samples::default());
    for (event, position) in batch {
        samples.add_event(event, position);
        let found = states.binary_search_by(|state| state.id.cmp(&event.charge_point_id));
        if let Some(state) = found.ok().and_then(|index| states.get_mut(index)) {
            // An event that cannot be placed would be a dead letter; the load generator sends none.
            history.apply(state, event, position);
        }
    }
    Folded { states, history, samples, ..Folded::default() }
}
