//! From a caller's POST to the record that a gateway reads.

use crate::{Api, Latencies};
use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};
use domain::ids::ChargePointId;
use gateway_simulator::{DeviceSpec, Simulator};
use serde_json::json;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Piles that are commanded in turn; each has a few seconds between two resets.
const PILES: usize = 200;
const PATIENCE: Duration = Duration::from_secs(20);

/// What takes part.
pub struct Played<'a> {
    /// asset-api.
    pub assets: &'a Api,
    /// command-dispatcher.
    pub commands: &'a Api,
    /// The gateway.
    pub simulator: &'a Simulator,
    /// Something that no other run has, for names.
    pub run: &'a str,
}

/// Resets piles at `rate` for `each`: how long until 202, and until the record was read from the topic.
///
/// # Errors
/// When a command is not answered with 202, or its record not read.
pub async fn measure(
    stage: &Played<'_>,
    rate: u32,
    each: Duration,
) -> anyhow::Result<(Latencies, Latencies)> {
    let piles = register(stage).await?;
    let mut sent = JoinSet::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    let begun = Instant::now();
    for path in piles.iter().cycle() {
        if begun.elapsed() >= each {
            break;
        }
        ticks.tick().await;
        let (commands, path) = (stage.commands.clone(), format!("{path}/commands/reset"));
        sent.spawn(async move { command(&commands, &path).await });
    }
    let mut answered = Latencies::default();
    let mut begun_at = HashMap::new();
    while let Some(command) = sent.join_next().await {
        let (id, posted_at, took) = command??;
        answered.push(took);
        begun_at.insert(id, posted_at);
    }
    let mut recorded = Latencies::default();
    for (id, posted_at) in begun_at {
        let received =
            stage.simulator.wait_for_command(|seen| seen.command.id.to_string() == id, PATIENCE).await;
        let received =
            received.with_context(|| format!("command {id} was answered with 202 and never read"))?;
        recorded.push((received.received_at - posted_at).to_std().unwrap_or_default());
    }
    Ok((answered, recorded))
}

async fn command(commands: &Api, path: &str) -> anyhow::Result<(String, DateTime<Utc>, Duration)> {
    let posted_at = runtime::clock::now();
    let answer = commands.post(path, &json!({ "type": "Soft" })).await?.expect(202)?;
    Ok((answer.text("/commandId").to_owned(), posted_at, answer.took))
}

async fn register(stage: &Played<'_>) -> anyhow::Result<Vec<String>> {
    let station =
        stage.assets.post("/api/v1/stations", &json!({ "name": "Commanded" })).await?.expect(201)?;
    let piles = format!("/api/v1/stations/{}/piles", station.text("/id"));
    let mut paths = Vec::new();
    for number in 1..=PILES {
        let device = ChargePointId::parse(&format!("CMD-{}-{number}", stage.run))?;
        let pile =
            json!({ "chargePointId": device, "model": "probe", "ratedPowerKw": 7, "currentType": "AC" });
        let pile = stage.assets.post(&piles, &pile).await?.expect(201)?;
        stage.simulator.connect(DeviceSpec::new(device).with_connectors(1)).await?;
        paths.push(format!("/api/v1/piles/{}", pile.text("/id")));
    }
    let last = paths.last().context("no piles")?;
    let begun = Instant::now();
    while stage.assets.get(last).await?.text("/status") != "Available" {
        ensure!(begun.elapsed() < PATIENCE, "the piles did not come online");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(paths)
}
