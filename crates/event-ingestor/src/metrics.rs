//! The metrics of a replica.

mod fleet;
pub(crate) mod groups;
mod skew;
mod snapshots;

use crate::consume::batch::{REFUSED, UNREADABLE};
use crate::consume::fold::Tally;
use chrono::TimeDelta;
use domain::devices::charge_point::UnplacedReason;
use domain::ids::GatewayId;
use groups::GroupMetrics;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Counter, Gauge, Histogram, Meter};
use runtime::lock::MutexExt as _;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use storage::database::snapshots::OldestSnapshot;
use storage::devices::device_counts::DeviceCounts;
use storage::devices::presence::silence::Judged;
use uuid::Uuid;
use wire::DecodeError;

/// The metrics of a replica.
pub(crate) struct Metrics {
    events: Counter<u64>,
    ignored: Counter<u64>,
    dead_letters: Counter<u64>,
    omitted: Counter<u64>,
    batch_records: Histogram<u64>,
    batch_duration: Histogram<f64>,
    latency: Histogram<f64>,
    silent: Counter<u64>,
    doubtful: Counter<u64>,
    doubt_after: Histogram<f64>,
    doubt_lasted: Histogram<f64>,
    samples_outside: Counter<u64>,
    sample_days_dropped: Counter<u64>,
    status_days_dropped: Counter<u64>,
    leases_lost: Counter<u64>,
    fenced: Counter<u64>,
    writes_deferred: Counter<u64>,
    commands: Counter<u64>,
    unowned: Gauge<u64>,
    partitions: Partitions,
    clock_skews: skew::ClockSkews,
    fleet: fleet::Fleet,
    oldest_snapshot: snapshots::Oldest,
    /// The transactions that several partitions share.
    pub groups: GroupMetrics,
}

/// The partitions that this replica reads; partitions that it has left are not reported.
type Partitions = Arc<Mutex<BTreeMap<i32, PartitionStatus>>>;

/// The state of a partition.
#[derive(Debug, Clone, Copy)]
struct PartitionStatus {
    epoch: i64,
    next_offset: i64,
    lag: i64,
    halted: bool,
    written_at: Instant,
}

/// The reasons of dead letters that have neither a decode error nor a misfit.
const OWN_REASONS: [&str; 2] = [REFUSED, UNREADABLE];

/// In seconds: from milliseconds on an idle machine to minutes with a backlog.
const LATENCY_BOUNDS: [f64; 14] =
    [0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 10.0, 60.0];
/// In seconds: the targets are 30 s until a device is doubtful, and 90 s until the doubt ends.
const WAIT_BOUNDS: [f64; 10] = [1.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 180.0, 600.0];
const RECORD_BOUNDS: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 1_000.0, 5_000.0];

impl Metrics {
    /// Metrics of the replica with id `replica`.
    pub(crate) fn new(meter: &Meter, replica: Uuid) -> Self {
        let metrics = Self::instruments(meter, replica);
        // Counters start at zero: the rate of an absent counter is unknown to alerts.
        for counter in [
            &metrics.omitted,
            &metrics.silent,
            &metrics.doubtful,
            &metrics.samples_outside,
            &metrics.sample_days_dropped,
            &metrics.status_days_dropped,
            &metrics.leases_lost,
            &metrics.fenced,
            &metrics.writes_deferred,
        ] {
            counter.add(0, &[]);
        }
        metrics.groups.begin();
        for reason in DecodeError::REASONS.into_iter().chain(UnplacedReason::REASONS).chain(OWN_REASONS) {
            metrics.dead_letters.add(0, &[KeyValue::new("reason", reason)]);
        }
        metrics
    }

    fn instruments(meter: &Meter, replica: Uuid) -> Self {
        let counter = |name, about| meter.u64_counter(name).with_description(about).build();
        let waits = |name, about| {
            let histogram = meter.f64_histogram(name).with_unit("s").with_description(about);
            histogram.with_boundaries(WAIT_BOUNDS.to_vec()).build()
        };
        let seconds = |name, about| {
            let histogram = meter.f64_histogram(name).with_unit("s").with_description(about);
            histogram.with_boundaries(LATENCY_BOUNDS.to_vec()).build()
        };
        Self {
            events: counter("ingest.events", "Events written, by kind"),
            ignored: counter("ingest.ignored", "Events without effect by design, by reason"),
            dead_letters: counter("ingest.dead_letters", "Dead letters, by reason"),
            omitted: counter("ingest.dead_letters.omitted", "Undecodable records beyond the cap"),
            batch_records: meter
                .u64_histogram("ingest.batch.records")
                .with_description("Records in a batch")
                .with_boundaries(RECORD_BOUNDS.to_vec())
                .build(),
            batch_duration: seconds("ingest.batch.duration", "Time to write a batch"),
            latency: seconds("ingest.latency", "Time from the append of a record to its commit"),
            silent: counter("ingest.silent_devices", "Devices taken offline because they were silent"),
            doubtful: counter(
                "ingest.doubtful_devices",
                "Devices that became doubtful because their gateway was silent",
            ),
            doubt_after: waits(
                "ingest.presence.doubt_after",
                "Time from the last event of a device until it was doubtful",
            ),
            doubt_lasted: waits(
                "ingest.presence.doubt_lasted",
                "Time from when a device became doubtful until it was heard again or offline",
            ),
            samples_outside: counter(
                "ingest.samples.outside",
                "Meter readings that were not stored because their day is too old or too far ahead",
            ),
            sample_days_dropped: counter(
                "ingest.samples.partitions_dropped",
                "Days of meter samples dropped, each a partition of its table",
            ),
            status_days_dropped: counter(
                "ingest.statuses.partitions_dropped",
                "Days of the status history dropped, each a partition of its table",
            ),
            leases_lost: counter("ingest.leases_lost", "Partitions that another replica took over"),
            writes_deferred: counter(
                "ingest.writes_deferred",
                "Batches that PostgreSQL did not write although no record is known to be at fault; \
                 they are retried",
            ),
            fenced: counter(
                "ingest.batches_fenced",
                "Batches that were not written because another replica had acquired the partition",
            ),
            commands: counter(
                "ingest.commands.settled",
                "Commands that reached a final state by an event, by OCPP action and outcome",
            ),
            unowned: meter
                .u64_gauge("ingest.partitions.unowned")
                .with_description("Partitions that no replica reads")
                .build(),
            partitions: observed(meter, replica),
            clock_skews: skew::observed(meter, replica),
            fleet: fleet::observed(meter),
            oldest_snapshot: snapshots::observed(meter),
            groups: GroupMetrics::new(meter),
        }
    }

    /// Records a committed batch.
    pub(crate) fn written(&self, tally: &Tally, took: Duration) {
        self.batch_records.record(tally.records(), &[]);
        self.batch_duration.record(took.as_secs_f64(), &[]);
        for (kind, count) in &tally.events {
            self.events.add(*count, &[KeyValue::new("kind", *kind)]);
        }
        for (reason, count) in &tally.ignored {
            self.ignored.add(*count, &[KeyValue::new("reason", reason.reason())]);
        }
        for ((name, outcome), count) in &tally.commands {
            let labels = [KeyValue::new("name", name.clone()), KeyValue::new("outcome", *outcome)];
            self.commands.add(*count, &labels);
        }
        self.samples_outside.add(u64::try_from(tally.samples_outside).unwrap_or(u64::MAX), &[]);
        self.omitted.add(tally.omitted, &[]);
        for (reason, count) in &tally.dead_letters {
            self.dead_letters.add(*count, &[KeyValue::new("reason", *reason)]);
        }
    }

    /// Records the age of a committed record.
    pub(crate) fn visible_after(&self, age: Duration) {
        self.latency.record(age.as_secs_f64(), &[]);
    }

    /// Records the clock skew of a committed event of `gateway`.
    pub(crate) fn clock_skew(&self, gateway: &GatewayId, skew: TimeDelta) {
        self.clock_skews.add(gateway, skew);
    }

    /// Records the verdicts on silent devices.
    pub(crate) fn judged(&self, judged: &Judged) {
        self.silent.add(u64::try_from(judged.gone).unwrap_or(u64::MAX), &[]);
        self.doubtful.add(u64::try_from(judged.doubted.len()).unwrap_or(u64::MAX), &[]);
        let seconds = |after: &TimeDelta| after.to_std().unwrap_or_default().as_secs_f64();
        judged.doubted.iter().for_each(|after| self.doubt_after.record(seconds(after), &[]));
        judged.doubts_settled.iter().for_each(|after| self.doubt_settled(*after));
    }

    /// Records how long a device was doubtful.
    pub(crate) fn doubt_settled(&self, after: TimeDelta) {
        self.doubt_lasted.record(after.to_std().unwrap_or_default().as_secs_f64(), &[]);
    }

    /// Counts days of meter samples that were dropped.
    pub(crate) fn sample_days_dropped(&self, days: usize) {
        self.sample_days_dropped.add(u64::try_from(days).unwrap_or(u64::MAX), &[]);
    }

    /// Counts days of the status history that were dropped.
    pub(crate) fn status_days_dropped(&self, days: usize) {
        self.status_days_dropped.add(u64::try_from(days).unwrap_or(u64::MAX), &[]);
    }

    /// Adds a partition whose lease was acquired.
    pub(crate) fn taken(&self, partition: i32, epoch: i64, next_offset: i64) {
        let status =
            PartitionStatus { epoch, next_offset, lag: 0, halted: false, written_at: Instant::now() };
        self.locked().insert(partition, status);
    }

    /// Removes a partition that this replica has left.
    pub(crate) fn left(&self, partition: i32) {
        self.locked().remove(&partition);
    }

    /// Whether this replica reads the partition.
    pub(crate) fn reads(&self, partition: i32) -> bool {
        self.locked().contains_key(&partition)
    }

    /// The partitions that this replica reads, in order.
    pub(crate) fn owned(&self) -> Vec<i32> {
        self.locked().keys().copied().collect()
    }

    /// Records the oldest snapshot in the database; `None` when another replica reports it, or it
    /// could not be read.
    pub(crate) fn oldest_snapshot(&self, found: Option<OldestSnapshot>) {
        *self.oldest_snapshot.locked() = found;
    }

    /// Records the device counts; `None` when another replica counts, or counting failed.
    pub(crate) fn fleet(&self, counted: Option<DeviceCounts>) {
        *self.fleet.locked() = counted;
    }

    /// Records how far a partition was read.
    pub(crate) fn position(&self, partition: i32, next_offset: i64, high_watermark: i64) {
        if let Some(status) = self.locked().get_mut(&partition) {
            if next_offset > status.next_offset {
                status.written_at = Instant::now();
            }
            status.next_offset = next_offset;
            status.lag = (high_watermark - next_offset).max(0);
        }
    }

    /// Records whether a partition is halted.
    pub(crate) fn halted(&self, partition: i32, halted: bool) {
        if let Some(status) = self.locked().get_mut(&partition) {
            status.halted = halted;
        }
    }

    /// Counts a partition that another replica has acquired.
    pub(crate) fn lease_lost(&self) {
        self.leases_lost.add(1, &[]);
    }

    /// Counts a batch that could not be written and will be retried.
    pub(crate) fn write_deferred(&self) {
        self.writes_deferred.add(1, &[]);
    }

    /// Counts a batch that was not written because another replica had acquired the partition.
    pub(crate) fn fenced(&self) {
        self.fenced.add(1, &[]);
    }

    /// Records the number of partitions that no replica reads.
    pub(crate) fn unowned(&self, unowned: usize) {
        self.unowned.record(u64::try_from(unowned).unwrap_or(u64::MAX), &[]);
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<i32, PartitionStatus>> {
        self.partitions.locked()
    }
}

/// Gauges that report the partitions that are read at the time of the scrape.
fn observed(meter: &Meter, replica: Uuid) -> Partitions {
    let partitions = Partitions::default();
    let gauge = |name, unit, about, value: fn(&PartitionStatus) -> f64| {
        let partitions = Arc::clone(&partitions);
        let replica = replica.to_string();
        let report = move |observer: &dyn AsyncInstrument<f64>| {
            for (partition, status) in &*partitions.locked() {
                let partition = KeyValue::new("partition", i64::from(*partition));
                observer.observe(value(status), &[partition, KeyValue::new("replica", replica.clone())]);
            }
        };
        meter.f64_observable_gauge(name).with_unit(unit).with_description(about).with_callback(report).build()
    };
    gauge("ingest.partition.owned", "", "1 for each partition that this replica reads", |_status| 1.0);
    gauge("ingest.partition.epoch", "", "Epoch of the lease", |status| number(status.epoch));
    gauge("ingest.partition.next_offset", "", "First offset not yet written", |status| {
        number(status.next_offset)
    });
    gauge("ingest.partition.lag.records", "", "Records behind the end of the partition", |status| {
        number(status.lag)
    });
    gauge("ingest.partition.idle", "s", "Time since something was written", |status| {
        status.written_at.elapsed().as_secs_f64()
    });
    gauge("ingest.partition.halted", "", "1 while the partition waits for an operator", |status| {
        f64::from(u8::from(status.halted))
    });
    partitions
}

/// Prometheus has only floating-point values, which represent integers exactly up to 2⁵³.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "the conversion has no lossless form, and offsets are smaller"
)]
const fn number(value: i64) -> f64 {
    value as f64
}
