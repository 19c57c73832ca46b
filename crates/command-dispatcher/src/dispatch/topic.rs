//! The topic that gateways read commands from. It is written to only if it has the number of
//! partitions that the gateways expect.

use crate::settings::DispatchSettings;
use runtime::coalescer::Lost;
use runtime::kafka::{Kafka, KafkaError, NewRecord, PublishError, TopicWriter};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

/// The command topic.
#[derive(Debug)]
pub(crate) struct CommandTopic {
    kafka: Kafka,
    writer: TopicWriter,
    name: String,
    partitions: u16,
    verified: AtomicBool,
    /// Held while the brokers are queried, so that commands that arrive meanwhile share the result.
    verifying: Mutex<()>,
}

/// Why a command is not known to be on the topic. The message may be shown to callers; its cause
/// may not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unpublished {
    /// Gateways would read another partition.
    #[error("topic {topic:?} has {found} partitions, {wanted} are configured")]
    WrongPartitions {
        topic: String,
        /// The partitions that the topic has.
        found: usize,
        /// The partitions that the settings require.
        wanted: u16,
    },
    /// The topic does not exist, or the brokers do not respond.
    #[error(transparent)]
    InvalidValue(#[from] KafkaError),
    /// The brokers did not respond in time, and nothing was sent.
    #[error("Kafka did not answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The brokers rejected the command.
    #[error("Kafka rejected the command")]
    Refused(#[source] PublishError),
    /// The command was sent and may or may not be on the topic.
    #[error("Kafka did not confirm the command")]
    Unconfirmed(#[source] PublishError),
    /// The broker confirmed fewer records than were sent, so it is not known which are on the
    /// topic.
    #[error("Kafka did not confirm the command")]
    OffsetsMissing,
    /// The task that sent the command panicked; it may or may not be on the topic.
    #[error(transparent)]
    Lost(#[from] Lost),
}

impl Unpublished {
    /// Whether the command may be on the topic after all.
    pub(crate) const fn is_uncertain(&self) -> bool {
        match self {
            Self::Unconfirmed(_) | Self::OffsetsMissing | Self::Lost(_) => true,
            Self::WrongPartitions { .. } | Self::InvalidValue(_) | Self::TimedOut(_) | Self::Refused(_) => {
                false
            }
        }
    }
}

impl CommandTopic {
    /// Creates the topic from its settings; no broker is contacted yet.
    pub(crate) fn new(kafka: &Kafka, settings: &DispatchSettings) -> Self {
        Self {
            kafka: kafka.clone(),
            writer: kafka.writer(&settings.topic),
            name: settings.topic.clone(),
            partitions: settings.partitions.get(),
            verified: AtomicBool::new(false),
            verifying: Mutex::default(),
        }
    }

    /// The topic's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Asks the brokers whether the topic has the partitions that gateways expect.
    ///
    /// # Errors
    /// [`Unpublished::WrongPartitions`] or [`Unpublished::InvalidValue`].
    pub(crate) async fn verify(&self) -> Result<(), Unpublished> {
        let found = self.kafka.partitions(&self.name).await?.len();
        let fit = found == usize::from(self.partitions);
        self.verified.store(fit, Ordering::Release);
        if fit {
            return Ok(());
        }
        Err(Unpublished::WrongPartitions { topic: self.name.clone(), found, wanted: self.partitions })
    }

    /// Publishes `records` to `partition` as one batch with `acks=all` and returns their offsets.
    /// The topic is verified before the first record, and again after every failure.
    ///
    /// # Errors
    /// See [`Unpublished`]; all records fail alike.
    pub(crate) async fn publish(
        &self,
        partition: i32,
        records: Vec<NewRecord>,
        within: Duration,
    ) -> Result<Vec<i64>, Unpublished> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let end = Instant::now() + within;
        timeout_at(end, self.ensure_verified()).await.unwrap_or(Err(Unpublished::TimedOut(within)))?;
        let left = end.saturating_duration_since(Instant::now());
        self.writer.publish_shared(partition, records, left).await.map_err(|error| {
            self.verified.store(false, Ordering::Release);
            match error {
                refused @ PublishError::Refused(_) => Unpublished::Refused(refused),
                unknown @ PublishError::Unknown(_) => Unpublished::Unconfirmed(unknown),
            }
        })
    }

    async fn ensure_verified(&self) -> Result<(), Unpublished> {
        if self.verified.load(Ordering::Acquire) {
            return Ok(());
        }
        let _alone = self.verifying.lock().await;
        if self.verified.load(Ordering::Acquire) {
            return Ok(());
        }
        self.verify().await
    }
}
