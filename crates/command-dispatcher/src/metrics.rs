//! The metrics of commands.

use domain::commands::{CommandKind, CommandRecord, FailureCode, RouteSource};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};
use std::time::Duration;

/// Upper bounds in seconds: from a nearby broker to the publish time-out.
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0];

/// The values of `winner`: what the route follows if the key and the newest event name different
/// gateways.
const WINNERS: [&str; 2] = ["key", "event"];

/// The metrics of this service. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    commands: Counter<u64>,
    publishing: Histogram<f64>,
    routes: Counter<u64>,
    lookups: Counter<u64>,
    mismatches: Counter<u64>,
    degraded: Counter<u64>,
    expired: Counter<u64>,
    rerouted: Counter<u64>,
    outcomes_lost: Counter<u64>,
    batch_items: Counter<u64>,
    topic_retention: Gauge<f64>,
}

impl Metrics {
    /// Metrics created by `meter`. Counters that alerts use start at zero: the rate of an absent
    /// counter is unknown.
    pub(crate) fn new(meter: &Meter) -> Self {
        let metrics = Self::instruments(meter);
        for name in CommandKind::NAMES {
            for cause in [FailureCode::NoAnswer, FailureCode::RouteStale] {
                let labels = [KeyValue::new("name", name), KeyValue::new("cause", cause.as_str())];
                metrics.expired.add(0, &labels);
            }
        }
        for name in CommandRecord::repeatable() {
            metrics.rerouted.add(0, &[KeyValue::new("name", *name)]);
        }
        for source in RouteSource::ALL {
            metrics.routes.add(0, &[KeyValue::new("route", source.as_str())]);
        }
        for winner in WINNERS {
            metrics.mismatches.add(0, &[KeyValue::new("winner", winner)]);
        }
        for counter in [&metrics.degraded, &metrics.outcomes_lost] {
            counter.add(0, &[]);
        }
        metrics
    }

    fn instruments(meter: &Meter) -> Self {
        Self {
            commands: meter
                .u64_counter("commands")
                .with_description("Requested commands, by OCPP action and outcome")
                .build(),
            publishing: meter
                .f64_histogram("commands.publish.duration")
                .with_unit("s")
                .with_description("Time until all replicas had a command, or until publishing failed")
                .with_boundaries(BUCKETS.to_vec())
                .build(),
            routes: meter
                .u64_counter("commands.routes")
                .with_description("Resolved routes of commands, by how the gateway was found")
                .build(),
            lookups: meter
                .u64_counter("commands.route.lookups")
                .with_description("Look-ups of the gateway that holds a device, by the key that named it")
                .build(),
            mismatches: meter
                .u64_counter("commands.route.mismatches")
                .with_description(
                    "Routes in Redis that name another gateway than the device was last heard through, by which of \
                     the two the command was sent to",
                )
                .build(),
            degraded: meter
                .u64_counter("commands.route.degraded")
                .with_description("Routes taken from the devices' events because Redis was unavailable")
                .build(),
            expired: meter
                .u64_counter("commands.expired")
                .with_description("Commands that expired without a response, by OCPP action and cause")
                .build(),
            rerouted: meter
                .u64_counter("commands.rerouted")
                .with_description(
                    "Commands that were republished because their device moved to another gateway, by \
                     OCPP action",
                )
                .build(),
            outcomes_lost: meter
                .u64_counter("commands.unnoted")
                .with_description(
                    "Commands whose publish outcome could not be recorded",
                )
                .build(),
            batch_items: meter
                .u64_counter("commands.batch.items")
                .with_description("Piles of command batches that have an outcome, by outcome")
                .build(),
            topic_retention: meter
                .f64_gauge("commands.topic.retention")
                .with_unit("s")
                .with_description("Retention of the command topic, as last read")
                .build(),
        }
    }

    /// Counts a requested command with the OCPP action `name` and its `outcome`: `accepted`,
    /// `failed`, `unknown`, or the code of a refusal.
    pub(crate) fn command(&self, name: &'static str, outcome: &'static str) {
        self.commands.add(1, &[KeyValue::new("name", name), KeyValue::new("outcome", outcome)]);
    }

    /// Records how long publishing a command took, whatever the outcome.
    pub(crate) fn published(&self, outcome: &'static str, took: Duration) {
        self.publishing.record(took.as_secs_f64(), &[KeyValue::new("outcome", outcome)]);
    }

    /// Counts the look-up of a gateway; `found` is `charge_point` or `pile` for the key that named
    /// it, `none`, or `unavailable`.
    pub(crate) fn route_lookup(&self, found: &'static str) {
        self.lookups.add(1, &[KeyValue::new("found", found)]);
    }

    /// Counts a route by the rule that found it.
    pub(crate) fn routed(&self, source: RouteSource) {
        self.routes.add(1, &[KeyValue::new("route", source.as_str())]);
    }

    /// Counts a route for which Redis names another gateway than the device was last heard through;
    /// `source` says which was chosen.
    pub(crate) fn route_mismatch(&self, source: RouteSource) {
        let [key, event] = WINNERS;
        let winner = if source == RouteSource::Key { key } else { event };
        self.mismatches.add(1, &[KeyValue::new("winner", winner)]);
    }

    /// Counts a route that was taken from the device's events because Redis was unavailable.
    pub(crate) fn degraded(&self) {
        self.degraded.add(1, &[]);
    }

    /// Counts publish outcomes that could not be recorded.
    pub(crate) fn outcomes_lost(&self, count: usize) {
        self.outcomes_lost.add(u64::try_from(count).unwrap_or(u64::MAX), &[]);
    }

    /// Counts `count` piles of a batch by `outcome`: `sent`, or the code of their refusal.
    pub(crate) fn batch_items(&self, count: usize, outcome: &'static str) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.batch_items.add(count, &[KeyValue::new("outcome", outcome)]);
    }

    /// Records the retention of the command topic; `None` means unlimited.
    pub(crate) fn topic_retention(&self, topic: &str, retention: Option<Duration>) {
        let seconds = retention.map_or(f64::INFINITY, |retention| retention.as_secs_f64());
        self.topic_retention.record(seconds, &[KeyValue::new("topic", topic.to_owned())]);
    }

    /// Counts a command with this OCPP action that is republished to its device's new gateway.
    pub(crate) fn rerouted(&self, name: &str) {
        self.rerouted.add(1, &[KeyValue::new("name", name.to_owned())]);
    }

    /// Counts an expired command with the OCPP action `name`, by `cause`.
    pub(crate) fn expired(&self, name: &str, cause: &'static str) {
        self.expired.add(1, &[KeyValue::new("name", name.to_owned()), KeyValue::new("cause", cause)]);
    }
}
