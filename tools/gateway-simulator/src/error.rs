//! What can keep the simulator from doing what it was asked.

use domain::ids::ChargePointId;
use runtime::kafka::{KafkaError, PublishError};
use runtime::redis::RedisError;
use std::sync::Arc;

/// Why an action of the simulator failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SimulatorError {
    /// Kafka could not say what the topics look like.
    #[error("Kafka did not answer")]
    Kafka(#[source] Arc<KafkaError>),
    /// A `conn:` key could not be written.
    #[error("Redis did not answer")]
    Redis(#[source] Arc<RedisError>),
    /// An event was not confirmed, however often it was tried: it may or may not be on the topic.
    #[error("an event was not confirmed")]
    NotSent(#[source] Arc<PublishError>),
    /// The pod was killed, or had no room, before the event was sent.
    #[error("an event was lost with its pod, or in its queue")]
    Lost,
    /// The pod was killed and not restarted.
    #[error("pod {0} is down")]
    PodDown(usize),
    /// The simulator has been stopped.
    #[error("the simulator has stopped")]
    Stopped,
    /// The device is not connected.
    #[error("charge point {0} is not connected")]
    NotConnected(ChargePointId),
    /// The device is connected already.
    #[error("charge point {0} is connected already")]
    AlreadyConnected(ChargePointId),
    /// There are fewer pods.
    #[error("there is no pod {0}")]
    NoSuchPod(usize),
    /// The settings cannot be used.
    #[error("the settings cannot be used: {0}")]
    Settings(String),
    /// What was waited for did not happen in time.
    #[error("nothing like it within {0} ms")]
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
