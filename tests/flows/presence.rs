//! The presence of devices: idle ones that answer, one that vanished, and those of a pod that died.

use gateway_simulator::{DeviceSpec, KeyFate};
use serde_json::{Value, json};
use std::time::Duration;
use system_tests::{Platform, QUICK_PROBES, QUICK_SILENCE};
use testkit::eventually;

/// The connectivity history of the device of `pile`, the earliest first: online and confidence.
async fn history(platform: &Platform, pile: &str) -> Vec<Value> {
    let changes = platform.asset(&format!("{pile}/status-history")).await.body;
    let changes = changes["items"].as_array().unwrap().iter().rev();
    let connectivity = changes.filter(|change| change["kind"] == "connectivity");
    connectivity.map(|change| json!([change["online"], change["confidence"]])).collect()
}

/// Whether the device of `pile` was heard, and is offline because it did not answer.
fn is_unanswered(pile: &Value) -> bool {
    pile["online"] == false && pile["confidence"] == "unanswered"
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_device_that_answers_stays_online_and_a_vanished_one_goes_offline() {
    let platform = Platform::start(|_| {}).await;
    let settings = [&[("feed.enabled", "false")], QUICK_SILENCE.as_slice()].concat();
    let ingestor = platform.ingest_with(&settings);
    let [(idle, idle_device), (lost, lost_device)] = [platform.register().await, platform.register().await];
    platform.connect(&idle_device).await;
    platform.connect(&lost_device).await;
    platform.ask_devices(&QUICK_PROBES).await;
    platform.simulator.vanish(&lost_device, KeyFate::Expires).await.unwrap();
    let gone = platform.pile("the lost device to be offline", &lost, is_unanswered).await;
    assert_eq!(gone["status"], "Offline");
    // The other one sends nothing by itself, and stays online for longer than the time-out.
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(history(&platform, &idle).await, [json!([true, "live"])]);
    assert_eq!(history(&platform, &lost).await, [json!([true, "live"]), json!([false, "unanswered"])]);
    assert_eq!(
        platform.database.json("select count(*) from commands").await,
        json!(0),
        "no caller sent a command"
    );
    // It restarted because of the reset, and not because of the probe.
    let reset = platform.command(&idle, "reset", &json!({ "type": "Soft" })).await;
    assert_eq!(reset.status, 202);
    eventually("the reset to be confirmed", || async {
        platform.database.json("select json_agg(state) from commands").await == json!(["confirmed"])
    })
    .await;
    ingestor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_devices_of_a_dead_pod_are_doubtful_and_then_offline_and_those_of_another_are_not() {
    // A pod that answers commands for devices that it does not hold is not dead.
    let platform = Platform::start(|settings| {
        settings.gateway.pods = 2;
        settings.behaviour.answers_commands = false;
    })
    .await;
    let ingestor = platform.ingest_with(&[("feed.enabled", "false"), ("presence.probe_answer_s", "3")]);
    platform
        .ask_devices(&[
            ("presence.probe_answer_s", "3"),
            ("presence.gateway_silence_s", "3"),
            ("presence.gateway_answer_s", "3"),
            ("presence.probe_interval_s", "600"),
        ])
        .await;
    let mut dead = Vec::new();
    for _ in 0..6 {
        let (pile, device) = platform.register().await;
        let spec = DeviceSpec::new(device.clone()).with_connectors(1).on_pod(0);
        platform.simulator.connect(spec).await.unwrap();
        dead.push((pile, device));
    }
    let (alive, device) = platform.register().await;
    let spec = DeviceSpec::new(device.clone()).with_connectors(1).on_pod(1);
    platform.simulator.connect(spec).await.unwrap();
    for (_, device) in &dead {
        platform.simulator.vanish(device, KeyFate::Expires).await.unwrap();
    }
    for (pile, _) in &dead {
        eventually("the device to be offline", || async {
            platform.simulator.heartbeat(&device).await.unwrap();
            is_unanswered(&platform.asset(pile).await.body)
        })
        .await;
        let doubted = [json!([true, "live"]), json!([true, "doubtful"]), json!([false, "unanswered"])];
        assert_eq!(history(&platform, pile).await, doubted);
    }
    assert_eq!(history(&platform, &alive).await, [json!([true, "live"])]);
    ingestor.stop().await;
}
