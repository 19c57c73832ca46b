//! Checks that the log of a partition is the one that was read so far. A topic that was deleted and
//! created anew has other records at the same offsets: resuming would skip its first ones without
//! notice.

use super::{Ended, PartitionTask, new_backoff};
use crate::consume::batch::digest_of;
use runtime::Backoff;
use runtime::causes;
use runtime::kafka::{FetchError, KafkaError};
use std::time::Duration;
use storage::ingest::partitions::{self, HaltReason, LastRecord, ResumeState};
use storage::{PooledConnection, StorageError};
use tokio::time::Instant;

/// A log that was not read for longer than this is checked again: the topic may have been replaced
/// meanwhile.
const CHECK_AFTER: Duration = Duration::from_secs(30);

/// Whether the log is known to be the one that was read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LogCheck {
    /// The log must be checked before the next fetch.
    Due,
    /// The log was checked at this time.
    Passed(Instant),
}

impl LogCheck {
    /// The log was checked just now.
    pub(super) fn passed() -> Self {
        Self::Passed(Instant::now())
    }

    /// Whether the log must be checked before the next fetch.
    pub(super) fn is_due(self) -> bool {
        match self {
            Self::Due => true,
            Self::Passed(at) => at.elapsed() > CHECK_AFTER,
        }
    }
}

/// The result of comparing the log with the last record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    /// The last record is at its offset.
    Same,
    /// Another record is at the offset, or the log ends before it.
    Other,
    /// Retention or compaction has removed the last record; nothing contradicts that the log is the
    /// same.
    Gone,
    /// A new leader does not serve its newest records yet.
    NotYet,
}

/// Why the comparison was not possible.
#[derive(Debug, thiserror::Error)]
enum CannotCompare {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Offsets(#[from] KafkaError),
}

impl PartitionTask {
    /// Compares the last record with the one that Kafka has at its offset; retries until PostgreSQL
    /// and Kafka respond. If the log is a different one, or the partition was halted before, waits
    /// for an operator. Returns why the task ended, if it did.
    pub(super) async fn check_log(&mut self) -> Option<Ended> {
        let stop = self.stop.clone();
        let mut backoff = new_backoff();
        while !stop.is_cancelled() {
            let ResumeState { last_record, halt } = match self.load_resume_state().await {
                Ok(Some(state)) => state,
                Ok(None) => return Some(Ended::LeaseLost),
                Err(error) => {
                    self.postpone_check(&causes(&error), &mut backoff).await;
                    continue;
                }
            };
            self.last_record = last_record;
            if let Some(halt) = halt {
                return self.stay_halted(&halt).await;
            }
            let Some(last) = last_record else {
                self.log_check = LogCheck::passed();
                return None;
            };
            let compared = stop.run_until_cancelled(self.compare(last)).await;
            let Some(compared) = compared else { break };
            match compared {
                Ok(Comparison::Same | Comparison::Gone) => {
                    self.log_check = LogCheck::passed();
                    return None;
                }
                Ok(Comparison::Other) => return self.halt(HaltReason::OtherLog).await,
                Ok(Comparison::NotYet) => {
                    self.postpone_check("the leader does not serve its newest records yet", &mut backoff)
                        .await;
                }
                Err(error) => self.postpone_check(&causes(&error), &mut backoff).await,
            }
        }
        Some(Ended::Stopped)
    }

    async fn postpone_check(&self, why: &str, backoff: &mut Backoff) {
        tracing::warn!(
            partition = self.lease.partition,
            error = why,
            pause_ms = backoff.peek().as_millis(),
            "the log could not be compared with the records read before; reading resumes after the comparison"
        );
        self.wait(backoff).await;
    }

    /// Loads the partition's row; `None` when another replica owns the partition or an operator has
    /// moved it.
    pub(super) async fn load_resume_state(&self) -> Result<Option<ResumeState>, StorageError> {
        let lease = self.lease.clone();
        let load = async move |mut connection: PooledConnection| {
            partitions::load_resume_state(&mut connection, &lease).await
        };
        self.database.run(load).await
    }

    async fn compare(&self, last: LastRecord) -> Result<Comparison, CannotCompare> {
        let shown = match self.reader.fetch(last.offset, Duration::ZERO, 1).await {
            Ok(fetched) => {
                if let Some(record) = fetched.records.iter().find(|record| record.offset == last.offset) {
                    let is_same = digest_of(record) == last.digest;
                    return Ok(if is_same { Comparison::Same } else { Comparison::Other });
                }
                let mut unreadable = fetched.unreadable.iter();
                if unreadable.any(|range| (range.first_offset..=range.last_offset).contains(&last.offset)) {
                    // The range was readable before.
                    return Ok(Comparison::Other);
                }
                fetched.high_watermark >= self.lease.next_offset
            }
            Err(FetchError::OffsetOutOfRange(_)) => false,
            Err(error) => return Err(error.into()),
        };
        let (earliest, latest) = (self.reader.earliest_offset().await?, self.reader.latest_offset().await?);
        Ok(if latest < self.lease.next_offset {
            Comparison::Other
        } else if shown || earliest > last.offset {
            Comparison::Gone
        } else {
            Comparison::NotYet
        })
    }
}
