//! How the process ends.

use crate::harness::{Harness, settings};
use domain::ids::ChargePointId;
use std::process::Stdio;
use testkit::{eventually, kafka_brokers, redis_url, unique};
use tokio::process::Command;

/// Runs the binary in that manner with one device and stops it with SIGTERM; returns the device.
async fn run_and_end(harness: &Harness, manner: &str) -> ChargePointId {
    let prefix = unique("FLEET") + "-";
    let mut process = Command::new(env!("CARGO_BIN_EXE_gateway-simulator"))
        .env("KAFKA_BROKERS", kafka_brokers())
        .env("REDIS_URL", redis_url())
        .env("CHARGING__ADMIN__LISTEN", "127.0.0.1:0")
        .env("CHARGING__TOPICS__EVENTS", &harness.topics.events)
        .env("CHARGING__TOPICS__COMMANDS", &harness.topics.commands)
        .env("CHARGING__BEHAVIOUR__MANNER", manner)
        .env("CHARGING__FLEET__CHARGE_POINTS", "1")
        .env("CHARGING__FLEET__ID_PREFIX", &prefix)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let id = ChargePointId::parse(&format!("{prefix}000000")).unwrap();
    harness.records_until(&id, |event| event.kind.name() == "status_changed").await;
    eventually("the key", || async { harness.key(&id).await.is_some() }).await;
    let pid = process.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    assert!(process.wait().await.unwrap().success());
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployed_gateway_ends_without_disconnections_and_its_keys_stay() {
    let harness = Harness::start(settings(), 4).await;
    let id = run_and_end(&harness, "deployed").await;
    assert!(harness.key(&id).await.is_some());
    let contract = run_and_end(&harness, "as-asked").await;
    assert_eq!(harness.key(&contract).await, None);
    harness.records_until(&contract, |event| event.kind.name() == "disconnected").await;
    let records = harness.records_until(&id, |_| true).await;
    assert!(records.iter().all(|(_, event)| event.kind.name() != "disconnected"), "{records:?}");
}
