//! Failed attempts at requests to brokers.

use opentelemetry::{KeyValue, global, metrics::Counter};

#[cfg(not(feature = "librdkafka"))]
use super::fetch::Fetch;
use super::{
    error::{Failure, REASONS},
    exchange::Request,
    produce::Produce,
};

/// The counter `kafka_client_errors_total`.
pub(super) struct Failures(Counter<u64>);

impl Failures {
    pub(super) fn new() -> Self {
        let counter = global::meter("kafka")
            .u64_counter("kafka.client.errors")
            .with_description("Failed attempts at a request to a broker; most are repeated")
            .build();
        let failures = Self(counter);
        // Exported as 0 from the start, so that the first increase is visible.
        let requests = [
            // librdkafka reads by itself.
            #[cfg(not(feature = "librdkafka"))]
            Fetch::NAME,
            Produce::NAME,
        ];
        for request in requests {
            for reason in REASONS {
                failures.add(0, request, reason);
            }
        }
        failures
    }

    /// Counts a failure of the request with this [`Request::NAME`].
    pub(super) fn record(&self, request: &'static str, failure: &Failure) {
        self.add(1, request, failure.reason());
    }

    fn add(&self, count: u64, request: &'static str, reason: &'static str) {
        self.0.add(count, &[KeyValue::new("request", request), KeyValue::new("reason", reason)]);
    }
}
