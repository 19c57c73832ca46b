//! A librdkafka consumer with its errors classified. All calls block.

use crate::lock::MutexExt as _;
use std::{sync::Mutex, time::Duration};

use rdkafka::{
    ClientContext, Offset, TopicPartitionList,
    config::{ClientConfig, RDKafkaLogLevel},
    consumer::{BaseConsumer, Consumer as _, ConsumerContext},
    error::{KafkaError as RdKafkaError, RDKafkaErrorCode},
};

use super::{
    super::{
        error::Failure,
        record::{ReceivedRecord, UnreadableRange},
    },
    record,
};

/// Reads one partition, or queries where partitions begin and end. Dropping it waits for
/// librdkafka's threads.
pub(super) struct Consumer {
    inner: BaseConsumer<Reports>,
}

/// Errors that librdkafka reports outside its results.
#[derive(Default)]
struct Reports {
    last_error: Mutex<Option<String>>,
}

/// The result of a poll.
pub(super) enum Polled {
    Record(ReceivedRecord),
    /// A record that librdkafka has read but its Rust binding cannot represent.
    Unreadable(UnreadableRange),
    /// A batch whose checksum is wrong.
    Damaged(DamagedBatch),
    /// The reader is at the end of the log.
    EndOfLog,
    /// Nothing arrived in time.
    Nothing,
}

/// A damaged batch. librdkafka does not report its last offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DamagedBatch {
    /// Its first offset; `None` if librdkafka's report does not contain it.
    pub(super) first_offset: Option<i64>,
    /// What librdkafka reports.
    pub(super) why: String,
}

impl DamagedBatch {
    /// `report` is a text such as `MessageSet at offset 7 (157 bytes) failed CRC32C check`.
    fn of_report(report: String) -> Self {
        let digits = report.split_once("at offset ").map(|(_, rest)| rest.split(' ').next());
        Self { first_offset: digits.flatten().and_then(|digits| digits.parse().ok()), why: report }
    }
}

impl Consumer {
    pub(super) fn new(config: &ClientConfig) -> Result<Self, Failure> {
        let inner = config.create_with_context(Reports::default());
        Ok(Self { inner: inner.map_err(|error| Failure::Librdkafka(error.to_string()))? })
    }

    /// Starts to read a partition.
    pub(super) fn assign(&self, topic: &str, partition: i32, offset: i64) -> Result<(), Failure> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(offset))
            .and_then(|()| self.inner.assign(&list))
            .map_err(|error| self.failure(&error))
    }

    /// Continues at `offset`. librdkafka discards records that were in flight for the old position,
    /// including a report of the log's end.
    pub(super) fn seek(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        limit: Duration,
    ) -> Result<(), Failure> {
        let sought = self.inner.seek(topic, partition, Offset::Offset(offset), limit);
        sought.map_err(|error| self.failure(&error))
    }

    /// The first offset of the log, and the end of its readable part: the first transaction that is
    /// still open, if there is one.
    pub(super) fn ends(&self, topic: &str, partition: i32, limit: Duration) -> Result<(i64, i64), Failure> {
        self.inner.fetch_watermarks(topic, partition, limit).map_err(|error| self.failure(&error))
    }

    /// Discards the events of a consumer that reads no partition, which are error reports.
    pub(super) fn discard_reports(&self) {
        while self.inner.poll(Duration::ZERO).is_some() {}
    }

    /// Waits up to `limit` for the next event.
    pub(super) fn poll(&self, limit: Duration) -> Result<Polled, Failure> {
        match self.inner.poll(limit) {
            None => Ok(Polled::Nothing),
            Some(Ok(message)) => Ok(match record::read(&message) {
                Ok(record) => Polled::Record(record),
                Err(range) => Polled::Unreadable(range),
            }),
            Some(Err(RdKafkaError::PartitionEOF(_))) => Ok(Polled::EndOfLog),
            Some(Err(error)) if is_passing(&error) => Ok(Polled::Nothing),
            Some(Err(error)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::BadMessage) => {
                let report = self.inner.context().last_error();
                Ok(Polled::Damaged(DamagedBatch::of_report(report.unwrap_or_else(|| error.to_string()))))
            }
            Some(Err(error)) => Err(self.failure(&error)),
        }
    }

    /// The failure for a poll without a result, with librdkafka's last reported error, if any.
    pub(super) fn timed_out(&self, limit: Duration) -> Failure {
        match self.inner.context().last_error() {
            Some(error) => Failure::Librdkafka(format!("no answer within {} ms; {error}", limit.as_millis())),
            None => Failure::TimedOut(limit),
        }
    }

    fn failure(&self, error: &RdKafkaError) -> Failure {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AutoOffsetReset) {
            return Failure::offset_out_of_range();
        }
        let reported = self.inner.context().last_error();
        Failure::Librdkafka(
            reported.map_or_else(|| error.to_string(), |reported| format!("{error}; {reported}")),
        )
    }
}

/// Whether librdkafka recovers by itself: one of several brokers is unavailable, or the consumer
/// group is, which is not used. If nothing arrives in the end, the timeout reports it.
fn is_passing(error: &RdKafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::Resolve
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::CoordinatorNotAvailable
                | RDKafkaErrorCode::NotCoordinator
        )
    )
}

impl Reports {
    fn last_error(&self) -> Option<String> {
        self.last_error.locked().clone()
    }
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => {
                tracing::warn!(facility, message, "librdkafka reports a problem; reading is retried");
            }
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                tracing::debug!(facility, message, "librdkafka");
            }
        }
    }

    fn error(&self, error: RdKafkaError, reason: &str) {
        // The end of a log is reported as an error, too.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::PartitionEOF) {
            tracing::debug!(%error, reason, "librdkafka reports an error; reading is retried");
            *self.last_error.locked() = Some(reason.to_owned());
        }
    }
}

impl ConsumerContext for Reports {}

#[cfg(test)]
mod tests {
    use super::DamagedBatch;

    #[test]
    fn reads_the_offset_of_a_damaged_batch_if_the_report_contains_it() {
        let first_offset = |report: &str| DamagedBatch::of_report(report.to_owned()).first_offset;
        let reported =
            "MessageSet at offset 255 (157 bytes) failed CRC32C check (original 0x1 != calculated 0x2)";
        assert_eq!(first_offset(reported), Some(255));
        assert_eq!(first_offset("Local: Bad message format"), None);
        assert_eq!(first_offset("at offset x"), None);
    }
}
