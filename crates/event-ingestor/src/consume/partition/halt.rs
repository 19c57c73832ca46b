//! Halted partitions: no replica reads them until an operator decides where to resume. A halt is
//! stored, so it survives restarts and changes of owner.

use super::{Ended, PartitionTask};
use runtime::Backoff;
use runtime::causes;
use std::time::Duration;
use storage::ingest::partitions::{self, Halt, HaltReason};
use storage::{PooledConnection, StorageError};

/// How often a halted partition checks whether an operator has decided.
const HALTED_INTERVAL: Duration = Duration::from_secs(5);

impl PartitionTask {
    /// The broker does not have the offset: retention has removed it, or the topic was created
    /// anew. Resuming elsewhere would lose or repeat events without notice.
    pub(super) async fn offset_outside_log(&mut self, offset: i64, backoff: &mut Backoff) -> Option<Ended> {
        let partition = self.lease.partition;
        let listed = (self.reader.earliest_offset().await, self.reader.latest_offset().await);
        let (Ok(earliest), Ok(latest)) = listed else {
            tracing::warn!(
                partition,
                offset,
                ?listed,
                "Kafka does not have the next offset and does not report which offsets it has; retrying"
            );
            self.wait(backoff).await;
            return None;
        };
        if (earliest..=latest).contains(&offset) {
            self.wait(backoff).await;
            return None;
        }
        tracing::error!(partition, offset, earliest, latest, "Kafka does not have the next offset");
        // A log that ends before a record that was read is a different log.
        let is_other = offset > latest && self.last_record.is_some();
        self.halt(if is_other { HaltReason::OtherLog } else { HaltReason::OffsetOutsideLog }).await
    }

    /// Halts the partition and waits for an operator's decision.
    pub(super) async fn halt(&mut self, reason: HaltReason) -> Option<Ended> {
        let (partition, next_offset) = (self.lease.partition, self.lease.next_offset);
        let how_to_resume = how_to_resume(partition);
        tracing::error!(
            partition,
            next_offset,
            reason = reason.as_str(),
            how_to_resume,
            "partition halted: {}",
            explain(reason.as_str())
        );
        self.metrics.halted(partition, true);
        let ended = self.record_and_wait(reason).await;
        self.metrics.halted(partition, false);
        Some(ended)
    }

    /// Waits for an operator's decision on a partition that an earlier owner halted.
    pub(super) async fn stay_halted(&mut self, halt: &Halt) -> Option<Ended> {
        let (partition, next_offset) = (self.lease.partition, self.lease.next_offset);
        let how_to_resume = how_to_resume(partition);
        tracing::error!(
            partition,
            next_offset,
            reason = halt.reason,
            since = %halt.since,
            how_to_resume,
            "partition is still halted: {}",
            explain(&halt.reason)
        );
        self.metrics.halted(partition, true);
        let ended = self.wait_for_operator().await;
        self.metrics.halted(partition, false);
        Some(ended)
    }

    async fn record_and_wait(&self, reason: HaltReason) -> Ended {
        while !self.stop.is_cancelled() {
            match self.record_halt(reason).await {
                Ok(true) => return self.wait_for_operator().await,
                Ok(false) => return Ended::LeaseLost,
                Err(error) => tracing::warn!(
                    partition = self.lease.partition,
                    error = causes(&error),
                    "the halt could not be recorded; retrying in 5 s"
                ),
            }
            self.stop.run_until_cancelled(tokio::time::sleep(HALTED_INTERVAL)).await;
        }
        Ended::Stopped
    }

    async fn record_halt(&self, reason: HaltReason) -> Result<bool, StorageError> {
        let lease = self.lease.clone();
        let record = async move |mut connection: PooledConnection| {
            partitions::record_halt(&mut connection, &lease, reason).await
        };
        self.database.run(record).await
    }

    /// Returns when the row changes or the task is asked to stop. A row that cannot be read counts
    /// as unchanged.
    async fn wait_for_operator(&self) -> Ended {
        while self.stop.run_until_cancelled(tokio::time::sleep(HALTED_INTERVAL)).await.is_some() {
            match self.load_resume_state().await {
                Ok(Some(state)) if state.halt.is_some() => {}
                Err(_away) => {}
                Ok(_decided) => return Ended::LeaseLost,
            }
        }
        Ended::Stopped
    }
}

fn explain(reason: &str) -> &'static str {
    match reason {
        "OTHER_LOG" => "Kafka has a different log than the one that was read",
        "OFFSET_OUTSIDE_LOG" => "Kafka does not have the next offset",
        _ => "a later release halted the partition",
    }
}

fn how_to_resume(partition: i32) -> String {
    format!(
        "check that Kafka is the right cluster, then run `event-ingestor go-on --partition {partition} --from earliest`; \
         it changes nothing without --apply"
    )
}
