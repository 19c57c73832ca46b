//! How long brokers throttle this client, for a quota of theirs.

use std::time::Duration;

#[cfg(not(feature = "librdkafka"))]
use super::fetch::Fetch;
use super::{exchange::Request, produce::Produce};
use opentelemetry::{KeyValue, global, metrics::Counter};

/// `kafka_throttled_seconds_total`.
pub(super) struct Throttle(Counter<f64>);

impl Throttle {
    pub(super) fn new() -> Self {
        let counter = global::meter("kafka")
            .f64_counter("kafka.throttled")
            .with_unit("s")
            .with_description("How long brokers told this client to wait, since it exceeds a quota")
            .build();
        // Shown from the beginning, so that its first rise is one.
        let requests = [
            // librdkafka waits by itself and does not report it.
            #[cfg(not(feature = "librdkafka"))]
            Fetch::NAME,
            Produce::NAME,
        ];
        for request in requests {
            counter.add(0.0, &[KeyValue::new("request", request)]);
        }
        Self(counter)
    }

    /// Counts, by the [`Request::NAME`] of what was asked.
    pub(super) fn note(&self, request: &'static str, throttled: Duration) {
        self.0.add(throttled.as_secs_f64(), &[KeyValue::new("request", request)]);
        tracing::warn!(
            request,
            throttled_ms = throttled.as_millis(),
            "a broker throttles this client: see its quotas"
        );
    }
}
