//! What is counted of questions to devices.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Meter};
use storage::devices::presence::probes::ProbeReason;

/// The instruments.
#[derive(Debug, Clone)]
pub(super) struct PresenceMetrics {
    probes: Counter<u64>,
    outcomes: Counter<u64>,
    suspicions: Counter<u64>,
    watching: Gauge<u64>,
}

impl PresenceMetrics {
    /// Instruments built by `meter`. What is alerted on begins with zero.
    pub(super) fn new(meter: &Meter) -> Self {
        let counter = |name, about| meter.u64_counter(name).with_description(about).build();
        let metrics = Self {
            probes: counter("presence.probes", "Devices that were asked for a sign of life, by reason"),
            outcomes: counter(
                "presence.probes.outcomes",
                "Devices that were asked, by whether they were heard within presence.probe_answer_s",
            ),
            suspicions: counter("presence.gateways.suspected", "Gateways that became suspected dead"),
            watching: meter
                .u64_gauge("presence.watching")
                .with_description("1 on the replica that asks devices, 0 on the others")
                .build(),
        };
        for reason in ProbeReason::ALL {
            metrics.asked(0, reason);
        }
        metrics.outcomes(0, 0);
        metrics.suspected(0);
        metrics
    }

    /// `count` devices were asked for `reason`.
    pub(super) fn asked(&self, count: usize, reason: ProbeReason) {
        self.probes.add(number(count), &[KeyValue::new("reason", reason.as_str())]);
    }

    /// The time for an answer is over: `answered` devices were heard, `unanswered` were not.
    pub(super) fn outcomes(&self, answered: usize, unanswered: usize) {
        for (count, outcome) in [(answered, "answered"), (unanswered, "unanswered")] {
            self.outcomes.add(number(count), &[KeyValue::new("outcome", outcome)]);
        }
    }

    /// `count` gateways became suspected.
    pub(super) fn suspected(&self, count: usize) {
        self.suspicions.add(number(count), &[]);
    }

    /// Whether this replica asks.
    pub(super) fn watches(&self, does: bool) {
        self.watching.record(u64::from(does), &[]);
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
