//! The simulator's statistics as metrics.

use crate::simulator::{Core, Simulator};
use crate::statistics::Statistics;
use opentelemetry::metrics::Meter;
use std::sync::{Arc, Weak};

/// Selects one of the counts.
type Count = fn(&Statistics) -> u64;

/// The counters by name, with their descriptions.
const COUNTERS: [(&str, &str, Count); 9] = [
    ("simulator.events.sent", "Events that Kafka has acknowledged", |it| it.events_sent),
    ("simulator.events.failed", "Events that could not be published", |it| it.events_failed),
    ("simulator.batches.repeated", "Batches that may be on the topic twice", |it| it.batches_repeated),
    ("simulator.commands.received", "Commands for the simulated pods", |it| it.commands_received),
    ("simulator.commands.accepted", "Commands that devices have executed, or will", |it| {
        it.commands_accepted
    }),
    ("simulator.commands.rejected", "Commands that were refused", |it| it.commands_rejected),
    ("simulator.commands.expired", "Commands that had expired when they were received", |it| {
        it.commands_expired
    }),
    ("simulator.commands.repeated", "Copies of commands that were received before", |it| {
        it.commands_repeated
    }),
    ("simulator.refreshes.failed", "Refreshes of keys in Redis that failed", |it| it.refreshes_failed),
];

impl Simulator {
    /// Reports the statistics through this meter while the simulator exists.
    pub fn observe(&self, meter: &Meter) {
        for (name, about, value) in COUNTERS {
            let core = self.weak_core();
            let counter = meter.u64_observable_counter(name).with_description(about);
            let counter = counter.with_callback(move |observer| {
                if let Some(statistics) = statistics(&core) {
                    observer.observe(value(&statistics), &[]);
                }
            });
            // The meter keeps the instrument; the returned handle is not needed.
            let _kept = counter.build();
        }
        let core = self.weak_core();
        let gauge =
            meter.u64_observable_gauge("simulator.connected").with_description("Connected charge points");
        let gauge = gauge.with_callback(move |observer| {
            if let Some(statistics) = statistics(&core) {
                observer.observe(statistics.connected, &[]);
            }
        });
        let _kept = gauge.build();
    }

    fn weak_core(&self) -> Weak<Core> {
        Arc::downgrade(&self.core)
    }
}

fn statistics(core: &Weak<Core>) -> Option<Statistics> {
    core.upgrade().map(|core| core.statistics())
}
