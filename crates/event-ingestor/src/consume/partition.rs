//! One partition, consumed by the replica that holds its lease: fetch, decode, fold, write, repeat.

pub(crate) mod fetch_size;
mod halt;
pub(crate) mod log_check;
pub(crate) mod refusal;
mod silence;
mod trace;
mod write;

use crate::consume::batch::Batch;
use crate::consume::batch_writer::BatchWriter;
use crate::consume::days::Days;
use crate::consume::dead_letter_cap::{DeadLetterCap, OmittedRange};
use crate::consume::group_commit::{self, GroupCommit};
use crate::metering::MeteredConnectors;
use crate::metrics::Metrics;
use crate::presence::{HeardGateways, SilentDevices};
use crate::settings::IngestSettings;
use chrono::{DateTime, Utc};
use domain::order::AppendClock;
use fetch_size::FetchSize;
use log_check::LogCheck;
use refusal::Refusals;
use runtime::Backoff;
use runtime::causes;
use runtime::kafka::{FetchError, Fetched, PartitionReader};
use std::sync::Arc;
use std::time::Duration;
use storage::devices::presence::silence::SilencePolicy;
use storage::ingest::partitions::{self, LastRecord, PartitionLease};
use storage::{Database, PooledConnection, StorageError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use trace::BatchTrace;
use tracing::Instrument as _;

/// The longest wait for records while devices of the partition wait to be judged.
const BETWEEN_JUDGEMENTS: Duration = Duration::from_millis(10);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The pauses between attempts to fetch or to write.
fn new_backoff() -> Backoff {
    Backoff::new(FIRST_PAUSE, LONGEST_PAUSE)
}

/// Consumes one partition.
pub(crate) struct PartitionTask {
    pub settings: Arc<IngestSettings>,
    pub database: Database,
    pub reader: PartitionReader,
    pub metrics: Arc<Metrics>,
    pub days: Arc<Days>,
    /// Writes large batches, and those that could not be written with others.
    pub writer: Arc<BatchWriter>,
    /// Writes small batches together with those of other partitions.
    pub group_commit: Arc<GroupCommit>,
    /// Records when gateways were heard.
    pub gateways: Arc<HeardGateways>,
    /// Devices that are silent, or whose gateway is.
    pub silent_devices: Arc<SilentDevices>,
    /// The rules for silent devices.
    pub silence: SilencePolicy,
    /// Records connectors whose readings were written.
    pub metered: Arc<MeteredConnectors>,
    pub lease: PartitionLease,
    /// The last record whose effects are in the database, if known.
    pub last_record: Option<LastRecord>,
    /// Whether the log is known to be the one that was read before.
    pub log_check: LogCheck,
    /// When everything on the partition was last known to be written.
    pub caught_up: watch::Sender<Option<tokio::time::Instant>>,
    /// Bounds the append times that records claim.
    pub clock: AppendClock,
    /// Limits the batches that are in memory at the same time.
    pub turns: Arc<Semaphore>,
    /// Cancelled when the lease must be released or was lost.
    pub stop: CancellationToken,
    /// The size of the next fetch.
    pub fetch_size: FetchSize,
    /// Records that PostgreSQL refused, and why.
    pub refusals: Refusals,
    /// The cap on dead letters, which all partitions share.
    pub dead_letter_cap: Arc<DeadLetterCap>,
    /// The records of this partition beyond the cap.
    pub omitted: OmittedRange,
}

/// Why a partition task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The task was asked to stop; no batch is half written.
    Stopped,
    /// Another replica has acquired the partition.
    LeaseLost,
}

impl PartitionTask {
    /// Consumes the partition until stopped or overtaken; returns the lease in its final state.
    pub(crate) async fn run(mut self) -> (PartitionLease, Ended) {
        let mut backoff = new_backoff();
        loop {
            if let Some(ended) = self.step(&mut backoff).await {
                return (self.lease, ended);
            }
        }
    }

    /// Fetches once and writes the records. If the log may have been replaced in the meantime, it
    /// is checked first.
    async fn step(&mut self, backoff: &mut Backoff) -> Option<Ended> {
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
                backoff.reset();
                self.log_check = LogCheck::passed();
                self.process(fetched, asked_at).await
            }
            Err(FetchError::OffsetOutOfRange(offset)) => self.offset_outside_log(offset, backoff).await,
            Err(FetchError::Unavailable(error)) => {
                tracing::warn!(
                    partition = self.lease.partition,
                    error = causes(error.as_ref()),
                    pause_ms = backoff.peek().as_millis(),
                    "fetch failed; retrying after the pause"
                );
                self.log_check = LogCheck::Due;
                self.wait(backoff).await;
                None
            }
        }
    }

    async fn fetch(&self) -> Result<Fetched, FetchError> {
        let settings = &self.settings;
        // Devices that wait to be judged should not also wait for records.
        let devices_wait = self.silent_devices.has(self.lease.partition);
        let wait = if devices_wait { BETWEEN_JUDGEMENTS } else { settings.fetch_wait() };
        self.reader.fetch(self.lease.next_offset, wait, self.fetch_size.bytes()).await
    }

    async fn process(&mut self, fetched: Fetched, asked_at: DateTime<Utc>) -> Option<Ended> {
        // The end of the partition was as fetched at this time; later records are not included.
        let fetched_at = tokio::time::Instant::now();
        // Fetched records count as lag until they are written, however long that takes.
        let end = fetched.high_watermark;
        self.metrics.position(self.lease.partition, self.lease.next_offset, end);
        let ended = self.decode_and_write(fetched).await;
        let next_offset = self.lease.next_offset;
        self.metrics.position(self.lease.partition, next_offset, end);
        if ended.is_none() && next_offset >= end {
            self.caught_up.send_replace(Some(fetched_at));
            // The broker reported the end after this request: no later record was appended before
            // it.
            self.clock.caught_up(asked_at);
            return self.judge_silent_devices().await;
        }
        ended
    }

    /// Decodes and writes. A large batch waits until it is this partition's turn: decoded records
    /// need many times the memory of fetched ones, and PostgreSQL writes a few large batches faster
    /// than many small concurrent ones. Small batches of several partitions are written together.
    async fn decode_and_write(&mut self, fetched: Fetched) -> Option<Ended> {
        if fetched.next_offset == self.lease.next_offset {
            return None;
        }
        let is_small = group_commit::is_small(&fetched);
        let turn = if is_small { None } else { Some(self.turn().await?) };
        let batch = self.decode(fetched);
        let trace = BatchTrace::open(&batch);
        let span = trace.span.clone();
        let ended = match turn {
            Some(_turn) => self.write(batch).instrument(span).await,
            None => self.write_with_others(batch).instrument(span).await,
        };
        trace.close(ended.is_none());
        ended
    }

    fn decode(&mut self, fetched: Fetched) -> Batch {
        let (lease, read_at) = (&self.lease, runtime::clock::now());
        let mut batch = Batch::decode(&lease.topic, lease.partition, fetched, &mut self.clock, read_at);
        batch.omit_beyond(&self.dead_letter_cap, &mut self.omitted, std::time::Instant::now());
        for range in &batch.unreadable {
            tracing::error!(
                partition = lease.partition,
                ?range,
                "skipping a range that cannot be read; it becomes a dead letter"
            );
        }
        batch
    }

    /// Waits for a turn to write; `None` when asked to stop.
    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed, so this only waits.
        self.stop.run_until_cancelled(Arc::clone(&self.turns).acquire_owned()).await?.ok()
    }

    /// Whether the partition's row equals `lease`.
    async fn row_matches(&self, lease: PartitionLease) -> Result<bool, StorageError> {
        let read = async move |mut connection: PooledConnection| {
            partitions::is_current(&mut connection, &lease).await
        };
        self.database.run(read).await
    }

    /// Waits, doubling the pause each time, unless asked to stop.
    async fn wait(&self, backoff: &mut Backoff) {
        self.stop.run_until_cancelled(tokio::time::sleep(backoff.pause())).await;
    }
}
