//! What an SRE sees of a replica.

mod fleet;
mod skew;
mod snapshots;

use crate::consume::batch::{REFUSED, UNREADABLE};
use crate::consume::fold::Tally;
use chrono::TimeDelta;
use domain::devices::charge_point::Misfit;
use domain::ids::GatewayId;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Counter, Gauge, Histogram, Meter};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use storage::database::snapshots::OldestSnapshot;
use storage::devices::device_counts::Census;
use storage::devices::presence::silence::Judged;
use uuid::Uuid;
use wire::DecodeError;

/// The replica's instruments.
pub(crate) struct Metrics {
    events: Counter<u64>,
    ignored: Counter<u64>,
    dead_letters: Counter<u64>,
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
}

/// The partitions that this replica reads; one that it has left is not reported any more.
type Partitions = Arc<Mutex<BTreeMap<i32, Standing>>>;

/// How a partition stands.
#[derive(Debug, Clone, Copy)]
struct Standing {
    epoch: i64,
    next_offset: i64,
    lag: i64,
    halted: bool,
    written_at: Instant,
}

/// Why records are put aside that can be decoded, and events placed.
const OWN_REASONS: [&str; 2] = [REFUSED, UNREADABLE];

/// Seconds: from a quiet machine's milliseconds to a backlog's minutes.
const LATENCY_BOUNDS: [f64; 14] =
    [0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 10.0, 60.0];
/// Seconds: the goals are 30 s until a device is doubtful, and 90 s until that is settled.
const WAIT_BOUNDS: [f64; 10] = [1.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 180.0, 600.0];
const RECORD_BOUNDS: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 1_000.0, 5_000.0];

impl Metrics {
    /// Instruments of the replica called `replica`.
    pub(crate) fn new(meter: &Meter, replica: Uuid) -> Self {
        let metrics = Self::instruments(meter, replica);
        // What has not happened yet is zero, not absent: an alert on a rate needs a beginning.
        for counter in [
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
        for reason in DecodeError::REASONS.into_iter().chain(Misfit::REASONS).chain(OWN_REASONS) {
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
            dead_letters: counter("ingest.dead_letters", "Records put aside, by reason"),
            batch_records: meter
                .u64_histogram("ingest.batch.records")
                .with_description("Records in a batch")
                .with_boundaries(RECORD_BOUNDS.to_vec())
                .build(),
            batch_duration: seconds("ingest.batch.duration", "Time to write a batch"),
            latency: seconds(
                "ingest.latency",
                "From when a record was appended to its effect being committed",
            ),
            silent: counter("ingest.silent_devices", "Devices taken offline since they were not heard"),
            doubtful: counter(
                "ingest.doubtful_devices",
                "Devices that became doubtful because their gateway was silent",
            ),
            doubt_after: waits(
                "ingest.presence.doubt_after",
                "From when a device was last heard until it was doubtful",
            ),
            doubt_lasted: waits(
                "ingest.presence.doubt_lasted",
                "From when a device became doubtful until it was heard again or offline",
            ),
            samples_outside: counter(
                "ingest.samples.outside",
                "Meter readings that were not stored, since their day is too old or too far ahead",
            ),
            sample_days_dropped: counter(
                "ingest.samples.partitions_dropped",
                "Days of meter samples dropped, each a partition of its table",
            ),
            status_days_dropped: counter(
                "ingest.statuses.partitions_dropped",
                "Days of the history of statuses dropped, each a partition of its table",
            ),
            leases_lost: counter("ingest.leases_lost", "Partitions that another replica took over"),
            writes_deferred: counter(
                "ingest.writes_deferred",
                "Batches that PostgreSQL did not write although no record is known to be at fault; they are written again",
            ),
            fenced: counter(
                "ingest.batches_fenced",
                "Batches that were not written, since another replica had taken the partition over",
            ),
            commands: counter(
                "ingest.commands.settled",
                "Commands that came to their end by what devices tell, by OCPP action and outcome",
            ),
            unowned: meter
                .u64_gauge("ingest.partitions.unowned")
                .with_description("Partitions that no replica reads")
                .build(),
            partitions: observed(meter, replica),
            clock_skews: skew::observed(meter, replica),
            fleet: fleet::observed(meter),
            oldest_snapshot: snapshots::observed(meter),
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
        for ((name, outcome), count) in &tally.commands {
            let labels = [KeyValue::new("name", name.clone()), KeyValue::new("outcome", *outcome)];
            self.commands.add(*count, &labels);
        }
        self.samples_outside.add(u64::try_from(tally.samples_outside).unwrap_or(u64::MAX), &[]);
        for (reason, count) in &tally.dead_letters {
            self.dead_letters.add(*count, &[KeyValue::new("reason", *reason)]);
        }
    }

    /// A record of that age was committed.
    pub(crate) fn visible_after(&self, age: Duration) {
        self.latency.record(age.as_secs_f64(), &[]);
    }

    /// An event of `gateway` was committed that is dated with `skew`.
    pub(crate) fn clock_skew(&self, gateway: &GatewayId, skew: TimeDelta) {
        self.clock_skews.take(gateway, skew);
    }

    /// Silent devices were judged.
    pub(crate) fn judged(&self, judged: &Judged) {
        self.silent.add(u64::try_from(judged.gone).unwrap_or(u64::MAX), &[]);
        self.doubtful.add(u64::try_from(judged.doubted.len()).unwrap_or(u64::MAX), &[]);
        let seconds = |after: &TimeDelta| after.to_std().unwrap_or_default().as_secs_f64();
        judged.doubted.iter().for_each(|after| self.doubt_after.record(seconds(after), &[]));
        judged.doubts_settled.iter().for_each(|after| self.doubt_settled(*after));
    }

    /// A device was doubtful for so long and is not any more.
    pub(crate) fn doubt_settled(&self, after: TimeDelta) {
        self.doubt_lasted.record(after.to_std().unwrap_or_default().as_secs_f64(), &[]);
    }

    /// So many days of meter samples were dropped.
    pub(crate) fn sample_days_dropped(&self, days: usize) {
        self.sample_days_dropped.add(u64::try_from(days).unwrap_or(u64::MAX), &[]);
    }

    /// So many days of the history of statuses were dropped.
    pub(crate) fn status_days_dropped(&self, days: usize) {
        self.status_days_dropped.add(u64::try_from(days).unwrap_or(u64::MAX), &[]);
    }

    /// A partition was taken.
    pub(crate) fn taken(&self, partition: i32, epoch: i64, next_offset: i64) {
        let standing = Standing { epoch, next_offset, lag: 0, halted: false, written_at: Instant::now() };
        self.locked().insert(partition, standing);
    }

    /// A partition is not read any more.
    pub(crate) fn left(&self, partition: i32) {
        self.locked().remove(&partition);
    }

    /// Whether a partition is read by this replica.
    pub(crate) fn reads(&self, partition: i32) -> bool {
        self.locked().contains_key(&partition)
    }

    /// The partitions that are read by this replica, in order.
    pub(crate) fn owned(&self) -> Vec<i32> {
        self.locked().keys().copied().collect()
    }

    /// The oldest snapshot in the database was looked for; `None` when it is not for this replica to look, or could not be found.
    pub(crate) fn oldest_snapshot(&self, found: Option<OldestSnapshot>) {
        *self.oldest_snapshot.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }

    /// The fleet was counted; `None` when it is not for this replica to count it, or could not be.
    pub(crate) fn fleet(&self, counted: Option<Census>) {
        *self.fleet.lock().unwrap_or_else(PoisonError::into_inner) = counted;
    }

    /// How far a partition was read.
    pub(crate) fn position(&self, partition: i32, next_offset: i64, high_watermark: i64) {
        if let Some(standing) = self.locked().get_mut(&partition) {
            if next_offset > standing.next_offset {
                standing.written_at = Instant::now();
            }
            standing.next_offset = next_offset;
            standing.lag = (high_watermark - next_offset).max(0);
        }
    }

    /// Whether a partition waits for an operator.
    pub(crate) fn halted(&self, partition: i32, halted: bool) {
        if let Some(standing) = self.locked().get_mut(&partition) {
            standing.halted = halted;
        }
    }

    /// A partition was lost to another replica.
    pub(crate) fn lease_lost(&self) {
        self.leases_lost.add(1, &[]);
    }

    /// A batch was not written, since the partition is another replica's.
    /// A batch could not be written, and is written again.
    pub(crate) fn write_deferred(&self) {
        self.writes_deferred.add(1, &[]);
    }

    pub(crate) fn fenced(&self) {
        self.fenced.add(1, &[]);
    }

    /// How many partitions nobody reads.
    pub(crate) fn unowned(&self, unowned: usize) {
        self.unowned.record(u64::try_from(unowned).unwrap_or(u64::MAX), &[]);
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<i32, Standing>> {
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gauges that report, whenever they are asked, on the partitions that are read then.
fn observed(meter: &Meter, replica: Uuid) -> Partitions {
    let partitions = Partitions::default();
    let gauge = |name, unit, about, value: fn(&Standing) -> f64| {
        let partitions = Arc::clone(&partitions);
        let replica = replica.to_string();
        let report = move |observer: &dyn AsyncInstrument<f64>| {
            for (partition, standing) in &*partitions.lock().unwrap_or_else(PoisonError::into_inner) {
                let partition = KeyValue::new("partition", i64::from(*partition));
                observer.observe(value(standing), &[partition, KeyValue::new("replica", replica.clone())]);
            }
        };
        meter.f64_observable_gauge(name).with_unit(unit).with_description(about).with_callback(report).build()
    };
    gauge("ingest.partition.owned", "", "1 for each partition that this replica reads", |_standing| 1.0);
    gauge("ingest.partition.epoch", "", "Epoch of the lease", |standing| number(standing.epoch));
    gauge("ingest.partition.next_offset", "", "First offset not yet written", |standing| {
        number(standing.next_offset)
    });
    gauge("ingest.partition.lag.records", "", "Records behind the end of the partition", |standing| {
        number(standing.lag)
    });
    gauge("ingest.partition.idle", "s", "Time since something was written", |standing| {
        standing.written_at.elapsed().as_secs_f64()
    });
    gauge("ingest.partition.halted", "", "1 while the partition waits for an operator", |standing| {
        f64::from(u8::from(standing.halted))
    });
    partitions
}

/// Prometheus knows floating point only: whole numbers are exact up to 2⁵³.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "there is no other way, and offsets are smaller"
)]
const fn number(value: i64) -> f64 {
    value as f64
}
