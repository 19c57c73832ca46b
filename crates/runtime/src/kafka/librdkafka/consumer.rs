//! A consumer of librdkafka, with its errors sorted. All of it blocks.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

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

/// Reads one partition, or asks where partitions begin and end. Dropping it waits for librdkafka's threads.
pub(super) struct Consumer {
    inner: BaseConsumer<Reports>,
}

/// What librdkafka reports besides what it answers.
#[derive(Default)]
struct Reports {
    last_error: Mutex<Option<String>>,
}

/// What a consumer brings.
pub(super) enum Polled {
    Record(ReceivedRecord),
    /// A record that librdkafka has and that its binding cannot show.
    Unreadable(UnreadableRange),
    /// The reader is at the end of the log.
    EndOfLog,
    /// Nothing within the time.
    Nothing,
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

    /// Reads on from `offset`. What was on its way from elsewhere is discarded by librdkafka, the report of the log's
    /// end included.
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

    /// Where the log begins, and where what can be read ends: at the first transaction that is still open, if there is one.
    pub(super) fn ends(&self, topic: &str, partition: i32, limit: Duration) -> Result<(i64, i64), Failure> {
        self.inner.fetch_watermarks(topic, partition, limit).map_err(|error| self.failure(&error))
    }

    /// Discards what a consumer that reads no partition was sent, which are reports of errors.
    pub(super) fn discard_reports(&self) {
        while self.inner.poll(Duration::ZERO).is_some() {}
    }

    /// Waits up to `limit` for what comes next.
    pub(super) fn poll(&self, limit: Duration) -> Result<Polled, Failure> {
        match self.inner.poll(limit) {
            None => Ok(Polled::Nothing),
            Some(Ok(message)) => Ok(match record::read(&message) {
                Ok(record) => Polled::Record(record),
                Err(range) => Polled::Unreadable(range),
            }),
            Some(Err(RdKafkaError::PartitionEOF(_))) => Ok(Polled::EndOfLog),
            Some(Err(error)) if is_passing(&error) => Ok(Polled::Nothing),
            Some(Err(error)) => Err(self.failure(&error)),
        }
    }

    /// That nothing came in time; says what librdkafka reported last, if it did.
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

/// Whether librdkafka goes on by itself: one broker of several is away, or the group cannot be used, which is not needed.
/// If nothing comes in the end, the time limit says so.
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
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => tracing::warn!(facility, message, "librdkafka"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                tracing::debug!(facility, message, "librdkafka");
            }
        }
    }

    fn error(&self, error: RdKafkaError, reason: &str) {
        // The end of a log comes as an error, too.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::PartitionEOF) {
            tracing::debug!(%error, reason, "librdkafka reports an error");
            *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
        }
    }
}

impl ConsumerContext for Reports {}
