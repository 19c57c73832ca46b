//! What can go wrong with Kafka, sorted by what the caller can do about it.

use std::time::Duration;

use rskafka::{
    BackoffError,
    client::error::{Error as ClientError, ProtocolError, RequestError},
};

use super::exchange::ExchangeError;

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
    /// The batch that holds this offset cannot be decoded by the client library: it is a transaction marker, has a
    /// header without value, is corrupt or larger than `kafka.max_response_bytes`. Asking again does not help;
    /// [`PartitionReader::next_readable`](super::PartitionReader::next_readable) finds where reading can go on.
    #[error("the batch at offset {offset} cannot be read")]
    Unreadable {
        /// The offset asked for.
        offset: i64,
        /// What the library said.
        #[source]
        source: Source,
    },
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

/// How one attempt failed, before it is sorted for a caller.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Cluster(#[from] KafkaError),
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error("the task was lost")]
    Lost,
}

/// Whether a request may have reached a broker when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    Never,
    Perhaps,
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

    pub(super) fn protocol(&self) -> Option<ProtocolError> {
        match self {
            Self::Client(ClientError::ServerError { protocol_error, .. }) => Some(*protocol_error),
            _ => None,
        }
    }

    /// Whether the broker's bytes arrived and could not be decoded.
    pub(super) fn is_undecodable(&self) -> bool {
        match self {
            Self::Client(ClientError::Request(error)) => undecodable(error),
            // The library checks timestamps after decoding and has no variant for them.
            Self::Client(ClientError::InvalidResponse(message)) => {
                message.to_ascii_lowercase().contains("timestamp")
            }
            _ => false,
        }
    }

    /// Whether a new connection could make a difference.
    pub(super) fn is_suspicious(&self) -> bool {
        match self.protocol() {
            Some(
                ProtocolError::OffsetOutOfRange
                | ProtocolError::MessageTooLarge
                | ProtocolError::RecordListTooLarge
                | ProtocolError::InvalidRecord
                | ProtocolError::InvalidTimestamp
                | ProtocolError::NotEnoughReplicas,
            ) => false,
            Some(_) => true,
            None => !self.is_undecodable() || self.breaks_connection(),
        }
    }

    /// An answer too large to be read takes the connection with it.
    fn breaks_connection(&self) -> bool {
        matches!(
            self,
            Self::Client(ClientError::Request(
                RequestError::Poisoned(_) | RequestError::ReadFramedMessageError(_)
            ))
        )
    }

    /// What a failed produce request means, once a partition's leader was connected.
    pub(super) fn reached(&self) -> Reached {
        match self {
            Self::Client(ClientError::Connection(_)) => Reached::Never,
            Self::Client(ClientError::Request(
                RequestError::NoVersionMatch { .. } | RequestError::WriteError(_),
            )) => Reached::Never,
            _ if self.protocol().is_some_and(refused_before_append) => Reached::Never,
            _ => Reached::Perhaps,
        }
    }

    /// Whether the brokers will say the same however often they are asked.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Client(ClientError::Request(RequestError::WriteError(_))))
            || self.protocol().is_some_and(|error| {
                refused_before_append(error)
                    && !matches!(
                        error,
                        ProtocolError::NotEnoughReplicas
                            | ProtocolError::LeaderNotAvailable
                            | ProtocolError::UnknownTopicOrPartition
                    )
            })
    }
}

fn undecodable(error: &RequestError) -> bool {
    match error {
        RequestError::ReadError(_)
        | RequestError::ReadVersionedError(_)
        | RequestError::TooMuchData { .. } => true,
        RequestError::Poisoned(inner) => undecodable(inner),
        // Its inner type is private to the library; broken connections come as the same variant.
        RequestError::ReadFramedMessageError(inner) => inner.to_string().starts_with("Message too large"),
        _ => false,
    }
}

/// Checks that a broker makes before it touches the log. `NotLeaderOrFollower` is not among them: a leader that loses
/// its office while it waits for its followers answers so, too, with the records appended.
fn refused_before_append(error: ProtocolError) -> bool {
    matches!(
        error,
        ProtocolError::MessageTooLarge
            | ProtocolError::RecordListTooLarge
            | ProtocolError::InvalidRecord
            | ProtocolError::InvalidTimestamp
            | ProtocolError::CorruptMessage
            | ProtocolError::UnsupportedCompressionType
            | ProtocolError::UnsupportedForMessageFormat
            | ProtocolError::PolicyViolation
            | ProtocolError::InvalidTopicException
            | ProtocolError::UnknownTopicOrPartition
            | ProtocolError::LeaderNotAvailable
            | ProtocolError::NotEnoughReplicas
            | ProtocolError::TopicAuthorizationFailed
            | ProtocolError::ClusterAuthorizationFailed
    )
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
            failure if failure.protocol() == Some(ProtocolError::OffsetOutOfRange) => {
                Self::OffsetOutOfRange(offset)
            }
            failure
                if failure.is_undecodable() || failure.protocol() == Some(ProtocolError::CorruptMessage) =>
            {
                Self::Unreadable { offset, source: Box::new(failure) }
            }
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
    use rskafka::client::error::RequestContext;

    use super::*;

    fn answered(protocol_error: ProtocolError) -> Failure {
        Failure::Client(ClientError::ServerError {
            protocol_error,
            error_message: None,
            request: RequestContext::Topic("topic".to_owned()),
            response: None,
            is_virtual: false,
        })
    }

    #[test]
    fn only_checks_made_before_the_append_prove_that_nothing_was_published() {
        for error in [
            ProtocolError::MessageTooLarge,
            ProtocolError::NotEnoughReplicas,
            ProtocolError::UnknownTopicOrPartition,
            ProtocolError::TopicAuthorizationFailed,
        ] {
            assert_eq!(answered(error).reached(), Reached::Never, "{error:?}");
        }
        for error in [
            ProtocolError::RequestTimedOut,
            ProtocolError::NotEnoughReplicasAfterAppend,
            ProtocolError::NotLeaderOrFollower,
            ProtocolError::KafkaStorageError,
            ProtocolError::UnknownServerError,
        ] {
            assert_eq!(answered(error).reached(), Reached::Perhaps, "{error:?}");
        }
        assert_eq!(Failure::TimedOut(Duration::ZERO).reached(), Reached::Perhaps);
        assert_eq!(Failure::Lost.reached(), Reached::Perhaps);
    }

    #[test]
    fn only_what_will_not_change_ends_the_attempts() {
        assert!(answered(ProtocolError::MessageTooLarge).is_final());
        assert!(answered(ProtocolError::TopicAuthorizationFailed).is_final());
        assert!(!answered(ProtocolError::NotEnoughReplicas).is_final());
        assert!(!answered(ProtocolError::NotLeaderOrFollower).is_final());
        assert!(!Failure::TimedOut(Duration::ZERO).is_final());
    }

    #[test]
    fn a_moved_leader_costs_the_connection_and_a_wrong_offset_does_not() {
        assert!(answered(ProtocolError::NotLeaderOrFollower).is_suspicious());
        assert!(answered(ProtocolError::KafkaStorageError).is_suspicious());
        assert!(Failure::TimedOut(Duration::ZERO).is_suspicious());
        assert!(!answered(ProtocolError::OffsetOutOfRange).is_suspicious());
    }
}
