//! One partition, read by the replica that holds its lease: fetch, decode, fold, write, again.

pub(crate) mod appetite;
mod halt;
pub(crate) mod log_check;
pub(crate) mod refusal;
mod silence;
mod trace;
mod write;

use crate::consume::batch::Batch;
use crate::consume::days::Days;
use crate::metrics::Metrics;
use crate::presence::{Concerned, HeardGateways};
use crate::settings::IngestSettings;
use appetite::Appetite;
use chrono::{DateTime, Utc};
use domain::order::AppendClock;
use log_check::LogCheck;
use refusal::Refusals;
use runtime::causes;
use runtime::kafka::{FetchError, Fetched, PartitionReader};
use std::sync::Arc;
use std::time::Duration;
use storage::devices::presence::silence::SilencePolicy;
use storage::ingest::partitions::{self, LastRecord, PartitionLease};
use storage::{Database, PooledConnection, StorageError};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use trace::BatchTrace;
use tracing::Instrument as _;

/// How long a partition waits for records while devices of it wait to be judged.
const BETWEEN_JUDGEMENTS: Duration = Duration::from_millis(10);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

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
    /// The last record whose effects are in the database, where it is known.
    pub last_record: Option<LastRecord>,
    /// Whether the log is known to be the one that was read.
    pub log_check: LogCheck,
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
        loop {
            if let Some(ended) = self.step(&mut pause).await {
                return (self.lease, ended);
            }
        }
    }

    /// Fetches once and writes what came. A log that could have been replaced in the meantime is checked first.
    async fn step(&mut self, pause: &mut Duration) -> Option<Ended> {
        if self.log_check.is_due()
            && let Some(ended) = self.check_log().await
        {
            return Some(ended);
        }
        let asked_at = runtime::clock::now();
        let stop = self.stop.clone();
        let Some(fetched) = stop.run_until_cancelled(self.fetch()).await else { return Some(Ended::Stopped) };
        match fetched {
            Ok(fetched) => {
                *pause = FIRST_PAUSE;
                self.log_check = LogCheck::passed();
                self.take(fetched, asked_at).await
            }
            Err(FetchError::OffsetOutOfRange(offset)) => self.offset_outside_log(offset, pause).await,
            Err(FetchError::Unavailable(error)) => {
                tracing::warn!(
                    partition = self.lease.partition,
                    error = causes(error.as_ref()),
                    pause_ms = pause.as_millis(),
                    "fetch failed"
                );
                self.log_check = LogCheck::Due;
                self.wait(pause).await;
                None
            }
        }
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

    /// Whether the partition's row stands at `lease`.
    async fn stands_at(&self, lease: PartitionLease) -> Result<bool, StorageError> {
        let looked = async move |mut connection: PooledConnection| {
            partitions::stands_at(&mut connection, &lease).await
        };
        self.database.run(looked).await
    }

    /// Waits, longer each time, unless told to stop.
    async fn wait(&self, pause: &mut Duration) {
        self.stop.run_until_cancelled(tokio::time::sleep(*pause)).await;
        *pause = (*pause * 2).min(LONGEST_PAUSE);
    }
}
