//! The cost of a crash: one of two ingestors is killed under load.

use crate::harness::Harness;
use crate::load::Generator;
use crate::numbers::{float, round};
use crate::report::Takeover;
use crate::visibility::{self, Seen};
use anyhow::Context as _;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The load before the crash.
const LOAD_BEFORE: Duration = Duration::from_secs(4);
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Events that are later than this were delayed by the crash.
const LATE_MICROS: i64 = 1_000_000;
/// How long partitions may have no owner before the measurement fails.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The default of `ingest.lease_ms`, which the ingestors use.
const LEASE_S: f64 = 10.0;
/// The time allowed after the lease has expired.
const ALLOWANCE_S: f64 = 3.0;

/// Kills the ingestor that was started last, of at least two, and observes the takeover.
pub async fn measure(harness: &mut Harness, load: &Generator, rate: u32) -> anyhow::Result<Takeover> {
    let from = harness.watch.current()?;
    harness.watch.clear();
    let sending = load.produce(rate, LOAD_BEFORE + harness.plan.takeover)?;
    sleep(LOAD_BEFORE).await;
    harness.platform.crash_ingestor().await?;
    let (killed, killed_at) = (Instant::now(), runtime::clock::now().timestamp_micros());
    harness.meters.ingestors = harness.platform.ingestors()?;
    let survivors = harness.meters.ingestors.len();
    while harness.owners().await? != (survivors, 0) {
        anyhow::ensure!(killed.elapsed() < TIMEOUT, "partitions without an owner for {TIMEOUT:?}");
        sleep(POLL_INTERVAL).await;
    }
    let owned_after_s = killed.elapsed().as_secs_f64();
    sending.await.context("the load generator panicked")??;
    let to = harness.catch_up().await?;
    let (sightings, _) = harness.watch.take_observations();
    let sent =
        visibility::read(&harness.platform.kafka, &harness.platform.names.events, &from, &to, |_, record| {
            (record.offset, record.timestamp.timestamp_micros())
        });
    let seen = Seen::join(&sent.await?, &sightings)?;
    let caught_up = seen.last_late(LATE_MICROS).map_or(0, |last| last - killed_at);
    Ok(Takeover {
        rate,
        ingestors: survivors + 1,
        lease_s: LEASE_S,
        owned_after_s: round(owned_after_s, 2),
        caught_up_after_s: round(float(u64::try_from(caught_up).unwrap_or_default()) / 1e6, 2),
        limit_s: LEASE_S + ALLOWANCE_S,
    })
}
