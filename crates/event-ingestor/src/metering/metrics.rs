//! The metrics of the meters of open sessions.

use opentelemetry::metrics::{Counter, Histogram, Meter};
use std::time::Duration;

/// In seconds: from an idle fleet to passes that take longer than the interval.
const PASS_BOUNDS: [f64; 10] = [0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];

/// The metrics of the meters of open sessions.
pub(super) struct MeterMetrics {
    published: Counter<u64>,
    failed: Counter<u64>,
    pass_duration: Histogram<f64>,
}

impl MeterMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let counter = |name, about| meter.u64_counter(name).with_description(about).build();
        let metrics = Self {
            published: counter("session.meters.published", "Changes charging.session.metered.v1 written"),
            failed: counter(
                "session.meters.failed",
                "Times that the meter of a session could not be published",
            ),
            pass_duration: meter
                .f64_histogram("session.meters.pass.duration")
                .with_unit("s")
                .with_description("Time to publish the sessions that were read and are due")
                .with_boundaries(PASS_BOUNDS.to_vec())
                .build(),
        };
        metrics.published.add(0, &[]);
        metrics.failed.add(0, &[]);
        metrics
    }

    /// Counts published changes.
    pub(super) fn published(&self, changes: usize) {
        self.published.add(u64::try_from(changes).unwrap_or(u64::MAX), &[]);
    }

    /// Counts a session whose meter could not be published.
    pub(super) fn failed(&self) {
        self.failed.add(1, &[]);
    }

    /// Records a pass over the sessions that were read.
    pub(super) fn passed(&self, took: Duration) {
        self.pass_duration.record(took.as_secs_f64(), &[]);
    }
}
