//! Why the simulator could not do what it was asked to do.

use domain::ids::ChargePointId;
use runtime::kafka::{KafkaError, PublishError};
use runtime::redis::RedisError;
use std::sync::Arc;

/// Why an action of the simulator failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SimulatorError {
    /// Kafka did not report the partitions of a topic.
    #[error("Kafka cannot be reached or does not know the topic")]
    Kafka(#[source] Arc<KafkaError>),
    /// A `conn:` key could not be written.
    #[error("Redis cannot be reached")]
    Redis(#[source] Arc<RedisError>),
    /// An event was not acknowledged within the time-out. It may be on the topic.
    #[error("Kafka did not acknowledge an event")]
    NotSent(#[source] Arc<PublishError>),
    /// The pod was killed, or its queue was full, before the event was sent.
    #[error("an event was lost: its pod was killed, or the pod's queue was full")]
    Lost,
    /// The pod was killed and not restarted.
    #[error("pod {0} is down; restart it first")]
    PodDown(usize),
    /// The simulator has been stopped.
    #[error("the simulator has stopped")]
    Stopped,
    /// The device is not connected.
    #[error("charge point {0} is not connected")]
    NotConnected(ChargePointId),
    /// The device is already connected.
    #[error("charge point {0} is already connected")]
    AlreadyConnected(ChargePointId),
    /// No pod has this number.
    #[error("there is no pod {0}")]
    NoSuchPod(usize),
    /// The settings are invalid.
    #[error("invalid settings: {0}")]
    Settings(String),
    /// The awaited command or event did not occur in time.
    #[error("the awaited command or event did not occur within {0} ms")]
    TimedOut(u128),
}

impl From<KafkaError> for SimulatorError {
    fn from(error: KafkaError) -> Self {
        Self::Kafka(Arc::new(error))
    }
}

impl From<RedisError> for SimulatorError {
    fn from(error: RedisError) -> Self {
        Self::Redis(Arc::new(error))
    }
}
