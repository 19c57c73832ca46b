//! Republishing commands whose device has moved to another gateway.

use crate::answer::Answer;
use crate::app::{PARTITIONS, TestApp};
use crate::fleet::{Device, Pile};
use domain::commands::GatewayRoute;
use domain::ids::GatewayId;
use serde_json::{Value, json};
use std::time::Duration;
use storage::commands::reroute_stale;
use testkit::{eventually, eventually_some};

/// Two gateways, and the partitions that they read.
const BEFORE: (&str, i32) = ("gateway-pod-1", 5);
const AFTER: (&str, i32) = ("gateway-pod-2", 4);
const NEVER: (&str, &str) = ("dispatch.reroute_interval_ms", "0");

async fn app(settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::with(&[&[("dispatch.reroute_interval_ms", "50")], settings].concat()).await;
    app.create_topic(PARTITIONS).await;
    app
}

impl TestApp {
    /// A pile whose device the first gateway holds.
    async fn held(&self) -> Pile {
        let sessions = [(1, Some("634"))];
        let device =
            Device { gateway: Some(BEFORE.0), sessions: &sessions, ..Device::online(&[(1, "Available")]) };
        let pile = self.pile(device).await;
        self.heard(&pile, BEFORE.0, (1, 1)).await;
        pile
    }

    /// Publishes a command to the first gateway.
    async fn send_to_first_gateway(&self, pile: &Pile, command: &str, body: Value) -> String {
        let answer = self.command(pile.id, command, body).await;
        assert_eq!((answer.status.as_u16(), answer.text("gatewayId")), (202, BEFORE.0), "{answer}");
        let id = answer.text("commandId").to_owned();
        assert_eq!(self.settled(&id).await.text("status"), "published");
        id
    }

    async fn moves(&self, pile: &Pile) {
        self.heard(pile, AFTER.0, (0, 0)).await;
    }

    /// Returns the command once it has the step `step`.
    async fn with_step(&self, id: &str, step: &str) -> Answer {
        eventually_some("the step", || async {
            let found = self.get(&format!("commands/{id}")).await;
            steps(&found).contains(&step).then_some(found)
        })
        .await
    }

    /// Returns when every command from before the call was considered for rerouting: a later one,
    /// to another device, was rerouted.
    async fn wait_for_a_reroute_pass(&self) {
        let marker = self.held().await;
        let id = self
            .send_to_first_gateway(&marker, "trigger-message", json!({"requestedMessage": "Heartbeat"}))
            .await;
        self.moves(&marker).await;
        self.with_step(&id, "republished").await;
    }

    /// The records of a command on a partition.
    async fn records(&self, partition: i32, id: &str) -> Vec<Value> {
        let reader = self.kafka.reader(&self.topic, partition);
        let (mut next, end) = (0, reader.latest_offset().await.unwrap());
        let mut found = Vec::new();
        while next < end {
            for record in reader.fetch(next, Duration::from_millis(100), 1 << 20).await.unwrap().records {
                next = record.offset + 1;
                let value: Value = serde_json::from_slice(&record.value.unwrap()).unwrap();
                if value["commandId"] == id {
                    found.push(value);
                }
            }
        }
        found
    }
}

fn steps(command: &Answer) -> Vec<&str> {
    let events = command.body["events"].as_array().unwrap();
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn republishes_each_repeatable_command_and_records_the_steps() {
    let app = app(&[]).await;
    for (command, body) in [
        ("stop-transaction", json!({"transactionId": 634})),
        ("reset", json!({"type": "Hard"})),
        ("unlock-connector", json!({"connectorId": 1})),
        ("change-availability", json!({"type": "Inoperative", "connectorId": 1})),
        ("trigger-message", json!({"requestedMessage": "StatusNotification", "connectorId": 1})),
        ("change-configuration", json!({"key": "HeartbeatInterval", "value": "60"})),
    ] {
        let pile = app.held().await;
        let id = app.send_to_first_gateway(&pile, command, body).await;
        app.moves(&pile).await;
        let found = app.with_step(&id, "republished").await;
        assert_eq!(steps(&found), ["accepted", "published", "rerouted", "republished"], "{command}");
        let detail = format!("from {} to {}, partition {}", BEFORE.0, AFTER.0, AFTER.1);
        assert_eq!(found.body["events"][2]["detail"], detail);
        assert_eq!((found.text("gatewayId"), &found.body["partition"]), (AFTER.0, &json!(AFTER.1)));
        assert_eq!((found.text("route"), found.text("status")), ("key", "published"));

        let [mut first] = app.records(BEFORE.1, &id).await.try_into().unwrap();
        let [second] = app.records(AFTER.1, &id).await.try_into().unwrap();
        // The same command in every field but the gateway.
        assert_eq!(first["gatewayId"], BEFORE.0);
        first["gatewayId"] = json!(AFTER.0);
        assert_eq!(second, first, "{command}");
    }
    let metrics = runtime::telemetry::render_metrics().unwrap();
    let counted = metrics.lines().find(|line| line.starts_with(r#"commands_rerouted_total{name="Reset"}"#));
    assert!(counted.is_some_and(|line| !line.ends_with(" 0")), "{counted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_is_not_republished() {
    let app = app(&[]).await;
    let pile = app.held().await;
    let start = json!({"idTag": "RFID123", "connectorId": 1});
    let id = app.send_to_first_gateway(&pile, "start-transaction", start).await;
    app.moves(&pile).await;
    app.wait_for_a_reroute_pass().await;
    assert_eq!(steps(&app.get(&format!("commands/{id}")).await), ["accepted", "published"]);
    assert!(app.records(AFTER.1, &id).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_follow_a_device_that_is_offline_or_was_not_heard_since() {
    let app = app(&[]).await;
    let (quiet, gone) = (app.held().await, app.held().await);
    let mut ids = Vec::new();
    for pile in [&quiet, &gone] {
        ids.push(app.send_to_first_gateway(pile, "reset", json!({})).await);
    }
    app.heard(&quiet, AFTER.0, (0, 60)).await;
    let disconnection = format!(
        "update charge_points set online = false, gateway_id = '{}', seen_appended_at = now()
                           where charge_point_id = '{}'",
        AFTER.0, gone.charge_point_id
    );
    app.database.execute(&disconnection).await;
    app.wait_for_a_reroute_pass().await;
    for id in ids {
        assert_eq!(steps(&app.get(&format!("commands/{id}")).await), ["accepted", "published"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_republish_a_command_twice() {
    let app = app(&[]).await;
    let pile = app.held().await;
    let id = app.send_to_first_gateway(&pile, "reset", json!({})).await;
    app.moves(&pile).await;
    app.with_step(&id, "republished").await;
    app.heard(&pile, BEFORE.0, (0, 0)).await;
    app.wait_for_a_reroute_pass().await;
    let found = app.get(&format!("commands/{id}")).await;
    assert_eq!(steps(&found), ["accepted", "published", "rerouted", "republished"]);
    assert_eq!((app.records(BEFORE.1, &id).await.len(), app.records(AFTER.1, &id).await.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_replicas_republish_each_command_once() {
    let app = app(&[("dispatch.reroute_interval_ms", "5")]).await;
    let _replicas = [5, 7, 11].map(|_| app.replica(&[("dispatch.reroute_interval_ms", "5")]));
    let mut sent = Vec::new();
    for _ in 0..12 {
        let pile = app.held().await;
        sent.push((app.send_to_first_gateway(&pile, "reset", json!({})).await, pile));
    }
    for (_, pile) in &sent {
        app.moves(pile).await;
    }
    for (id, _) in &sent {
        app.with_step(id, "republished").await;
    }
    for (id, _) in &sent {
        assert_eq!(app.records(AFTER.1, id).await.len(), 1);
    }
}

/// Simulates a replica that was killed after it recorded the new route and before it published the
/// command.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_replica_republishes_a_command_whose_replica_died() {
    let app = app(&[NEVER]).await;
    let pile = app.held().await;
    let id = app.send_to_first_gateway(&pile, "reset", json!({})).await;
    app.moves(&pile).await;
    let mut connection = app.database.pool.connection().await.unwrap();
    let route_to = |gateway_id: GatewayId| GatewayRoute { gateway_id, partition: AFTER.1 };
    let rerouted = reroute_stale(&mut connection, 10, route_to).await.unwrap();
    let [rerouted] = rerouted.try_into().unwrap();
    assert_eq!((rerouted.record.id.to_string(), rerouted.partition), (id.clone(), AFTER.1));

    let _replica = app.replica(&[("dispatch.reroute_interval_ms", "50")]);
    app.wait_for_a_reroute_pass().await;
    assert_eq!(steps(&app.get(&format!("commands/{id}")).await), ["accepted", "published", "rerouted"]);
    assert!(app.records(AFTER.1, &id).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn records_a_failed_republication_and_keeps_waiting() {
    let app = app(&[NEVER]).await;
    let pile = app.held().await;
    let id = app.send_to_first_gateway(&pile, "reset", json!({})).await;
    app.moves(&pile).await;
    let _replica = app.replica(&[("dispatch.reroute_interval_ms", "50"), ("kafka.brokers", "127.0.0.1:1")]);
    let found = app.with_step(&id, "notRepublished").await;
    assert_eq!(found.body["events"][3]["detail"], "Kafka is not available");
    assert_eq!((found.text("status"), &found.body["failureCode"]), ("published", &json!(null)));
}

/// The command was sent to the gateway that holds the device, so a missing response is not
/// attributed to the route.
#[tokio::test(flavor = "multi_thread")]
async fn a_republished_command_expires_without_a_response() {
    let app = app(&[("dispatch.expiry_interval_ms", "50")]).await;
    let pile = app.held().await;
    let id = app.send_to_first_gateway(&pile, "reset", json!({})).await;
    app.moves(&pile).await;
    app.with_step(&id, "republished").await;
    app.database.execute("update commands set expires_at = now() - interval '6 seconds'").await;
    eventually("the command to expire", || async {
        app.get(&format!("commands/{id}")).await.body["failureCode"] == "NO_ANSWER"
    })
    .await;
}
