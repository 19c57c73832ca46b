//! Kafka errors, grouped by what the caller can do about them.

#[cfg(not(feature = "librdkafka"))]
use std::sync::Arc;
use std::time::Duration;

use rskafka::{BackoffError, client::error::Error as ClientError};

use super::{codec::Malformed, exchange_error::ExchangeError};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a request about the cluster failed.
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    /// The settings are invalid; the text names the setting.
    #[error("invalid Kafka settings: {0}")]
    Settings(String),
    /// The brokers answer and do not know the topic with this name.
    #[error("there is no topic {0:?}")]
    TopicUnknown(String),
    /// The topic does not have the partition.
    #[error("topic {topic:?} has no partition {partition}")]
    PartitionUnknown {
        /// The topic, which exists.
        topic: String,
        /// The requested partition.
        partition: i32,
    },
    /// The brokers refused the request, for example for lack of a permission.
    #[error("Kafka refused the request: {message} (error {code})")]
    Refused {
        /// Kafka's error code, such as 29 for `TOPIC_AUTHORIZATION_FAILED`.
        code: i16,
        /// The broker's explanation; may be empty.
        message: String,
    },
    /// The brokers answer without a value for the setting with this name.
    #[error("the brokers report no usable {0} of the topic")]
    SettingNotReported(&'static str),
    /// No usable response in time; a later attempt may succeed.
    #[error("Kafka is not available")]
    Unavailable(#[source] Source),
}

/// Why a fetch failed.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// This offset is not in the log: retention removed it, or it is beyond the end of a log that
    /// was created anew. A retry does not help.
    #[error("offset {0} is outside the log")]
    OffsetOutOfRange(i64),
    /// Timeout, connection lost, leader moved, or topic (still) unknown: back off and fetch again.
    #[error("the partition is not available")]
    Unavailable(#[source] Source),
}

/// Why a publication was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Certainly not published: nothing was sent, or the brokers refused it.
    #[error("not published")]
    Refused(#[source] Source),
    /// Sent without a conclusive response: the log may contain it, once or more often.
    #[error("the outcome of the publication is unknown")]
    Unknown(#[source] Source),
}

/// A Kafka protocol error code in a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ErrorCode(i16);

/// Why one attempt failed, before it is converted for a caller.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    #[error("the broker throttles this client for another {} ms", .0.as_millis())]
    Throttled(Duration),
    #[error("the broker answered with Kafka error {}", .0.0)]
    Answered(ErrorCode),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Cluster(#[from] KafkaError),
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// Of a request with several partitions.
    #[cfg(not(feature = "librdkafka"))]
    #[error(transparent)]
    Shared(Arc<Failure>),
    #[cfg(feature = "librdkafka")]
    #[error("librdkafka: {0}")]
    Librdkafka(String),
    #[error("the task was cancelled or panicked")]
    Lost,
}

/// The values of [`Failure::reason`].
pub(super) const REASONS: [&str; 6] =
    ["authentication", "connection", "refused", "response", "throttled", "timeout"];

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
    /// With every code but 0, which means success.
    pub(super) fn check(code: i16) -> Result<(), Failure> {
        if code == 0 { Ok(()) } else { Err(Failure::Answered(Self(code))) }
    }

    /// Whether every broker would give the same answer about the topic.
    pub(super) const fn is_about_the_topic(self) -> bool {
        matches!(
            self,
            Self::UNKNOWN_TOPIC_OR_PARTITION | Self::INVALID_TOPIC | Self::TOPIC_AUTHORIZATION_FAILED
        )
    }

    /// Checks that a broker makes before it touches the log. `NOT_LEADER_OR_FOLLOWER` (6) is not
    /// among them: a leader that loses its role while it waits for its followers also answers so,
    /// with the records appended.
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

    /// Whether the error may disappear within moments.
    const fn may_pass(self) -> bool {
        matches!(
            self,
            Self::NOT_ENOUGH_REPLICAS | Self::LEADER_NOT_AVAILABLE | Self::UNKNOWN_TOPIC_OR_PARTITION
        )
    }
}

impl Failure {
    /// The library's own error, unwrapped from its retry loop (which runs once only).
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

    /// A response that violates the protocol.
    pub(super) fn malformed(malformed: Malformed) -> Self {
        Self::Exchange(malformed.into())
    }

    /// The value of `reason` of `kafka_client_errors_total`, one of [`REASONS`].
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::TimedOut(_) => "timeout",
            Self::Throttled(_) => "throttled",
            Self::Answered(_) => "refused",
            Self::Exchange(ExchangeError::Sasl(_)) => "authentication",
            Self::Exchange(ExchangeError::Malformed(_) | ExchangeError::TooLarge { .. }) => "response",
            // Without a leader, or with a broken connection.
            _ => "connection",
        }
    }

    /// The requested offset is not in the log.
    #[cfg(feature = "librdkafka")]
    pub(super) const fn offset_out_of_range() -> Self {
        Self::Answered(ErrorCode::OFFSET_OUT_OF_RANGE)
    }

    /// The size of a response above the limit, and its first bytes.
    #[cfg(not(feature = "librdkafka"))]
    pub(super) fn too_large(&self) -> Option<(usize, &[u8])> {
        match self {
            Self::Exchange(ExchangeError::TooLarge { length, beginning }) => Some((*length, beginning)),
            _ => None,
        }
    }

    /// Whether a new connection, perhaps to another broker, could help.
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

    /// Whether a failed request to a partition's leader may have appended its records.
    pub(super) const fn reached(&self) -> Reached {
        match self {
            Self::Answered(code) if code.refused_before_append() => Reached::Never,
            Self::Throttled(_) => Reached::Never,
            _ => Reached::Perhaps,
        }
    }

    /// Whether a retry would certainly give the same result.
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
mod tests;
