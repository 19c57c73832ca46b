//! The story with the deployed gateway, which reports no starts, heartbeats, disconnections or
//! answers, and whose keys expire.

use super::{RegisteredPile, TIMEOUT, command, connect, create, prices, stop, until, wait_for_energy};
use crate::environment::Environment;
use anyhow::ensure;
use gateway_simulator::Simulator;
use launch::output::{Steps, call, heading, passed};
use serde_json::json;
use std::time::{Duration, Instant};

/// Runs the story.
pub async fn run(environment: &Environment) -> anyhow::Result<()> {
    heading("The same with the deployed gateway");
    let gateway = environment.deployed_gateway().await?;
    let mut steps = Steps::new();
    let (pile, _) = create(environment, &mut steps, "2").await?;
    connect(environment, &gateway, &mut steps, &pile).await?;
    prices::publish_and_read(environment, &mut steps, &pile).await?;
    start(environment, &gateway, &mut steps, &pile).await?;
    read(environment, &mut steps, &pile).await?;
    stop(environment, &gateway, &mut steps, &pile).await?;
    prices::quote(environment, &mut steps, &pile).await?;
    command_without_key(environment, &gateway, &mut steps, &pile).await?;
    gateway.stop().await;
    Ok(())
}

async fn start(
    environment: &Environment,
    gateway: &Simulator,
    steps: &mut Steps,
    pile: &RegisteredPile,
) -> anyhow::Result<()> {
    steps.next("The order service starts a charge; the connector's status confirms it without an answer");
    let body = json!({ "idTag": "RFID123", "connectorId": 1 });
    let id = command(environment, gateway, pile, "start-transaction", &body).await?;
    let path = format!("/api/v1/commands/{id}");
    let confirmed = until(&environment.commands, &path, |it| it.text("/status") == "confirmed").await?;
    ensure!(confirmed.text("/answer/status").is_empty(), "unexpected answer: {}", confirmed.body);
    let effect = confirmed.text("/effect/kind");
    ensure!(matches!(effect, "status" | "charging"), "unexpected effect: {}", confirmed.body);
    call("GET", &path, &format!("status confirmed, effect {effect}, no answer"));
    Ok(())
}

async fn read(environment: &Environment, steps: &mut Steps, pile: &RegisteredPile) -> anyhow::Result<()> {
    steps.next("Meter values show that a session has begun");
    wait_for_energy(environment, pile).await?;
    let path = format!("{}/sessions", pile.path());
    let sessions = until(&environment.assets, &path, |it| !it.text("/items/0/id").is_empty()).await?;
    let (started_by, id) = (sessions.text("/items/0/startedBy"), sessions.text("/items/0/transactionId"));
    ensure!(started_by == "readings" && !id.is_empty(), "unexpected session: {}", sessions.body);
    call("GET", &path, &format!("transactionId {id}, startedBy {started_by}"));
    Ok(())
}

async fn command_without_key(
    environment: &Environment,
    gateway: &Simulator,
    steps: &mut Steps,
    pile: &RegisteredPile,
) -> anyhow::Result<()> {
    steps.next("The device's key has expired; a command goes to the pod that last reported the device");
    let key = format!("conn:{}", pile.device);
    let redis = launch::redis()?;
    let begun = Instant::now();
    // An error means that Redis is not connected yet.
    while !redis.get_many(&[&key]).await.is_ok_and(|values| values == [None]) {
        ensure!(begun.elapsed() < TIMEOUT, "the key {key} did not expire in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let body = json!({ "requestedMessage": "StatusNotification", "connectorId": 1 });
    let id = command(environment, gateway, pile, "trigger-message", &body).await?;
    let path = format!("/api/v1/commands/{id}");
    let sent = until(&environment.commands, &path, |it| !it.text("/route").is_empty()).await?;
    ensure!(sent.text("/route") == "last-heard", "unexpected route: {}", sent.body);
    call("GET", &path, &format!("gatewayId {}, route last-heard", sent.text("/gatewayId")));
    passed("the device is online and can be commanded without a key");
    Ok(())
}
