//! How long calls to Redis take.

use std::time::Duration;

use opentelemetry::{KeyValue, global, metrics::Histogram};

use super::RedisError;

/// In seconds, up to the longest command timeout that is sensible.
const BUCKETS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];

/// The histogram `redis_request_duration_seconds`.
#[derive(Clone)]
pub(super) struct Latency(Histogram<f64>);

impl Latency {
    pub(super) fn new() -> Self {
        let histogram = global::meter("redis")
            .f64_histogram("redis.request.duration")
            .with_unit("s")
            .with_description("Time of a call to Redis, with all of its round trips")
            .with_boundaries(BUCKETS.to_vec())
            .build();
        Self(histogram)
    }

    /// Records a call of `command` that took `duration`.
    pub(super) fn record(&self, command: &'static str, error: Option<&RedisError>, duration: Duration) {
        let outcome = error.map_or("ok", RedisError::word);
        let labels = [KeyValue::new("command", command), KeyValue::new("outcome", outcome)];
        self.0.record(duration.as_secs_f64(), &labels);
    }
}
