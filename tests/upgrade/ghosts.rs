//! A session that the previous release leaves open forever because its stop was lost, and its
//! repair by this release.

use crate::release::Release;
use chrono::SubsecRound as _;
use runtime::kafka::{Kafka, NewRecord};
use serde_json::json;
use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;
use testkit::{TestDatabase, eventually};
use tokio::process::Command;

const PUBLISH: Duration = Duration::from_secs(120);

/// Lets `device` start two transactions on one connector, and waits until the previous release has
/// recorded both as open.
pub async fn leave(kafka: &Kafka, topic: &str, database: &TestDatabase, device: &str) {
    let now = runtime::clock::now().trunc_subsecs(3);
    let start = |transaction: &str, seconds_ago: i64| {
        let value = json!({
            "eventId": format!("{device}-{transaction}"), "eventType": "transaction.started",
            "chargePointId": device, "gatewayId": "pod-of-ghosts",
            "timestamp": now - chrono::TimeDelta::seconds(seconds_ago),
            "payload": { "connectorId": 1, "transactionId": transaction, "idTag": "GHOST", "meterStartWh": 100 },
        });
        NewRecord {
            key: Some(device.as_bytes().to_vec()),
            value: Some(value.to_string().into_bytes()),
            headers: BTreeMap::new(),
            timestamp: now,
        }
    };
    let records = vec![start("lost-stop", 60), start("under-way", 30)];
    kafka.writer(topic).publish(0, records, PUBLISH).await.unwrap();
    let open = format!(
        "select to_jsonb(count(*) = 2) from sessions where charge_point_id = '{device}' and ended_at is null"
    );
    eventually("both sessions to be recorded", || async { database.json(&open).await == json!(true) }).await;
}

/// Lists the wrong sessions with `release`, and then corrects them. Returns what the dry run
/// printed about `device`.
pub async fn repair(release: &Release, database: &TestDatabase, device: &str) -> String {
    let states = format!(
        "select jsonb_object_agg(transaction_id, end_reason) from sessions where charge_point_id = '{device}'"
    );
    let listed = run(release, "check-sessions", database).await;
    assert_eq!(database.json(&states).await, json!({ "lost-stop": null, "under-way": null }), "a dry run");
    let corrected = run(release, "repair-sessions", database).await;
    assert_eq!(database.json(&states).await, json!({ "lost-stop": "Superseded", "under-way": null }));
    assert!(corrected.contains("they are corrected"), "{corrected}");
    let of_device = listed.lines().filter(|line| line.starts_with(device));
    of_device.collect::<Vec<_>>().join("\n")
}

async fn run(release: &Release, command: &str, database: &TestDatabase) -> String {
    let mut program = Command::new(release.program("event-ingestor"));
    program.arg(command).env("DATABASE_URL", &database.url).stdin(Stdio::null()).kill_on_drop(true);
    let output = program.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
