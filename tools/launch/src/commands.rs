//! Latency from a caller's POST to the record that a gateway reads.

use crate::open_loop::{self, Schedule};
use crate::{Api, Latencies};
use anyhow::{Context as _, ensure};
use domain::ids::ChargePointId;
use gateway_simulator::{DeviceSpec, Simulator};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Piles that receive commands in turn, so that each has a few seconds between two resets.
const PILES: usize = 200;
const TIMEOUT: Duration = Duration::from_secs(20);

/// The services and the gateway that are measured.
pub struct Setup<'a> {
    /// A client of asset-api.
    pub assets: &'a Api,
    /// A client of command-dispatcher.
    pub commands: &'a Api,
    /// The gateway.
    pub simulator: &'a Simulator,
    /// Unique to this run; used in names.
    pub run: &'a str,
}

/// Resets piles at `rate` for `each`. Returns the latencies to the response 202, and to the
/// record's being read from the topic, both from when the command was due.
///
/// # Errors
/// When a command is not answered with 202, or its record is not read.
pub async fn measure(setup: &Setup<'_>, rate: u32, each: Duration) -> anyhow::Result<(Latencies, Latencies)> {
    let piles = register(setup).await?;
    let commands = setup.commands.clone();
    let command = move |number: u64| {
        let pile = usize::try_from(number).unwrap_or_default() % piles.len();
        let path = piles.get(pile).map(|path| format!("{path}/commands/reset")).unwrap_or_default();
        let commands = commands.clone();
        async move { command(&commands, &path).await }
    };
    let (begin, begin_by_clock) = (Instant::now(), runtime::clock::now());
    let schedule = Schedule { begin, rate, length: each };
    let (mut answered, mut recorded) = (Latencies::default(), Latencies::default());
    for call in open_loop::run(&Handle::current(), schedule, command).await? {
        answered.push(call.took());
        let id = call.outcome?;
        let received =
            setup.simulator.wait_for_command(|seen| seen.command.id.to_string() == id, TIMEOUT).await;
        let received = received
            .with_context(|| format!("command {id} was answered with 202, but its record was not read"))?;
        let due = begin_by_clock + (call.due - begin);
        recorded.push((received.received_at - due).to_std().unwrap_or_default());
    }
    Ok((answered, recorded))
}

/// Sends a command and returns its id.
async fn command(commands: &Api, path: &str) -> anyhow::Result<String> {
    let response = commands.post(path, &json!({ "type": "Soft" })).await?.expect(202)?;
    Ok(response.text("/commandId").to_owned())
}

async fn register(setup: &Setup<'_>) -> anyhow::Result<Vec<String>> {
    let station =
        setup.assets.post("/api/v1/stations", &json!({ "name": "Commanded" })).await?.expect(201)?;
    let piles = format!("/api/v1/stations/{}/piles", station.text("/id"));
    let mut paths = Vec::new();
    for number in 1..=PILES {
        let device = ChargePointId::parse(&format!("CMD-{}-{number}", setup.run))?;
        let pile =
            json!({ "chargePointId": device, "model": "probe", "ratedPowerKw": 7, "currentType": "AC" });
        let pile = setup.assets.post(&piles, &pile).await?.expect(201)?;
        setup.simulator.connect(DeviceSpec::new(device).with_connectors(1)).await?;
        paths.push(format!("/api/v1/piles/{}", pile.text("/id")));
    }
    let last = paths.last().context("no pile was registered")?;
    let begun = Instant::now();
    while setup.assets.get(last).await?.text("/status") != "Available" {
        ensure!(begun.elapsed() < TIMEOUT, "the piles did not come online in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(paths)
}
