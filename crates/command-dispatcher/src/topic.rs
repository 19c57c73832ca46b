//! The topic that gateways read commands from: written to only if it has as many partitions as they count on.

use crate::settings::DispatchSettings;
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
    publish_timeout: Duration,
    verified: AtomicBool,
    /// Held while the brokers are asked, so that commands that arrive meanwhile share the answer.
    verifying: Mutex<()>,
}

/// Why a command is not known to be on the topic. The message is fit to be shown; the cause is not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unpublished {
    /// Gateways would look for it elsewhere.
    #[error("topic {topic:?} has {found} partitions, {wanted} are configured")]
    WrongPartitions {
        /// The topic.
        topic: String,
        /// How many it has.
        found: usize,
        /// How many it should have.
        wanted: u16,
    },
    /// The topic does not exist or the brokers do not answer.
    #[error(transparent)]
    Unusable(#[from] KafkaError),
    /// The brokers did not answer in time, and nothing was sent.
    #[error("Kafka did not answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The brokers did not take it.
    #[error("Kafka did not take the command")]
    Refused(#[source] PublishError),
    /// It was sent, and may or may not be there.
    #[error("Kafka did not confirm the command")]
    Unconfirmed(#[source] PublishError),
}

impl CommandTopic {
    /// The topic by its settings; nothing is asked of the brokers yet.
    pub(crate) fn new(kafka: &Kafka, settings: &DispatchSettings) -> Self {
        Self {
            kafka: kafka.clone(),
            writer: kafka.writer(&settings.topic),
            name: settings.topic.clone(),
            partitions: settings.partitions.get(),
            publish_timeout: Duration::from_millis(settings.publish_timeout_ms),
            verified: AtomicBool::new(false),
            verifying: Mutex::default(),
        }
    }

    /// Asks the brokers whether the topic is as gateways count on it to be.
    ///
    /// # Errors
    /// [`Unpublished::WrongPartitions`] or [`Unpublished::Unusable`].
    pub(crate) async fn verify(&self) -> Result<(), Unpublished> {
        let found = self.kafka.partitions(&self.name).await?.len();
        let fit = found == usize::from(self.partitions);
        self.verified.store(fit, Ordering::Release);
        if fit {
            return Ok(());
        }
        Err(Unpublished::WrongPartitions { topic: self.name.clone(), found, wanted: self.partitions })
    }

    /// Publishes `record` to `partition` with `acks=all` and returns its offset. The topic is verified before the first
    /// record, and again after every failure.
    ///
    /// # Errors
    /// See [`Unpublished`]; only [`Unpublished::Unconfirmed`] may be there after all.
    pub(crate) async fn publish(&self, partition: i32, record: NewRecord) -> Result<i64, Unpublished> {
        let end = Instant::now() + self.publish_timeout;
        timeout_at(end, self.ensure_verified())
            .await
            .unwrap_or(Err(Unpublished::TimedOut(self.publish_timeout)))?;
        let left = end.saturating_duration_since(Instant::now());
        let published = self.writer.publish(partition, vec![record], left).await;
        let offsets = published.map_err(|error| {
            self.verified.store(false, Ordering::Release);
            match error {
                refused @ PublishError::Refused(_) => Unpublished::Refused(refused),
                unknown @ PublishError::Unknown(_) => Unpublished::Unconfirmed(unknown),
            }
        })?;
        Ok(offsets.first().copied().unwrap_or_default()) // one record, one offset
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
