//! What can go wrong with Kafka, sorted by what the caller can do about it.

use std::time::Duration;

use rskafka::{BackoffError, client::error::Error as ClientError};

use super::{codec::Malformed, exchange::ExchangeError};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A question about the cluster that got no answer.
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    /// The settings cannot be used.
    #[error("the Kafka settings cannot be used: {0}")]
    Settings(String),
    /// The brokers answer and do not know the topic.
    #[error("there is no topic {0:?}")]
    TopicUnknown(String),
    /// The topic does not have the partition.
    #[error("topic {topic:?} has no partition {partition}")]
    PartitionUnknown {
        /// The topic, which exists.
        topic: String,
        /// The partition asked for.
        partition: i32,
    },
    /// The brokers refused the request, for want of a permission for example. `code` is one of
    /// Kafka's protocol.
    #[error("Kafka refused the request: {message} (error {code})")]
    Refused {
        /// Kafka's error code, such as 29 for `TOPIC_AUTHORIZATION_FAILED`.
        code: i16,
        /// The broker's explanation; may be empty.
        message: String,
    },
    /// The brokers answer without a value for this setting of the topic.
    #[error("the brokers report no usable {0} of the topic")]
    SettingNotReported(&'static str),
    /// No usable answer in time; trying again later may help.
    #[error("Kafka is not available")]
    Unavailable(#[source] Source),
}

/// Why a fetch brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The offset is not in the log: removed by retention, or beyond the end of a log that was created anew. Asking
    /// again does not help.
    #[error("offset {0} is outside the log")]
    OffsetOutOfRange(i64),
    /// Time-out, connection lost, leader moved, topic (still) unknown: back off and fetch again.
    #[error("the partition is not available")]
    Unavailable(#[source] Source),
}

/// Why a publication was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Certainly not published: nothing was sent, or the brokers refused it.
    #[error("not published")]
    Refused(#[source] Source),
    /// Sent, with no answer that tells: it may be in the log, once or more often.
    #[error("it is not known whether it was published")]
    Unknown(#[source] Source),
}

/// What a broker answers to a request that it does not carry out, by the number of Kafka's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ErrorCode(i16);

/// How one attempt failed, before it is sorted for a caller.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    #[error("the broker throttles this client, for {} ms more", .0.as_millis())]
    Throttled(Duration),
    #[error("the broker answered with error {} of Kafka's protocol", .0.0)]
    Answered(ErrorCode),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Cluster(#[from] KafkaError),
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[cfg(feature = "librdkafka")]
    #[error("librdkafka: {0}")]
    Librdkafka(String),
    #[error("the task was lost")]
    Lost,
}

/// Whether a request may have reached a broker when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    Never,
    Perhaps,
}

impl ErrorCode {
    pub(super) const OFFSET_OUT_OF_RANGE: Self = Self(1);
    const CORRUPT_MESSAGE: Self = Self(2);
    const UNKNOWN_TOPIC_OR_PARTITION: Self = Self(3);
    pub(super) const LEADER_NOT_AVAILABLE: Self = Self(5);
    const MESSAGE_TOO_LARGE: Self = Self(10);
    const INVALID_TOPIC: Self = Self(17);
    const RECORD_LIST_TOO_LARGE: Self = Self(18);
    const NOT_ENOUGH_REPLICAS: Self = Self(19);
    const TOPIC_AUTHORIZATION_FAILED: Self = Self(29);
    const CLUSTER_AUTHORIZATION_FAILED: Self = Self(31);
    const INVALID_TIMESTAMP: Self = Self(32);
    const UNSUPPORTED_FOR_MESSAGE_FORMAT: Self = Self(43);
    const POLICY_VIOLATION: Self = Self(44);
    const UNSUPPORTED_COMPRESSION_TYPE: Self = Self(76);
    const INVALID_RECORD: Self = Self(87);

    /// # Errors
    /// With every code but 0, which stands for none.
    pub(super) fn check(code: i16) -> Result<(), Failure> {
        if code == 0 { Ok(()) } else { Err(Failure::Answered(Self(code))) }
    }

    /// Whether any broker says the same of the topic.
    pub(super) const fn is_about_the_topic(self) -> bool {
        matches!(
            self,
            Self::UNKNOWN_TOPIC_OR_PARTITION | Self::INVALID_TOPIC | Self::TOPIC_AUTHORIZATION_FAILED
        )
    }

    /// Checks that a broker makes before it touches the log. `NOT_LEADER_OR_FOLLOWER` (6) is not among them: a leader that
    /// loses its office while it waits for its followers answers so, too, with the records appended.
    const fn refused_before_append(self) -> bool {
        self.is_about_the_topic()
            || matches!(
                self,
                Self::MESSAGE_TOO_LARGE
                    | Self::RECORD_LIST_TOO_LARGE
                    | Self::INVALID_RECORD
                    | Self::INVALID_TIMESTAMP
                    | Self::CORRUPT_MESSAGE
                    | Self::UNSUPPORTED_COMPRESSION_TYPE
                    | Self::UNSUPPORTED_FOR_MESSAGE_FORMAT
                    | Self::POLICY_VIOLATION
                    | Self::LEADER_NOT_AVAILABLE
                    | Self::NOT_ENOUGH_REPLICAS
                    | Self::CLUSTER_AUTHORIZATION_FAILED
            )
    }

    /// Whether it may say otherwise in a moment.
    const fn may_pass(self) -> bool {
        matches!(
            self,
            Self::NOT_ENOUGH_REPLICAS | Self::LEADER_NOT_AVAILABLE | Self::UNKNOWN_TOPIC_OR_PARTITION
        )
    }
}

impl Failure {
    /// The library's own error, taken out of the wrapping of its retry loop (which we let run once).
    pub(super) fn client(error: ClientError) -> Self {
        match error {
            ClientError::RetryFailed(BackoffError::DeadlineExceded { source, deadline }) => match source
                .downcast::<ClientError>(
            ) {
                Ok(inner) => Self::Client(*inner),
                Err(source) => {
                    Self::Client(ClientError::RetryFailed(BackoffError::DeadlineExceded { source, deadline }))
                }
            },
            other => Self::Client(other),
        }
    }

    /// A broker that does not follow the protocol.
    pub(super) fn malformed(malformed: Malformed) -> Self {
        Self::Exchange(malformed.into())
    }

    /// The offset that was asked for is not in the log.
    #[cfg(feature = "librdkafka")]
    pub(super) const fn offset_out_of_range() -> Self {
        Self::Answered(ErrorCode::OFFSET_OUT_OF_RANGE)
    }

    /// How large an answer is that is larger than is accepted, and what it begins with.
    #[cfg(not(feature = "librdkafka"))]
    pub(super) fn too_large(&self) -> Option<(usize, &[u8])> {
        match self {
            Self::Exchange(ExchangeError::TooLarge { length, beginning }) => Some((*length, beginning)),
            _ => None,
        }
    }

    /// Whether a new connection, perhaps to another broker, could make a difference.
    pub(super) const fn is_suspicious(&self) -> bool {
        match self {
            Self::Answered(code) => !matches!(
                *code,
                ErrorCode::OFFSET_OUT_OF_RANGE
                    | ErrorCode::MESSAGE_TOO_LARGE
                    | ErrorCode::RECORD_LIST_TOO_LARGE
                    | ErrorCode::INVALID_RECORD
                    | ErrorCode::INVALID_TIMESTAMP
                    | ErrorCode::NOT_ENOUGH_REPLICAS
            ),
            Self::Throttled(_) => false,
            _ => true,
        }
    }

    /// What a failed request to a partition's leader means for what it should have appended.
    pub(super) const fn reached(&self) -> Reached {
        match self {
            Self::Answered(code) if code.refused_before_append() => Reached::Never,
            Self::Throttled(_) => Reached::Never,
            _ => Reached::Perhaps,
        }
    }

    /// Whether the brokers will say the same however often they are asked.
    pub(super) const fn is_final(&self) -> bool {
        matches!(self, Self::Answered(code) if code.refused_before_append() && !code.may_pass())
    }
}

impl From<Failure> for KafkaError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Cluster(error) => error,
            other => Self::Unavailable(Box::new(other)),
        }
    }
}

impl FetchError {
    pub(super) fn at(offset: i64, failure: Failure) -> Self {
        match failure {
            Failure::Answered(ErrorCode::OFFSET_OUT_OF_RANGE) => Self::OffsetOutOfRange(offset),
            failure => Self::Unavailable(Box::new(failure)),
        }
    }
}

impl PublishError {
    pub(super) fn new(reached: Reached, failure: Failure) -> Self {
        match reached {
            Reached::Never => Self::Refused(Box::new(failure)),
            Reached::Perhaps => Self::Unknown(Box::new(failure)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST_TIMED_OUT: ErrorCode = ErrorCode(7);
    const NOT_LEADER_OR_FOLLOWER: ErrorCode = ErrorCode(6);
    const NOT_ENOUGH_REPLICAS_AFTER_APPEND: ErrorCode = ErrorCode(20);
    const STORAGE_ERROR: ErrorCode = ErrorCode(56);
    const UNKNOWN_SERVER_ERROR: ErrorCode = ErrorCode(-1);

    #[test]
    fn only_checks_made_before_the_append_prove_that_nothing_was_published() {
        for code in [
            ErrorCode::MESSAGE_TOO_LARGE,
            ErrorCode::NOT_ENOUGH_REPLICAS,
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        ] {
            assert_eq!(Failure::Answered(code).reached(), Reached::Never, "{code:?}");
        }
        for code in [
            REQUEST_TIMED_OUT,
            NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            NOT_LEADER_OR_FOLLOWER,
            STORAGE_ERROR,
            UNKNOWN_SERVER_ERROR,
        ] {
            assert_eq!(Failure::Answered(code).reached(), Reached::Perhaps, "{code:?}");
        }
        assert_eq!(Failure::TimedOut(Duration::ZERO).reached(), Reached::Perhaps);
        assert_eq!(Failure::Lost.reached(), Reached::Perhaps);
        assert_eq!(Failure::Throttled(Duration::ZERO).reached(), Reached::Never);
    }

    #[test]
    fn only_what_will_not_change_ends_the_attempts() {
        assert!(Failure::Answered(ErrorCode::MESSAGE_TOO_LARGE).is_final());
        assert!(Failure::Answered(ErrorCode::TOPIC_AUTHORIZATION_FAILED).is_final());
        assert!(!Failure::Answered(ErrorCode::NOT_ENOUGH_REPLICAS).is_final());
        assert!(!Failure::Answered(NOT_LEADER_OR_FOLLOWER).is_final());
        assert!(!Failure::TimedOut(Duration::ZERO).is_final());
    }

    #[test]
    fn a_moved_leader_costs_the_connection_and_a_wrong_offset_does_not() {
        assert!(Failure::Answered(NOT_LEADER_OR_FOLLOWER).is_suspicious());
        assert!(Failure::Answered(STORAGE_ERROR).is_suspicious());
        assert!(Failure::TimedOut(Duration::ZERO).is_suspicious());
        assert!(!Failure::Answered(ErrorCode::OFFSET_OUT_OF_RANGE).is_suspicious());
    }
}
