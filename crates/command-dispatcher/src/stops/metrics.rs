//! The metrics of waiting stops and of limits.

use domain::commands::{FailureCode, WaitEnd};
use domain::sessions::limits::LimitKind;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};

/// The outcome of a wait after which the stop was sent.
const SENT: &str = "sent";
/// Upper bounds in Wh: from a slow charger with frequent readings to a fast one with rare readings.
const ENERGY_BUCKETS: [f64; 9] = [1.0, 10.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 10_000.0];
/// Upper bounds in seconds: from one round trip to a device that was offline for long.
const TIME_BUCKETS: [f64; 9] = [1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 300.0, 1_800.0];

/// The metrics. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct StopMetrics {
    waiting: Gauge<u64>,
    waits: Counter<u64>,
    reached: Counter<u64>,
    overshoot_energy: Histogram<f64>,
    overshoot_time: Histogram<f64>,
}

impl StopMetrics {
    /// Metrics created by `meter`. Counters start at zero.
    pub(super) fn new(meter: &Meter) -> Self {
        let metrics = Self {
            waiting: meter
                .u64_gauge("commands.waiting")
                .with_description("Stops that wait for a transaction id; 0 on replicas without the lease")
                .build(),
            waits: meter
                .u64_counter("commands.waits")
                .with_description("Stops whose wait for a transaction id ended, by outcome")
                .build(),
            reached: meter
                .u64_counter("session.limits.reached")
                .with_description("Sessions that reached a limit of their start, by the kind of limit")
                .build(),
            overshoot_energy: meter
                .f64_histogram("session.limits.overshoot.wh")
                .with_description("Energy of ended sessions above their limit of energy, in Wh")
                .with_boundaries(ENERGY_BUCKETS.to_vec())
                .build(),
            overshoot_time: meter
                .f64_histogram("session.limits.overshoot")
                .with_unit("s")
                .with_description(
                    "Time from when a limit was reached until the session ended, by the kind of limit",
                )
                .with_boundaries(TIME_BUCKETS.to_vec())
                .build(),
        };
        metrics.waits.add(0, &[KeyValue::new("outcome", SENT)]);
        for code in [FailureCode::TransactionIdUnknown, FailureCode::SessionEnded] {
            metrics.waits.add(0, &[KeyValue::new("outcome", code.as_str())]);
        }
        for kind in LimitKind::ALL {
            metrics.reached.add(0, &[KeyValue::new("limit", kind.as_str())]);
        }
        metrics
    }

    /// Records the number of waiting stops.
    pub(super) fn waiting(&self, count: u64) {
        self.waiting.record(count, &[]);
    }

    /// Counts a stop that was sent after its wait.
    pub(super) fn released(&self) {
        self.waits.add(1, &[KeyValue::new("outcome", SENT)]);
    }

    /// Counts a stop that is not sent.
    pub(super) fn wait_ended(&self, cause: WaitEnd) {
        self.waits.add(1, &[KeyValue::new("outcome", cause.code().as_str())]);
    }

    /// Counts a session that reached a limit.
    pub(super) fn reached(&self, kind: LimitKind) {
        self.reached.add(1, &[KeyValue::new("limit", kind.as_str())]);
    }

    /// Records the energy above a limit of energy, in Wh.
    pub(super) fn overshoot_energy(&self, wh: f64) {
        self.overshoot_energy.record(wh, &[]);
    }

    /// Records the time from a limit to the end of the session, in seconds.
    pub(super) fn overshoot_time(&self, kind: LimitKind, seconds: f64) {
        self.overshoot_time.record(seconds, &[KeyValue::new("limit", kind.as_str())]);
    }
}
