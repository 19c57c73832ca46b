//! The ratios of events: a low rate, an ingestor that catches up with a backlog, and the floor.

use crate::floor::{Prepared, STATISTICS_DELAY};
use crate::harness::Harness;
use crate::load::Generator;
use crate::meters::{MeterReading, OF_EVENTS, Peaks, ProcessUse};
use crate::numbers::{float, share};
use crate::ratios::Ratio;
use crate::server;
use crate::visibility::Offsets;
use anyhow::{Context as _, ensure};
use launch::output::progress;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// The shares of a backlog, in percent, between which catching up is measured: the ingestor has then
/// opened its connections, and no partition is finished.
const MEASURED_PERCENT: (u64, u64) = (10, 80);
/// The interval of checking how much is visible.
const POLL_INTERVAL: Duration = Duration::from_millis(4);
/// The time limit for catching up.
const TIMEOUT: Duration = Duration::from_secs(180);

/// An ingestor that catches up, as fast as it can.
struct CatchUp {
    events_per_s: f64,
    cpu_us: f64,
    events_per_batch: usize,
    connections: usize,
}

/// A point on the way through a backlog.
struct Progress {
    visible: u64,
    reading: MeterReading,
}

/// Measures both ratios of events. Ends without a running ingestor.
pub async fn measure(harness: &mut Harness, load: &Generator) -> anyhow::Result<Vec<(Ratio, f64)>> {
    if harness.platform.ingestors()?.is_empty() {
        harness.start_ingestor().await?;
    }
    let (rate, _) = *harness.plan.steady.first().context("the plan has no rate")?;
    let measured = harness.plan.measured;
    // Otherwise autovacuum does it meanwhile, and is counted.
    server::vacuum(&mut harness.queries).await?;
    progress(&format!("{rate} events/s for {} s …", (harness.plan.warm_up + measured).as_secs()));
    let low = harness.measure(load, rate, measured).await?;
    harness.platform.stop_ingestors().await?;
    let highest = catch_up(harness, load).await?;
    let (from, to) = harness.publish_backlog(load).await?;
    let prepared = Prepared::read(harness, &from, &to).await?;
    progress("writing them in batches …");
    let floor = prepared.measure_batches(harness, highest.connections, highest.events_per_batch).await?;
    let low_cpu_us = ProcessUse::cpu_us_of(&low.processes, &OF_EVENTS);
    Ok(vec![
        (Ratio::EventsOfFloor, share(highest.events_per_s, floor.events_per_s)),
        (Ratio::EventCpuAtLowRate, share(low_cpu_us, highest.cpu_us)),
    ])
}

/// Starts an ingestor behind a backlog, and stops it when it has caught up.
async fn catch_up(harness: &mut Harness, load: &Generator) -> anyhow::Result<CatchUp> {
    let (from, to) = harness.publish_backlog(load).await?;
    let work = settled_work(harness).await?;
    progress("an ingestor catches up with them …");
    harness.platform.start_ingestor().await?;
    harness.meters.ingestors = harness.platform.ingestors()?;
    let backlog = count(&from, &to);
    let first = visible(harness, &from, backlog * MEASURED_PERCENT.0 / 100).await?;
    let last = visible(harness, &from, backlog * MEASURED_PERCENT.1 / 100).await?;
    harness.catch_up().await?;
    let connections = harness.connections().await?;
    let batches = settled_work(harness).await?.batches - work.batches;
    harness.platform.stop_ingestors().await?;
    let events = float(last.visible - first.visible);
    let used = first.reading.until(&last.reading, events, &Peaks::default());
    Ok(CatchUp {
        events_per_s: share(events, first.reading.seconds_until(&last.reading)),
        cpu_us: ProcessUse::cpu_us_of(&used, &OF_EVENTS),
        events_per_batch: usize::try_from(backlog / u64::try_from(batches)?.max(1))?.max(1),
        connections,
    })
}

/// Waits until `expected` events behind `from` are visible.
async fn visible(harness: &Harness, from: &Offsets, expected: u64) -> anyhow::Result<Progress> {
    let begun = Instant::now();
    loop {
        let visible = count(from, &harness.watch.current()?);
        if visible >= expected {
            return Ok(Progress { visible, reading: harness.meters.read() });
        }
        ensure!(begun.elapsed() < TIMEOUT, "the ingestor did not catch up within {TIMEOUT:?}");
        sleep(POLL_INTERVAL).await;
    }
}

/// What was written, once PostgreSQL's statistics contain it.
async fn settled_work(harness: &mut Harness) -> anyhow::Result<server::Work> {
    sleep(STATISTICS_DELAY).await;
    server::work(&mut harness.queries).await
}

/// The events between two offsets of each partition.
fn count(from: &Offsets, to: &Offsets) -> u64 {
    let of_partition =
        |(partition, end): (&i32, &i64)| end - from.get(partition).copied().unwrap_or_default();
    to.iter().map(of_partition).map(|events| u64::try_from(events).unwrap_or_default()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_events_of_all_partitions() {
        let from = Offsets::from([(0, 10), (1, 20)]);
        assert_eq!(count(&from, &Offsets::from([(0, 15), (1, 20), (2, 7)])), 12);
        assert_eq!(count(&from, &from), 0);
    }
}
