//! A pod is killed: how long until its devices are doubtful, and until they are offline or found
//! elsewhere.

use super::arrivals::{TimedCounts, arrivals, by_second};
use super::gateway::{self, Gateway, KILLED};
use super::others;
use super::snapshot::SnapshotQuery;
use crate::harness::Harness;
use crate::load::Generator;
use crate::meters::MeterReading;
use crate::numbers::{count, round, share};
use crate::plan::TruthPlan;
use crate::report::{Counts, KilledPod, OtherDevices};
use anyhow::{Context as _, ensure};
use domain::ids::ChargePointId;
use launch::output::progress;
use runtime::every;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// The percentage of devices that reconnect through another pod.
const RETURNING_PERCENT: u32 = 20;
/// The time from the kill until they reconnect.
const OFFLINE_FOR: Duration = Duration::from_secs(5);
/// The interval of snapshots.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// The interval of meter readings, in µs.
const INTERVAL_MICROS: i64 = 5_000_000;
/// How long all devices must be settled before the observation ends.
const SETTLED: Duration = Duration::from_secs(5);

/// The devices of the pod that is killed.
struct Devices {
    /// The prefix of all their ids.
    prefix: String,
    /// The prefix of the ids of the devices that reconnect.
    returning_prefix: String,
    returning: Vec<ChargePointId>,
    staying: Vec<ChargePointId>,
}

/// Connects the planned number of devices to a pod, kills it under the load of other devices, and
/// takes snapshots until all devices are settled or the planned time is up.
pub async fn measure(harness: &mut Harness, gateway: &Gateway) -> anyhow::Result<KilledPod> {
    let plan = harness.plan.truth.clone();
    let devices = Devices::new(&harness.platform.names.run, plan.devices)?;
    progress(&format!("{} devices boot through one pod, at its pace …", plan.devices));
    gateway.connect(&devices.staying, KILLED).await?;
    gateway.connect(&devices.returning, KILLED).await?;
    if !plan.idle {
        // The pod sends events until it dies, so that its silence begins with the kill.
        gateway.report_until_killed(devices.staying.clone())?;
    }
    let snapshot = SnapshotQuery::new(&devices.prefix, &devices.returning_prefix, gateway.id(KILLED)?);
    let others_prefix = format!("TO-{}-", harness.platform.names.run);
    let load = harness.fleet(&others_prefix, plan.other_devices).await?;
    let begun = snapshot.count(&mut harness.queries).await?;
    ensure!(
        begun.live == u64::from(plan.devices),
        "before the kill, the devices are not all online: {begun:?}"
    );

    let from = harness.watch.current()?;
    harness.watch.clear();
    let sending = load.produce(plan.other_rate, plan.warm_up + plan.baseline + plan.watch)?;
    progress(&format!("{} events/s of {} other devices …", plan.other_rate, plan.other_devices));
    sleep(plan.warm_up).await;
    let mut readings = vec![(micros(), harness.meters.read())];
    take_snapshots(harness, &snapshot, plan.baseline, &mut readings, |_| false).await?;
    progress("the pod is killed …");
    let (killed, killed_at) = (Instant::now(), micros());
    gateway.simulator.kill_pod(KILLED).await?;
    readings.push((micros(), harness.meters.read()));
    let reconnected = gateway.reconnect(&devices.returning, OFFLINE_FOR)?;
    let all = u64::from(plan.devices);
    let settled = |counts: &Counts| counts.settled() == all;
    let taken = take_snapshots(harness, &snapshot, plan.watch, &mut readings, settled).await?;
    readings.push((micros(), harness.meters.read()));
    stop_load(load, sending).await?;
    reconnected.await.context("the gateway panicked")?.context("reconnect devices")?;
    let compared = others::compare(harness, &from, &others_prefix, killed_at, &readings).await?;
    let others = OtherDevices::new(plan.other_devices, plan.other_rate, compared);
    figures(&plan, &devices, &since(killed, &taken), others)
}

/// Ends the load, and waits until all events are on the topic.
async fn stop_load(
    load: Generator,
    sending: tokio::task::JoinHandle<anyhow::Result<gateway_simulator::LoadSegment>>,
) -> anyhow::Result<()> {
    load.stop_producing();
    sending.await.context("the load generator panicked")?.map(drop)
}

/// Takes snapshots for `length`, or until one has been `done` for a while, and reads the meters at
/// intervals.
async fn take_snapshots(
    harness: &mut Harness,
    snapshot: &SnapshotQuery,
    length: Duration,
    readings: &mut Vec<(i64, MeterReading)>,
    done: impl Fn(&Counts) -> bool,
) -> anyhow::Result<Vec<(Instant, Counts)>> {
    let begun = Instant::now();
    let mut ticks = every(POLL_INTERVAL);
    let mut taken = Vec::new();
    let mut done_since = None;
    while begun.elapsed() < length {
        ticks.tick().await;
        let counts = snapshot.count(&mut harness.queries).await?;
        let at = Instant::now();
        taken.push((at, counts));
        let now = micros();
        if readings.last().is_none_or(|(read_at, _)| now - read_at >= INTERVAL_MICROS) {
            readings.push((now, harness.meters.read()));
        }
        done_since = done(&counts).then(|| done_since.unwrap_or(at));
        if done_since.is_some_and(|since| at.duration_since(since) >= SETTLED) {
            break;
        }
    }
    Ok(taken)
}

impl Devices {
    fn new(run: &str, devices: u32) -> anyhow::Result<Self> {
        let returning = devices * RETURNING_PERCENT / 100;
        let prefix = format!("TK-{run}-");
        let returning_prefix = format!("{prefix}R-");
        Ok(Self {
            returning: gateway::ids(&returning_prefix, returning)?,
            staying: gateway::ids(&format!("{prefix}S-"), devices - returning)?,
            prefix,
            returning_prefix,
        })
    }
}

/// Snapshots with the seconds after the kill.
fn since(killed: Instant, taken: &[(Instant, Counts)]) -> Vec<TimedCounts> {
    let timed = |(at, counts): &(Instant, Counts)| TimedCounts {
        at_s: at.saturating_duration_since(killed).as_secs_f64(),
        counts: *counts,
    };
    taken.iter().map(timed).collect()
}

fn figures(
    plan: &TruthPlan,
    devices: &Devices,
    snapshots: &[TimedCounts],
    others: OtherDevices,
) -> anyhow::Result<KilledPod> {
    let last = snapshots.last().context("no snapshot was taken")?;
    let all = u64::from(plan.devices);
    ensure!(last.counts.total() == all, "devices are missing in the database: {:?}", last.counts);
    Ok(KilledPod {
        devices: all,
        idle: plan.idle,
        returned: u64::try_from(devices.returning.len())?,
        watched_s: round(last.at_s, 1),
        snapshot_ms: round(share(last.at_s * 1e3, count(snapshots.len())), 0),
        noticed: arrivals(all, snapshots, Counts::noticed),
        settled: arrivals(all, snapshots, Counts::settled),
        seconds: by_second(snapshots),
        at_end: last.counts,
        others,
    })
}

fn micros() -> i64 {
    runtime::clock::now().timestamp_micros()
}
