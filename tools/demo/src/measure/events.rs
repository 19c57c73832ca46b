//! Latency from the sending of an event by the gateway to its visibility in the API.

use crate::environment::{Environment, simulator_settings};
use anyhow::{Context as _, ensure};
use domain::ids::{ChargePointId, ConnectorId};
use domain::status::ConnectorStatus;
use gateway_simulator::settings::LoadSettings;
use gateway_simulator::{DeviceSpec, Load};
use launch::{Api, Latencies};
use runtime::Shutdown;
use serde_json::json;
use std::time::{Duration, Instant};

/// Piles whose status is changed and watched, each on its own.
const PROBES: usize = 4;
/// The pause between two changes of a probe.
const PAUSE: Duration = Duration::from_millis(100);
/// The pause between two reads of a probe.
const POLL_INTERVAL: Duration = Duration::from_millis(2);
const TIMEOUT: Duration = Duration::from_secs(20);

/// Watches a few piles for `each`, while other devices send `rate` events per second.
pub async fn measure(environment: &Environment, rate: u32, each: Duration) -> anyhow::Result<Latencies> {
    let probes = register(environment).await?;
    let settings = LoadSettings {
        events_per_second: rate,
        duration_s: each.as_secs(),
        charge_points: 10_000,
        id_prefix: format!("LOAD-{}-", environment.run),
        connectors: 2,
        duplicates: 0.0,
        moves: 0.0,
        seed: 1,
    };
    let load = Load::new(&settings, &simulator_settings(), &environment.kafka).await?;
    let stop = Shutdown::new(Duration::from_secs(5));
    let mut latencies = Latencies::default();
    let watch = async {
        // First, ten thousand devices announce themselves; that burst is not measured.
        caught_up(environment, &probes).await?;
        let watched = probes.iter().map(|(device, path)| watch(environment, device, path, each));
        let [a, b, c, d] =
            watched.collect::<Vec<_>>().try_into().map_err(|_count| anyhow::anyhow!("four probes"))?;
        let (a, b, c, d) = tokio::try_join!(a, b, c, d)?;
        [a, b, c, d].into_iter().for_each(|some| latencies.extend(some));
        stop.request();
        anyhow::Ok(())
    };
    let (report, watched) = tokio::join!(Box::pin(load.run(&settings, &stop)), Box::pin(watch));
    watched?;
    let report = report?;
    ensure!(report.failed == 0, "{} events were not acknowledged by Kafka", report.failed);
    Ok(latencies)
}

async fn register(environment: &Environment) -> anyhow::Result<Vec<(ChargePointId, String)>> {
    let station =
        environment.assets.post("/api/v1/stations", &json!({ "name": "Probes" })).await?.expect(201)?;
    let piles = format!("/api/v1/stations/{}/piles", station.text("/id"));
    let mut probes = Vec::new();
    for number in 1..=PROBES {
        let device = ChargePointId::parse(&format!("PROBE-{}-{number}", environment.run))?;
        let pile =
            json!({ "chargePointId": device, "model": "probe", "ratedPowerKw": 7, "currentType": "AC" });
        let pile = environment.assets.post(&piles, &pile).await?.expect(201)?;
        environment.simulator.connect(DeviceSpec::new(device.clone()).with_connectors(1)).await?;
        probes.push((device, format!("/api/v1/piles/{}", pile.text("/id"))));
    }
    Ok(probes)
}

/// Waits until a change of a probe is visible at once.
async fn caught_up(environment: &Environment, probes: &[(ChargePointId, String)]) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let mut slowest = Duration::ZERO;
        for (device, path) in probes {
            slowest = slowest.max(change(environment, device, path, ConnectorStatus::Reserved).await?);
        }
        if slowest < Duration::from_millis(200) || begun.elapsed() > TIMEOUT {
            return Ok(());
        }
    }
}

async fn watch(
    environment: &Environment,
    device: &ChargePointId,
    path: &str,
    each: Duration,
) -> anyhow::Result<Latencies> {
    let mut latencies = Latencies::default();
    let begun = Instant::now();
    let mut statuses = [ConnectorStatus::Preparing, ConnectorStatus::Available].into_iter().cycle();
    // The load runs for exactly `each`: do not measure longer than that.
    while begun.elapsed() + Duration::from_secs(1) < each {
        let status = statuses.next().context("statuses never end")?;
        latencies.push(change(environment, device, path, status).await?);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(latencies)
}

/// Makes a device report `status`; returns how long after the sending the API showed it.
async fn change(
    environment: &Environment,
    device: &ChargePointId,
    path: &str,
    status: ConnectorStatus,
) -> anyhow::Result<Duration> {
    let sent = environment.simulator.set_status(device, ConnectorId::parse(1)?, status, None).await?;
    let sent = sent.first().context("the device sent no event")?;
    visible(&environment.assets, path, status).await?;
    Ok((runtime::clock::now() - sent.position.sent_at).to_std().unwrap_or_default())
}

async fn visible(assets: &Api, path: &str, status: ConnectorStatus) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let pile = assets.get(path).await?.expect(200)?;
        if pile.text("/connectors/0/status") == status.as_str() {
            return Ok(());
        }
        ensure!(begun.elapsed() < TIMEOUT, "{path} did not show {status} in time: {}", pile.body);
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
