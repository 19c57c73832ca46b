//! The command as a process: its output and its exit code.

use crate::harness::{Harness, settings};
use serde_json::Value;
use std::process::{Output, Stdio};
use std::time::Duration;
use testkit::{kafka_brokers, redis_url, unique};
use tokio::process::Command;

/// Runs the binary on the topics of that harness.
fn check(harness: &Harness, duration_s: u64) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway-simulator"));
    command
        .arg("check")
        .env("KAFKA_BROKERS", kafka_brokers())
        .env("REDIS_URL", redis_url())
        .env("CHARGING__TOPICS__EVENTS", &harness.topics.events)
        .env("CHARGING__TOPICS__COMMANDS", &harness.topics.commands)
        .env("CHARGING__CHECK__DURATION_S", duration_s.to_string())
        .env("CHARGING__CHECK__COMMAND_PARTITIONS", "4")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

/// Runs the command while a device sends heartbeats.
async fn run_while_sending_heartbeats(harness: &Harness, mut command: Command) -> Output {
    let id = harness.device(0).await;
    let mut run = tokio::spawn(async move { command.output().await.unwrap() });
    loop {
        tokio::select! {
            output = &mut run => return output.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
        harness.simulator.heartbeat(&id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exits_with_0_if_the_contract_is_kept() {
    let harness = Harness::start(settings(), 4).await;
    let output = run_while_sending_heartbeats(&harness, check(&harness, 3)).await;
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("Observed for "), "{text}");
    assert!(text.ends_with("VERDICT: the gateway keeps the contract\n"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn exits_with_1_if_the_contract_is_broken() {
    let harness = Harness::start(settings(), 4).await;
    let mut command = check(&harness, 3);
    command.env("CHARGING__CHECK__COMMAND_PARTITIONS", "5").env("CHARGING__CHECK__FORMAT", "json");
    let output = run_while_sending_heartbeats(&harness, command).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verdict["outcome"], "BREAKS");
    let finding = verdict["findings"].as_array().unwrap().iter().find(|found| found["standing"] == "FAIL");
    assert_eq!(finding.unwrap()["code"], "COMMAND_PARTITIONS");
    assert!(verdict["observed"]["records"].as_u64().unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn exits_with_2_if_nothing_is_observed() {
    let harness = Harness::start(settings(), 4).await;
    let output = check(&harness, 1).output().await.unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(stdout(&output).contains("VERDICT: nothing was observed"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn exits_with_2_if_the_topic_does_not_exist() {
    let harness = Harness::start(settings(), 4).await;
    let output =
        check(&harness, 1).env("CHARGING__TOPICS__EVENTS", unique("nowhere")).output().await.unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(log.contains("the gateway cannot be observed") && log.contains("there is no topic"), "{log}");
    assert_eq!(stdout(&output), "");
}
