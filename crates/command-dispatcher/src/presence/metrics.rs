//! The metrics of probes.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Meter};
use storage::devices::presence::probes::ProbeReason;

/// The metrics. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct PresenceMetrics {
    probes: Counter<u64>,
    outcomes: Counter<u64>,
    suspicions: Counter<u64>,
    watching: Gauge<u64>,
}

impl PresenceMetrics {
    /// Metrics created by `meter`. Counters that alerts use start at zero.
    pub(super) fn new(meter: &Meter) -> Self {
        let counter = |name, about| meter.u64_counter(name).with_description(about).build();
        let metrics = Self {
            probes: counter("presence.probes", "Devices that were probed, by reason"),
            outcomes: counter(
                "presence.probes.outcomes",
                "Probed devices, by whether they were heard within presence.probe_answer_s",
            ),
            suspicions: counter("presence.gateways.suspected", "Gateways that became suspected dead"),
            watching: meter
                .u64_gauge("presence.watching")
                .with_description("1 on the replica that probes devices, 0 on the others")
                .build(),
        };
        for reason in ProbeReason::ALL {
            metrics.count_probes(0, reason);
        }
        metrics.outcomes(0, 0);
        metrics.suspected(0);
        metrics
    }

    /// Counts `count` devices that were probed for `reason`.
    pub(super) fn count_probes(&self, count: usize, reason: ProbeReason) {
        self.probes.add(number(count), &[KeyValue::new("reason", reason.as_str())]);
    }

    /// Counts probed devices when their time to answer is over: `answered` were heard, `unanswered`
    /// were not.
    pub(super) fn outcomes(&self, answered: usize, unanswered: usize) {
        for (count, outcome) in [(answered, "answered"), (unanswered, "unanswered")] {
            self.outcomes.add(number(count), &[KeyValue::new("outcome", outcome)]);
        }
    }

    /// Counts gateways that became suspected dead.
    pub(super) fn suspected(&self, count: usize) {
        self.suspicions.add(number(count), &[]);
    }

    /// Records whether this replica probes devices.
    pub(super) fn watches(&self, does: bool) {
        self.watching.record(u64::from(does), &[]);
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
