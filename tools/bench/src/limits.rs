//! Limits of sessions: how far sessions exceed them, and whether each session is stopped once.

mod gateway;
mod outcomes;
mod starts;

use crate::harness::Harness;
use crate::http_client::HttpClient;
use crate::load::Generator;
use crate::meters::Broker;
use crate::numbers::{float, grouped_count, round, share};
use crate::plan::{LimitPlan, Plan};
use crate::platform::Names;
use crate::report::{LimitedSessions, Limits};
use crate::server;
use anyhow::{Context as _, ensure};
use gateway::Gateway;
use gateway_simulator::LoadSegment;
use launch::output::{passed, progress};
use starts::PlannedStart;
use std::path::Path;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

/// The interval of checking whether all limits are settled.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Measures on a separate platform, whose database has no other sessions with limits.
pub async fn measure(plan: &Plan, names: &Names, folder: &Path, broker: &Broker) -> anyhow::Result<Limits> {
    let mut harness = Harness::set_up(plan, names, folder, broker).await?;
    // Nothing is concluded from silence unless the event topic is known to be read.
    let settings = [("CHARGING__PRESENCE__INGEST_TOPIC", names.events.clone())];
    let dispatcher = harness.platform.start_dispatcher(plan, &settings).await?;
    let limits = &plan.limits;
    let starts = starts::schedule(limits);
    progress(&format!("{} devices connect, and {} others …", starts.len(), limits.other_devices));
    let gateway = Gateway::start(names, limits).await?;
    let prefix = format!("LS-{}-", names.run);
    gateway.connect(&prefix, limits).await?;
    let load = harness.fleet(&format!("LO-{}-", names.run), limits.other_devices).await?;
    let piles = server::register(&mut harness.queries, &prefix).await?;
    ensure!(piles.len() == starts.len(), "only {} devices announced themselves", piles.len());

    let sending = load.produce(limits.other_rate, limits.warm_up + limits.spread * 2 + limits.timeout)?;
    sleep(limits.warm_up).await;
    progress(&format!(
        "{} starts in {} s at {} events/s of the others, until each session was stopped …",
        starts.len(),
        limits.spread.as_secs(),
        limits.other_rate
    ));
    command(&HttpClient::new(&dispatcher.listen)?, &starts, &piles).await?;
    wait_until_settled(&mut harness, starts.len(), limits.timeout).await?;
    let sent_per_s = stop_load(&load, sending).await?;
    harness.catch_up().await?;

    let sessions = outcomes::read(&mut harness.queries).await?;
    let sessions = outcomes::with_received(sessions, &gateway.received_stops());
    let measured = figures(limits, sent_per_s, &sessions);
    dispatcher.stop().await?;
    harness.platform.stop_ingestors().await?;
    print(&measured);
    Ok(measured)
}

/// Sends each start when it is due.
async fn command(
    client: &HttpClient,
    starts: &[PlannedStart],
    piles: &[(Uuid, String)],
) -> anyhow::Result<()> {
    let begin = Instant::now();
    for (number, (start, (pile, device))) in starts.iter().zip(piles).enumerate() {
        sleep_until(begin + start.at).await;
        let path = format!("/api/v1/piles/{pile}/commands/start-transaction");
        let response = client.post(&path, &start.body(number)).await?;
        response.body_of(202).with_context(|| format!("the start of {device}"))?;
    }
    Ok(())
}

/// Waits until the sessions of all `starts` have ended and their limits are settled, or `within` is
/// over: then sessions that are not settled are failures in the report.
async fn wait_until_settled(harness: &mut Harness, starts: usize, within: Duration) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let settled = outcomes::count_settled(&mut harness.queries).await?;
        if settled >= starts {
            return Ok(());
        }
        if begun.elapsed() >= within {
            progress(&format!(
                "only {settled} of {starts} were settled within {within:?} after the last start"
            ));
            return Ok(());
        }
        harness.platform.ingestors()?;
        sleep(POLL_INTERVAL).await;
    }
}

/// Ends the load; returns the events per second that were sent.
async fn stop_load(
    load: &Generator,
    sending: JoinHandle<anyhow::Result<LoadSegment>>,
) -> anyhow::Result<f64> {
    ensure!(!sending.is_finished(), "the load ended before the sessions");
    load.stop_producing();
    let segment = sending.await.context("the load generator panicked")??;
    Ok(round(share(float(segment.events), segment.took.as_secs_f64()), 0))
}

fn figures(plan: &LimitPlan, sent_per_s: f64, sessions: &[outcomes::Stopped]) -> Limits {
    let energy = outcomes::energy(sessions, plan.energy, plan.power_w);
    let duration = outcomes::duration(sessions, plan.duration);
    Limits {
        power_kw: f64::from(plan.power_w) / 1e3,
        reading_s: plan.reading_s,
        other_devices: plan.other_devices,
        other_rate: plan.other_rate,
        sent_per_s,
        energy,
        duration,
        failures: sessions.iter().filter_map(outcomes::Stopped::failure).collect(),
    }
}

fn print(limits: &Limits) {
    let line = |what: &str, sessions: &LimitedSessions| {
        let seconds = &sessions.until_ended_s;
        let energy = sessions.overshoot_wh.as_ref().map_or_else(String::new, |wh| {
            format!("; overshoot P50 {} · P95 {} · max {} Wh", wh.p50, wh.p95, wh.max)
        });
        passed(&format!(
            "{what}: {} of {} sessions ended by one stop, {} stops; from reached to ended P50 {} · P95 {} · max {} s{energy}",
            grouped_count(sessions.stopped_once),
            grouped_count(sessions.sessions),
            grouped_count(sessions.stops),
            seconds.p50,
            seconds.p95,
            seconds.max
        ));
    };
    line("maxEnergyWh", &limits.energy);
    line("maxDurationS", &limits.duration);
}
