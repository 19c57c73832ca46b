//! Writes events as an ingestor does, and measures the cost of each write.

use super::Totals;
use super::statistics::{self, Statistics};
use anyhow::{Context as _, ensure};
use bench::database::{self, Connection};
use bench::numbers::count;
use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use domain::event::GatewayEvent;
use domain::order::RecordPosition;
use std::time::Duration;
use storage::devices::{meter_samples, status_changes};
use storage::ingest::batch::Written;
use storage::ingest::partitions::{self, PartitionLease};
use storage::{Database, DatabaseSettings, LoadPlan, PooledConnection};
use uuid::Uuid;
use wire::event::encode::{Dialect, encode_event_json};

const TOPIC: &str = "capacity";
/// The size of a batch at the highest rate that one ingestor sustains. Each device is in it once,
/// as among a million devices.
const BATCH: usize = 200;
/// Bytes of a record besides value and key: the header `content-type`, lengths, times.
const RECORD_OVERHEAD_BYTES: usize = 42;
/// The duration of the lease, longer than the measurement takes.
const LEASE: Duration = Duration::from_secs(3_600);

/// The owner of the only partition.
pub struct BatchWriter {
    /// The time of the next events.
    pub now: DateTime<Utc>,
    /// A second connection, for statistics.
    pub queries: Connection,
    connection: PooledConnection,
    lease: PartitionLease,
}

impl BatchWriter {
    /// Migrates the database at `url`, and acquires the lease of a partition.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let settings = DatabaseSettings {
            max_connections: 1,
            statement_timeout_ms: 60_000,
            ..DatabaseSettings::without_tls(url.to_owned().into())
        };
        let database = Database::for_batches(&settings)?;
        database.migrate().await?;
        let mut queries = database::connect(url).await?;
        let now = runtime::clock::now() - TimeDelta::hours(20);
        status_changes::ensure_today(&mut queries).await?;
        for day in [now, now + TimeDelta::days(1)] {
            meter_samples::DAYS.ensure(&mut queries, day.date_naive()).await?;
        }
        partitions::register(&mut queries, TOPIC, &[(0, 0)]).await?;
        let leases = partitions::acquire(&mut queries, TOPIC, Uuid::now_v7(), 1, LEASE).await?;
        let lease = leases.into_iter().next().context("the lease of the partition was not acquired")?;
        let connection = database.connection().await?;
        Ok(Self { now, queries, connection, lease })
    }

    /// Writes `events`, one list after the other, each of which has events of one kind. Adds their
    /// costs to `totals` under the name of the kind with `prefix` before it.
    pub async fn write_all(
        &mut self,
        prefix: &str,
        events: &[Vec<GatewayEvent>],
        mut totals: Option<&mut Totals>,
    ) -> anyhow::Result<()> {
        for events in events.iter().map(Vec::as_slice) {
            let Some(totals) = totals.as_deref_mut() else {
                self.write(events).await?;
                continue;
            };
            let before = self.statistics().await?;
            self.write(events).await?;
            let after = self.statistics().await?;
            let kind = events.first().map_or("nothing", |event| event.kind.name());
            let record_bytes = events.iter().map(|event| {
                let value = encode_event_json(event, Dialect::Contract);
                value.len() + event.charge_point_id.as_str().len() + RECORD_OVERHEAD_BYTES
            });
            let total = totals.entry(format!("{prefix}{kind}")).or_default();
            total.events += count(events.len());
            total.record_bytes += count(record_bytes.sum());
            total.written.rows += after.rows - before.rows;
            total.written.log_bytes += after.log_bytes - before.log_bytes;
            total.written.table_bytes += after.table_bytes - before.table_bytes;
            total.written.feed_bytes += after.feed_bytes - before.feed_bytes;
        }
        Ok(())
    }

    async fn statistics(&mut self) -> anyhow::Result<Statistics> {
        // Without this the connection reports its statistics some time later.
        self.connection.batch_execute("select pg_stat_force_next_flush()").await?;
        statistics::read(&mut self.queries).await
    }

    async fn write(&mut self, events: &[GatewayEvent]) -> anyhow::Result<()> {
        for batch in events.chunks(BATCH) {
            let first = self.lease.next_offset;
            let record = |(event, offset): (&GatewayEvent, i64)| {
                (event.clone(), RecordPosition { partition: 0, offset, appended_at: self.now })
            };
            let batch: Vec<_> = batch.iter().zip(first..).map(record).collect();
            let next = batch.last().map_or(first, |(_, position)| position.offset + 1);
            let plan = LoadPlan::of(batch.iter().map(|(event, position)| (event, *position)));
            let fold = |states| bench::fold_batch(states, &batch);
            let written =
                storage::ingest::batch::write(&mut self.connection, &self.lease, next, &plan, fold).await?;
            ensure!(written == Written::Committed, "the lease of the partition was lost");
            self.lease.next_offset = next;
        }
        Ok(())
    }
}
