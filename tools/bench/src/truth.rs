//! The time to truth: for how long the platform is wrong about where devices are, after a device
//! moved to another pod and after a pod died.

mod arrivals;
mod gateway;
mod killed;
mod moved;
mod others;
mod snapshot;

use crate::harness::Harness;
use crate::meters::Broker;
use crate::plan::Plan;
use crate::platform::Names;
use crate::report::Truth;
use gateway::Gateway;
use launch::output::{passed, progress};
use std::path::Path;

/// Measures both on a separate platform, so that the silent devices of other chapters are not
/// probed meanwhile.
pub async fn measure(plan: &Plan, names: &Names, folder: &Path, broker: &Broker) -> anyhow::Result<Truth> {
    let mut harness = Harness::set_up(plan, names, folder, broker).await?;
    // Nothing is concluded from silence unless the event topic is known to be read.
    let settings = [("CHARGING__PRESENCE__INGEST_TOPIC", names.events.clone())];
    let dispatcher = harness.platform.start_dispatcher(plan, &settings).await?;
    harness.meters.dispatcher = dispatcher.process.id();
    let gateway = Gateway::start(names, plan.truth.pace_ms).await?;
    progress(&format!("{} devices move to another pod without a boot …", plan.truth.moved));
    let moved = moved::measure(&mut harness, &gateway, &dispatcher).await?;
    let latency = &moved.latency;
    passed(&format!(
        "commands follow {} of {}: P50 {} · P95 {} · max {} ms",
        moved.followed, moved.devices, latency.p50_ms, latency.p95_ms, latency.max_ms
    ));
    let killed = killed::measure(&mut harness, &gateway).await?;
    let seconds = |time: Option<f64>| time.map_or_else(|| "not reached".to_owned(), |s| format!("{s} s"));
    passed(&format!(
        "P95 doubtful: {} · settled: {}; P95 of other devices' events: {} → {} ms",
        seconds(killed.noticed.p95_s),
        seconds(killed.settled.p95_s),
        killed.others.before.p95_ms,
        killed.others.after.p95_ms
    ));
    dispatcher.stop().await?;
    harness.platform.stop_ingestors().await?;
    Ok(Truth { moved, killed })
}
