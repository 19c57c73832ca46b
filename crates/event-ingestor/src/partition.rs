//! One partition, read by the replica that holds its lease: fetch, decode, fold, write, again.

pub(crate) mod appetite;
pub(crate) mod refusal;
mod silence;
mod trace;
mod write;

use crate::batch::Batch;
use crate::days::Days;
use crate::metrics::Metrics;
use crate::presence::{Concerned, HeardGateways};
use crate::settings::IngestSettings;
use appetite::Appetite;
use chrono::{DateTime, Utc};
use domain::order::AppendClock;
use refusal::Refusals;
use runtime::causes;
use runtime::kafka::{FetchError, Fetched, PartitionReader};
use std::sync::Arc;
use std::time::Duration;
use storage::ingest_partitions::{self, PartitionLease};
use storage::presence::silence::SilencePolicy;
use storage::{Database, PooledConnection, StorageError};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use trace::BatchTrace;
use tracing::Instrument as _;

/// How long a partition waits for records while devices of it wait to be judged.
const BETWEEN_JUDGEMENTS: Duration = Duration::from_millis(10);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often a halted partition looks whether an operator has moved its offset.
const HALTED_INTERVAL: Duration = Duration::from_secs(5);

/// Reads one partition.
pub(crate) struct PartitionTask {
    pub settings: Arc<IngestSettings>,
    pub database: Database,
    pub reader: PartitionReader,
    pub metrics: Arc<Metrics>,
    pub days: Arc<Days>,
    /// When gateways were heard.
    pub gateways: Arc<HeardGateways>,
    /// Devices that a silent gateway concerns.
    pub concerned: Arc<Concerned>,
    /// What follows from silence.
    pub silence: SilencePolicy,
    pub lease: PartitionLease,
    /// When everything that was on the partition had been written, for the last time.
    pub caught_up: watch::Sender<Option<tokio::time::Instant>>,
    /// Bounds what records claim of when they were appended.
    pub clock: AppendClock,
    /// How many batches may be in memory at once.
    pub turns: Arc<Semaphore>,
    /// Cancelled when the lease is to be given back, or was lost.
    pub stop: CancellationToken,
    /// How much is fetched at once.
    pub appetite: Appetite,
    /// Records that PostgreSQL refused, and why.
    pub refusals: Refusals,
}

/// Why a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was asked to; nothing is half done.
    Stopped,
    /// Another replica has taken the partition.
    LeaseLost,
}

impl PartitionTask {
    /// Reads on until stopped or overtaken; answers the lease as it stands then.
    pub(crate) async fn run(mut self) -> (PartitionLease, Ended) {
        let mut pause = FIRST_PAUSE;
        let stop = self.stop.clone();
        loop {
            let asked_at = runtime::clock::now();
            let Some(fetched) = stop.run_until_cancelled(self.fetch()).await else { break };
            let ended = match fetched {
                Ok(fetched) => {
                    pause = FIRST_PAUSE;
                    self.take(fetched, asked_at).await
                }
                Err(FetchError::OffsetOutOfRange(offset)) => self.halt(offset).await,
                Err(FetchError::Unavailable(error)) => {
                    tracing::warn!(
                        partition = self.lease.partition,
                        error = causes(error.as_ref()),
                        pause_ms = pause.as_millis(),
                        "fetch failed"
                    );
                    self.wait(&mut pause).await;
                    None
                }
            };
            if let Some(ended) = ended {
                return (self.lease, ended);
            }
        }
        (self.lease, Ended::Stopped)
    }

    async fn fetch(&self) -> Result<Fetched, FetchError> {
        let settings = &self.settings;
        // Devices that wait to be judged do not wait for records as well.
        let devices_wait = self.concerned.has(self.lease.partition);
        let wait = if devices_wait { BETWEEN_JUDGEMENTS } else { settings.fetch_wait() };
        self.reader.fetch(self.lease.next_offset, wait, self.appetite.bytes()).await
    }

    async fn take(&mut self, fetched: Fetched, asked_at: DateTime<Utc>) -> Option<Ended> {
        // The end of the partition was there then; what came since is not in what was fetched.
        let fetched_at = tokio::time::Instant::now();
        // What is fetched is behind until it is written, and stays so for as long as that cannot be done.
        let end = fetched.high_watermark;
        self.metrics.position(self.lease.partition, self.lease.next_offset, end);
        let ended = self.take_turn(fetched).await;
        let next_offset = self.lease.next_offset;
        self.metrics.position(self.lease.partition, next_offset, end);
        if ended.is_none() && next_offset >= end {
            self.caught_up.send_replace(Some(fetched_at));
            // The broker saw the end after it was asked: no record that is still to come was appended before that.
            self.clock.caught_up(asked_at);
            return self.judge_concerned().await;
        }
        ended
    }

    /// Decodes and writes, when it is this partition's turn: what is decoded takes many times the memory of what was fetched,
    /// and Postgres writes a few large batches sooner than many small ones at once.
    async fn take_turn(&mut self, fetched: Fetched) -> Option<Ended> {
        if fetched.next_offset == self.lease.next_offset {
            return None;
        }
        let turns = Arc::clone(&self.turns);
        // Never closed, so this only waits; who is told to stop does not wait.
        let turn = self.stop.run_until_cancelled(turns.acquire()).await;
        turn.as_ref()?;
        let (lease, read_at) = (&self.lease, runtime::clock::now());
        let batch = Batch::decode(&lease.topic, lease.partition, fetched, &mut self.clock, read_at);
        for range in &batch.unreadable {
            tracing::error!(partition = lease.partition, ?range, "stepping over a range that cannot be read");
        }
        let trace = BatchTrace::open(&batch);
        let ended = self.write(batch).instrument(trace.span.clone()).await;
        trace.close(ended.is_none());
        ended
    }

    /// The broker does not have the offset: retention has removed it, or the topic was made anew. Going on elsewhere would
    /// lose or repeat events in silence, so the partition waits until an operator has set its offset.
    async fn halt(&mut self, offset: i64) -> Option<Ended> {
        let partition = self.lease.partition;
        let (earliest, latest) = (self.reader.earliest_offset().await, self.reader.latest_offset().await);
        if let (Ok(earliest), Ok(latest)) = (&earliest, &latest)
            && (*earliest..=*latest).contains(&offset)
        {
            return None;
        }
        tracing::error!(
            partition,
            offset,
            ?earliest,
            ?latest,
            "partition halted: the broker does not have this offset; set ingest_partitions.next_offset to go on"
        );
        self.metrics.halted(partition, true);
        while self.stop.run_until_cancelled(tokio::time::sleep(HALTED_INTERVAL)).await.is_some() {
            if !self.still_stands().await {
                break;
            }
        }
        self.metrics.halted(partition, false);
        (!self.stop.is_cancelled()).then_some(Ended::LeaseLost)
    }

    /// Whether the partition's row is as this task left it; a row that cannot be read counts as unchanged.
    async fn still_stands(&self) -> bool {
        self.stands_at(self.lease.clone()).await.unwrap_or(true)
    }

    /// Whether the partition's row stands at `lease`.
    async fn stands_at(&self, lease: PartitionLease) -> Result<bool, StorageError> {
        let looked = async move |mut connection: PooledConnection| {
            ingest_partitions::stands_at(&mut connection, &lease).await
        };
        self.database.run(looked).await
    }

    /// Waits, longer each time, unless told to stop.
    async fn wait(&self, pause: &mut Duration) {
        self.stop.run_until_cancelled(tokio::time::sleep(*pause)).await;
        *pause = (*pause * 2).min(LONGEST_PAUSE);
    }
}
