//! The story: a session step by step, through the platform's public interfaces; every step is
//! checked.

mod deployed;
mod prices;

use crate::environment::Environment;
use crate::measure;
use anyhow::{Context as _, bail, ensure};
use domain::ids::ChargePointId;
use gateway_simulator::{DeviceSpec, Simulator};
use launch::output::{Steps, call, heading, ms, passed, progress};
use launch::{Api, Response};
use serde_json::{Value, json};
use std::num::NonZeroU16;
use std::time::{Duration, Instant};
use wire::routing::RoutingHash;

/// The limit for each wait of the story.
const TIMEOUT: Duration = Duration::from_secs(20);
const COMMAND_PARTITIONS: NonZeroU16 = NonZeroU16::new(128).unwrap();

/// Runs the story with a gateway that keeps the contract, and then a shorter one with the deployed
/// gateway.
pub async fn run(environment: &Environment) -> anyhow::Result<()> {
    run_with_contract_gateway(environment).await?;
    deployed::run(environment).await?;
    heading("Latencies, with everything on this machine");
    measure::run(environment).await?;
    println!("\n✓ every step succeeded");
    Ok(())
}

async fn run_with_contract_gateway(environment: &Environment) -> anyhow::Result<()> {
    heading("A session, step by step");
    let mut steps = Steps::new();
    let pile = register(environment, &mut steps).await?;
    connect(environment, &environment.simulator, &mut steps, &pile).await?;
    prices::publish_and_read(environment, &mut steps, &pile).await?;
    charge(environment, &mut steps, &pile).await?;
    stop(environment, &environment.simulator, &mut steps, &pile).await?;
    prices::quote(environment, &mut steps, &pile).await?;
    refuse_offline(environment, &mut steps, &pile).await?;
    reset(environment, &mut steps, &pile).await
}

/// A registered pile and its device.
struct RegisteredPile {
    station: String,
    id: String,
    device: ChargePointId,
}

impl RegisteredPile {
    fn path(&self) -> String {
        format!("/api/v1/piles/{}", self.id)
    }

    fn command(&self, name: &str) -> String {
        format!("{}/commands/{name}", self.path())
    }
}

async fn register(environment: &Environment, steps: &mut Steps) -> anyhow::Result<RegisteredPile> {
    let (pile, body) = create(environment, steps, "1").await?;
    let piles = format!("/api/v1/stations/{}/piles", pile.station);

    steps.next("Create the pile again: its chargePointId is taken");
    let response =
        environment.assets.post(&piles, &body).await?.expect_problem(409, "CHARGE_POINT_ID_CONFLICT")?;
    call("POST", &piles, &problem(&response));
    Ok(pile)
}

/// Creates a station and a pile in it, whose device has the number `number`. Also returns the
/// posted pile.
async fn create(
    environment: &Environment,
    steps: &mut Steps,
    number: &str,
) -> anyhow::Result<(RegisteredPile, Value)> {
    steps.next("Create a station");
    let station =
        json!({ "name": "人民广场站", "address": "上海市黄浦区", "latitude": 31.23, "longitude": 121.47 });
    let response = environment.assets.post("/api/v1/stations", &station).await?.expect(201)?;
    call("POST", "/api/v1/stations", &format!("201 {}", response.text("/id")));
    let station = response.text("/id").to_owned();
    let piles = format!("/api/v1/stations/{station}/piles");

    steps.next("Create a pile in the station");
    let device = ChargePointId::parse(&format!("CP-{}-{number}", environment.run))?;
    let pile = json!({ "chargePointId": device, "name": "1号桩", "model": "DC-120", "vendor": "Vendor-A",
                       "ratedPowerKw": 120, "currentType": "DC" });
    let response = environment.assets.post(&piles, &pile).await?.expect(201)?;
    call("POST", &piles, &format!("201 chargePointId {device}, status {}", response.text("/status")));
    let id = response.text("/id").to_owned();
    Ok((RegisteredPile { station, id, device }, pile))
}

async fn connect(
    environment: &Environment,
    gateway: &Simulator,
    steps: &mut Steps,
    pile: &RegisteredPile,
) -> anyhow::Result<()> {
    steps.next("The device comes online through a gateway pod");
    let spec = DeviceSpec::new(pile.device.clone()).with_connectors(1);
    let sent = gateway.connect(spec).await?;
    let first = sent.first().context("the device sent no event")?;
    let response =
        until(&environment.assets, &pile.path(), |pile| pile.text("/status") == "Available").await?;
    ensure!(
        !response.text("/lastHeartbeatAt").is_empty(),
        "the pile has no lastHeartbeatAt: {}",
        response.body
    );
    let took = (runtime::clock::now() - first.position.sent_at).to_std().unwrap_or_default();
    let live = format!(
        "status Available, lastHeartbeatAt {}, gateway {}",
        response.text("/lastHeartbeatAt"),
        response.text("/gatewayId")
    );
    call("GET", &pile.path(), &live);
    passed(&format!("{} after the gateway sent the first of {} events", ms(took), sent.len()));
    Ok(())
}

async fn charge(environment: &Environment, steps: &mut Steps, pile: &RegisteredPile) -> anyhow::Result<()> {
    steps.next("The order service starts a charge");
    let start = json!({ "idTag": "RFID123", "connectorId": 1 });
    command(environment, &environment.simulator, pile, "start-transaction", &start).await?;

    steps.next("The pile charges, and its energy grows");
    let later = wait_for_energy(environment, pile).await?;
    passed(&format!("at {:.0} W", later.number("/connectors/0/powerW").unwrap_or_default()));

    steps.next("A second start is refused");
    let path = pile.command("start-transaction");
    let response =
        environment.commands.post(&path, &start).await?.expect_problem(409, "CONNECTOR_NOT_AVAILABLE")?;
    call("POST", &path, &problem(&response));
    Ok(())
}

/// Waits until the pile charges and its energy has grown; returns the pile.
async fn wait_for_energy(environment: &Environment, pile: &RegisteredPile) -> anyhow::Result<Response> {
    let charging = |pile: &Response| pile.text("/status") == "Charging" && energy(pile).is_some();
    let first = until(&environment.assets, &pile.path(), charging).await?;
    let before = energy(&first).unwrap_or_default();
    let later =
        until(&environment.assets, &pile.path(), |pile| energy(pile).is_some_and(|wh| wh > before)).await?;
    call("GET", &pile.path(), &format!("status Charging, energy {before:.0} Wh"));
    passed(&format!("then {:.0} Wh", energy(&later).unwrap_or_default()));
    Ok(later)
}

async fn stop(
    environment: &Environment,
    gateway: &Simulator,
    steps: &mut Steps,
    pile: &RegisteredPile,
) -> anyhow::Result<()> {
    steps.next("The order service stops the charge");
    command(environment, gateway, pile, "stop-transaction", &json!({ "connectorId": 1 })).await?;
    until(&environment.assets, &pile.path(), |pile| pile.text("/status") == "Available").await?;
    call("GET", &pile.path(), "status Available, no open session");
    Ok(())
}

async fn refuse_offline(
    environment: &Environment,
    steps: &mut Steps,
    pile: &RegisteredPile,
) -> anyhow::Result<()> {
    steps.next("The device loses its connection; a start is refused");
    environment.simulator.disconnect(&pile.device).await?;
    until(&environment.assets, &pile.path(), |pile| pile.text("/status") == "Offline").await?;
    let path = pile.command("start-transaction");
    let response = environment.commands.post(&path, &json!({ "idTag": "RFID123" })).await?;
    call("POST", &path, &problem(&response.expect_problem(409, "PILE_OFFLINE")?));
    Ok(())
}

async fn reset(environment: &Environment, steps: &mut Steps, pile: &RegisteredPile) -> anyhow::Result<()> {
    steps.next("The device reconnects and is reset");
    environment.simulator.connect(DeviceSpec::new(pile.device.clone()).with_connectors(1)).await?;
    let online = until(&environment.assets, &pile.path(), |pile| pile.text("/status") == "Available").await?;
    let last_heartbeat = online.text("/lastHeartbeatAt").to_owned();
    command(environment, &environment.simulator, pile, "reset", &json!({ "type": "Soft" })).await?;
    let rebooted = |pile: &Response| {
        pile.text("/status") == "Available" && pile.text("/lastHeartbeatAt") > last_heartbeat.as_str()
    };
    until(&environment.assets, &pile.path(), rebooted).await?;
    passed("the device has rebooted and is Available");
    Ok(())
}

/// Sends a command, checks that it is on the partition of its gateway pod, and returns its id.
async fn command(
    environment: &Environment,
    gateway_pods: &Simulator,
    pile: &RegisteredPile,
    name: &str,
    body: &Value,
) -> anyhow::Result<String> {
    let path = pile.command(name);
    let response = environment.commands.post(&path, body).await?.expect(202)?;
    let (id, gateway) = (response.text("/commandId").to_owned(), response.text("/gatewayId").to_owned());
    call("POST", &path, &format!("202 {} in {}", response.text("/commandName"), ms(response.took)));
    let received = gateway_pods.wait_for_command(|seen| seen.command.id.to_string() == id, TIMEOUT).await?;
    let expected = RoutingHash::Fnv1a32.partition(&gateway, COMMAND_PARTITIONS);
    ensure!(
        received.partition == expected && response.number("/partition") == Some(f64::from(expected)),
        "the command is on partition {}, but {gateway} reads {expected}",
        received.partition
    );
    passed(&format!(
        "on commands-down partition {expected} = fnv1a_32(\"{gateway}\") mod 128, offset {}",
        received.offset
    ));
    Ok(id)
}

/// Repeats the request until the response is as `expected`.
async fn until(api: &Api, path: &str, expected: impl Fn(&Response) -> bool) -> anyhow::Result<Response> {
    let begun = Instant::now();
    loop {
        let response = api.get(path).await?.expect(200)?;
        if expected(&response) {
            return Ok(response);
        }
        if begun.elapsed() > TIMEOUT {
            bail!("{path} did not reach the expected state within {TIMEOUT:?}: {}", response.body);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn energy(pile: &Response) -> Option<f64> {
    pile.number("/connectors/0/energyWh")
}

fn problem(response: &Response) -> String {
    format!("{} {}: {}", response.status, response.text("/code"), response.text("/detail"))
}

/// The stations of the small fleet: name, latitude and longitude.
const STATIONS: [(&str, f64, f64); 3] =
    [("人民广场站", 31.2304, 121.4737), ("滨江站", 30.2084, 120.2120), ("新街口站", 32.0415, 118.7781)];

/// Registers and connects a small fleet, and keeps it running until Ctrl-C.
pub async fn keep_running(environment: &Environment) -> anyhow::Result<()> {
    let mut stations = Vec::new();
    for (name, latitude, longitude) in STATIONS {
        let station = json!({ "name": name, "latitude": latitude, "longitude": longitude });
        let station = environment.assets.post("/api/v1/stations", &station).await?.expect(201)?;
        stations.push(station.text("/id").to_owned());
    }
    prices::publish_tariff(environment, &stations.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    let mut example = String::new();
    for (number, station) in (1..=10).zip(stations.iter().cycle()) {
        let device = ChargePointId::parse(&format!("CP-{}-{number}", environment.run))?;
        let pile =
            json!({ "chargePointId": device, "model": "DC-120", "ratedPowerKw": 120, "currentType": "DC" });
        let piles = format!("/api/v1/stations/{station}/piles");
        let pile = environment.assets.post(&piles, &pile).await?.expect(201)?;
        pile.text("/id").clone_into(&mut example);
        environment.simulator.connect(DeviceSpec::new(device)).await?;
    }
    heading("Running until Ctrl-C");
    let (assets, commands) = (environment.assets.base(), environment.commands.base());
    progress(&format!("console             {assets}/console/"));
    progress(&format!("asset-api           {assets}/api/v1/stations"));
    progress(&format!("command-dispatcher  {commands}"));
    progress(&format!("API documentation   {assets}/docs/ and {commands}/docs/"));
    progress(
        "probes and metrics  http://127.0.0.1:9080 (asset-api) :9081 (command-dispatcher) :9082 (event-ingestor)",
    );
    progress("ten simulated piles are online; read one, ask for its price, and charge:");
    let token = if environment.requires_tokens {
        println!("\n    TOKEN=$(make -s token)");
        " -H \"authorization: Bearer $TOKEN\""
    } else {
        println!();
        ""
    };
    println!("    curl -s{token} {assets}/api/v1/piles/{example}");
    println!("    curl -s{token} '{assets}/api/v1/tariffs/price?pileId={example}'");
    println!(
        "    curl -s{token} -X POST {commands}/api/v1/piles/{example}/commands/start-transaction \\\n      \
         -H 'content-type: application/json' -d '{{\"idTag\":\"RFID123\",\"connectorId\":1}}'"
    );
    std::future::pending().await
}
