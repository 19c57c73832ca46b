//! Whether the command topic deletes old commands soon enough: read rarely, reported by readiness,
//! never in the way of a command.

use crate::metrics::Metrics;
use crate::settings::DispatchSettings;
use runtime::kafka::{Excess, Kafka, KafkaError, TopicRetention};
use runtime::{Shutdown, causes};
use std::sync::{Arc, Mutex, PoisonError};
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

/// What is known of the topic's retention. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct RetentionState(Arc<Mutex<Finding>>);

/// What the latest read found. Shown as readiness reports it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Finding {
    #[error("not read yet")]
    NotRead,
    #[error("ok")]
    Short,
    /// A gateway that starts again reads what is still there, and may carry it out.
    #[error(
        "{topic} {excess}: a gateway that starts again may carry out old commands; \
         set retention.ms={retention_ms} and segment.ms={segment_ms}"
    )]
    TooLong { topic: String, excess: Excess, retention_ms: u128, segment_ms: u128 },
    #[error("how long {topic} keeps commands is not known: {reason}")]
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
    /// What an operator should know of it, if anything.
    pub(crate) fn advisory(&self) -> Result<(), String> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Finding::Short => Ok(()),
            finding => Err(finding.to_string()),
        }
    }

    /// Replaces the finding; says whether it is another one.
    fn update(&self, finding: &Finding) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = *state != *finding;
        state.clone_from(finding);
        is_new
    }
}

impl RetentionCheck {
    /// Nothing is read yet.
    pub(crate) fn new(kafka: &Kafka, settings: &DispatchSettings, metrics: Metrics) -> Self {
        Self {
            kafka: kafka.clone(),
            topic: settings.topic.clone(),
            limit: Duration::from_secs(settings.command_retention_s.into()),
            metrics,
            state: RetentionState(Arc::new(Mutex::new(Finding::NotRead))),
        }
    }

    /// What is known, now and later.
    pub(crate) fn state(&self) -> RetentionState {
        self.state.clone()
    }

    /// Reads at once, then every [`INTERVAL`], until asked to stop.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let mut retry = RETRY;
        while let Some(is_known) = shutdown.run_until_requested(self.read()).await {
            let pause = if is_known { INTERVAL } else { retry };
            retry = if is_known { RETRY } else { (retry * 2).min(INTERVAL) };
            if shutdown.run_until_requested(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    /// Reads once; answers whether the brokers reported it.
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
                    "the retention of the command topic cannot be read; reading it again later"
                ),
                (Ok(_), Finding::TooLong { .. }) => {
                    tracing::warn!(%finding, "the command topic keeps old commands");
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
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(120);

    fn found(retention: Option<u64>, segment: Option<u64>) -> Finding {
        let [retention, segment] = [retention, segment].map(|seconds| seconds.map(Duration::from_secs));
        Finding::of("commands-down", LIMIT, &Ok(TopicRetention { retention, segment }))
    }

    #[test]
    fn a_topic_that_keeps_commands_too_long_is_reported_with_the_remedy() {
        let state = RetentionState(Arc::new(Mutex::new(Finding::NotRead)));
        assert_eq!(state.advisory().unwrap_err(), "not read yet");
        state.update(&found(Some(604_800), Some(60)));
        assert_eq!(
            state.advisory().unwrap_err(),
            "commands-down keeps records for 7 d: a gateway that starts again may carry out old commands; \
             set retention.ms=120000 and segment.ms=60000"
        );
        state.update(&found(Some(120), Some(60)));
        assert_eq!(state.advisory(), Ok(()));
        state.update(&Finding::of(
            "commands-down",
            LIMIT,
            &Err(KafkaError::SettingNotReported("retention.ms")),
        ));
        assert_eq!(
            state.advisory().unwrap_err(),
            "how long commands-down keeps commands is not known: \
             the brokers report no usable retention.ms of the topic"
        );
    }

    #[test]
    fn only_a_change_is_news() {
        let state = RetentionState(Arc::new(Mutex::new(Finding::NotRead)));
        assert!(state.update(&found(Some(604_800), None)));
        assert!(!state.update(&found(Some(604_800), None)));
        assert!(state.update(&found(Some(86_400), None)));
        assert!(state.update(&found(None, None)));
        assert!(state.update(&found(Some(120), Some(60))));
        assert!(!state.update(&found(Some(90), Some(60))));
    }
}
