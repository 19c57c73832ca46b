//! Checks whether the command topic deletes old commands soon enough. The check runs rarely, is
//! reported by readiness, and never delays a command.

use crate::metrics::Metrics;
use crate::settings::DispatchSettings;
use runtime::Backoff;
use runtime::kafka::{Excess, Kafka, KafkaError, TopicRetention};
use runtime::lock::MutexExt as _;
use runtime::{Shutdown, causes};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Time between two reads of the topic's settings.
const INTERVAL: Duration = Duration::from_secs(300);
/// Time until the next read after a failed one; it doubles up to [`INTERVAL`].
const RETRY: Duration = Duration::from_secs(1);

/// Reads the topic's retention for as long as the service runs.
pub(crate) struct RetentionCheck {
    kafka: Kafka,
    topic: String,
    limit: Duration,
    metrics: Metrics,
    state: RetentionState,
}

/// The latest finding about the topic's retention. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct RetentionState(Arc<Mutex<Finding>>);

/// The result of the latest read. Its text appears in the readiness report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Finding {
    #[error("not read yet")]
    NotRead,
    #[error("ok")]
    Short,
    /// A gateway that restarts reads the commands that are still there, and may execute them.
    #[error(
        "{topic} {excess}: a gateway that restarts may execute old commands; \
         set retention.ms={retention_ms} and segment.ms={segment_ms}"
    )]
    TooLong { topic: String, excess: Excess, retention_ms: u128, segment_ms: u128 },
    #[error("the retention of {topic} is not known: {reason}")]
    Unknown { topic: String, reason: String },
}

impl Finding {
    fn of(topic: &str, limit: Duration, read: &Result<TopicRetention, KafkaError>) -> Self {
        let topic = topic.to_owned();
        match read {
            Ok(retention) => retention.excess(limit).map_or(Self::Short, |excess| {
                let retention_ms = limit.as_millis();
                Self::TooLong { topic, excess, retention_ms, segment_ms: retention_ms.div_ceil(2) }
            }),
            Err(error) => Self::Unknown { topic, reason: error.to_string() },
        }
    }
}

impl RetentionState {
    /// The finding as advice for operators; `Ok` when there is nothing to report.
    pub(crate) fn advisory(&self) -> Result<(), String> {
        match &*self.0.locked() {
            Finding::Short => Ok(()),
            finding => Err(finding.to_string()),
        }
    }

    /// Replaces the finding; returns whether it has changed.
    fn update(&self, finding: &Finding) -> bool {
        let mut state = self.0.locked();
        let is_new = *state != *finding;
        state.clone_from(finding);
        is_new
    }
}

impl RetentionCheck {
    /// A check that has not read anything yet.
    pub(crate) fn new(kafka: &Kafka, settings: &DispatchSettings, metrics: Metrics) -> Self {
        Self {
            kafka: kafka.clone(),
            topic: settings.topic.clone(),
            limit: Duration::from_secs(settings.command_retention_s.into()),
            metrics,
            state: RetentionState(Arc::new(Mutex::new(Finding::NotRead))),
        }
    }

    /// A handle on the latest finding.
    pub(crate) fn state(&self) -> RetentionState {
        self.state.clone()
    }

    /// Reads at once, then every [`INTERVAL`], until asked to stop.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let mut backoff = Backoff::new(RETRY, INTERVAL);
        while let Some(is_known) = shutdown.run_until_requested(self.read()).await {
            let pause = if is_known {
                backoff.reset();
                INTERVAL
            } else {
                backoff.pause()
            };
            if shutdown.run_until_requested(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    /// Reads once; returns whether the brokers reported the settings.
    async fn read(&self) -> bool {
        let read = self.kafka.topic_retention(&self.topic).await;
        if let Ok(found) = &read {
            self.metrics.topic_retention(&self.topic, found.retention);
        }
        let finding = Finding::of(&self.topic, self.limit, &read);
        if self.state.update(&finding) {
            match (&read, &finding) {
                (Err(error), _) => tracing::warn!(
                    topic = self.topic,
                    error = causes(error),
                    "the retention of the command topic cannot be read; retrying with back-off, at \
                     most every 5 min"
                ),
                (Ok(_), Finding::TooLong { .. }) => {
                    tracing::warn!(
                        %finding,
                        "the command topic keeps old commands; set its retention as described"
                    );
                }
                (Ok(_), _) => {
                    tracing::info!(topic = self.topic, "the command topic deletes old commands in time");
                }
            }
        }
        read.is_ok()
    }
}

#[cfg(test)]
mod tests;
