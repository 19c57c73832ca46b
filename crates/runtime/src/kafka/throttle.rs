//! How long brokers throttle this client because of a quota.

use std::time::Duration;

#[cfg(not(feature = "librdkafka"))]
use super::fetch::Fetch;
use super::{exchange::Request, produce::Produce};
use opentelemetry::{KeyValue, global, metrics::Counter};

/// The counter `kafka_throttled_seconds_total`.
pub(super) struct Throttle(Counter<f64>);

impl Throttle {
    pub(super) fn new() -> Self {
        let counter = global::meter("kafka")
            .f64_counter("kafka.throttled")
            .with_unit("s")
            .with_description("Time for which brokers throttled this client because of a quota")
            .build();
        // Exported as 0 from the start, so that the first increase is visible.
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

    /// Counts a throttle of the request with this [`Request::NAME`].
    pub(super) fn record(&self, request: &'static str, throttled: Duration) {
        self.0.add(throttled.as_secs_f64(), &[KeyValue::new("request", request)]);
        tracing::warn!(
            request,
            throttled_ms = throttled.as_millis(),
            "a broker throttles this client; requests wait. Check the broker's quotas"
        );
    }
}
