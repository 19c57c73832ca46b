//! What an SRE sees of a replica.

use crate::fold::Tally;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};
use std::time::Duration;

/// The replica's instruments.
pub(crate) struct Metrics {
    events: Counter<u64>,
    ignored: Counter<u64>,
    dead_letters: Counter<u64>,
    batch_records: Histogram<u64>,
    batch_duration: Histogram<f64>,
    latency: Histogram<f64>,
    leases_lost: Counter<u64>,
    owned: Gauge<u64>,
    unowned: Gauge<u64>,
    next_offset: Gauge<i64>,
    lag: Gauge<i64>,
    epoch: Gauge<i64>,
    halted: Gauge<u64>,
}

/// Seconds: from a quiet machine's milliseconds to a backlog's minutes.
const LATENCY_BOUNDS: [f64; 14] =
    [0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 10.0, 60.0];
const RECORD_BOUNDS: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 1_000.0, 5_000.0];

impl Metrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let counter = |name, about| meter.u64_counter(name).with_description(about).build();
        let gauge = |name, about| meter.i64_gauge(name).with_description(about).build();
        let count = |name, about| meter.u64_gauge(name).with_description(about).build();
        let seconds = |name, about| {
            let histogram = meter.f64_histogram(name).with_unit("s").with_description(about);
            histogram.with_boundaries(LATENCY_BOUNDS.to_vec()).build()
        };
        Self {
            events: counter("ingest.events", "Events written, by kind"),
            ignored: counter("ingest.ignored", "Events without effect by design, by reason"),
            dead_letters: counter("ingest.dead_letters", "Records put aside, by reason"),
            batch_records: meter
                .u64_histogram("ingest.batch.records")
                .with_description("Records in a batch")
                .with_boundaries(RECORD_BOUNDS.to_vec())
                .build(),
            batch_duration: seconds("ingest.batch.duration", "Time to write a batch"),
            latency: seconds(
                "ingest.latency",
                "From a record's Kafka timestamp to its effect being committed",
            ),
            leases_lost: counter("ingest.leases_lost", "Partitions that another replica took over"),
            owned: count("ingest.partitions.owned", "Partitions that this replica reads"),
            unowned: count("ingest.partitions.unowned", "Partitions that no replica reads"),
            next_offset: gauge("ingest.partition.next_offset", "First offset not yet written"),
            lag: gauge("ingest.partition.lag", "Records behind the end of the partition"),
            epoch: gauge("ingest.partition.epoch", "Epoch of the lease"),
            halted: count("ingest.partition.halted", "1 while the partition waits for an operator"),
        }
    }

    /// A batch was committed.
    pub(crate) fn written(&self, tally: &Tally, took: Duration) {
        self.batch_records.record(tally.records(), &[]);
        self.batch_duration.record(took.as_secs_f64(), &[]);
        for (kind, count) in &tally.events {
            self.events.add(*count, &[KeyValue::new("kind", *kind)]);
        }
        for (reason, count) in &tally.ignored {
            self.ignored.add(*count, &[KeyValue::new("reason", reason.reason())]);
        }
        for (reason, count) in &tally.dead_letters {
            self.dead_letters.add(*count, &[KeyValue::new("reason", *reason)]);
        }
    }

    /// A record of that age was committed.
    pub(crate) fn visible_after(&self, age: Duration) {
        self.latency.record(age.as_secs_f64(), &[]);
    }

    /// How far a partition was read.
    pub(crate) fn position(&self, partition: i32, next_offset: i64, high_watermark: i64) {
        let label = [KeyValue::new("partition", i64::from(partition))];
        self.next_offset.record(next_offset, &label);
        self.lag.record((high_watermark - next_offset).max(0), &label);
    }

    /// A partition was taken.
    pub(crate) fn acquired(&self, partition: i32, epoch: i64) {
        self.epoch.record(epoch, &[KeyValue::new("partition", i64::from(partition))]);
    }

    /// A partition was lost to another replica.
    pub(crate) fn lease_lost(&self) {
        self.leases_lost.add(1, &[]);
    }

    /// How the partitions are shared out.
    pub(crate) fn shares(&self, owned: usize, unowned: usize) {
        self.owned.record(u64::try_from(owned).unwrap_or(u64::MAX), &[]);
        self.unowned.record(u64::try_from(unowned).unwrap_or(u64::MAX), &[]);
    }

    /// Whether a partition waits for an operator.
    pub(crate) fn halted(&self, partition: i32, halted: bool) {
        self.halted.record(u64::from(halted), &[KeyValue::new("partition", i64::from(partition))]);
    }
}
