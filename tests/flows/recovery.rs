//! The recovery ladder: the platform ends a fault by itself, with no more commands than it takes.

use domain::commands::{CommandKind, ResetKind, TriggeredMessage};
use domain::ids::{ChargePointId, ConnectorId};
use domain::status::ConnectorStatus::Faulted;
use gateway_simulator::Outcome;
use serde_json::{Value, json};
use system_tests::{Answer, Platform};
use testkit::{eventually_some, unique};

/// The pause before each step: several times as long as a report takes to become, or to end, an issue.
const PAUSE_S: &str = "10";

/// The only issue, open or closed, with its history and attempts; `None` before it opens.
async fn only_issue(platform: &Platform) -> Option<Value> {
    let listed = platform.asset("/api/v1/issues").await.body;
    let issues = listed["items"].as_array().unwrap();
    assert!(issues.len() < 2, "one cause at one place is one issue: {listed}");
    let id = issues.first()?["id"].as_str().unwrap();
    Some(platform.asset(&format!("/api/v1/issues/{id}")).await.body)
}

/// Waits for a pass of the ladder that began after `after`, a term of SQL; returns when it began.
async fn later_pass(platform: &Platform, after: &str) -> String {
    let pass =
        format!("select coalesce(max(passed_at)::text, '') from issue_recovery where passed_at > {after}");
    eventually_some("a later pass of the ladder", || async {
        let began = platform.database.json(&pass).await;
        began.as_str().filter(|began| !began.is_empty()).map(str::to_owned)
    })
    .await
}

/// Waits until a step that would have been due after those so far would have been sent.
async fn next_step_would_be_sent(platform: &Platform) {
    let due = format!("(select max(issued_at) + interval '{PAUSE_S} seconds' from commands)");
    let began = later_pass(platform, &due).await;
    // The pass that began when the step was due is over once the next one begins.
    later_pass(platform, &format!("timestamptz '{began}'")).await;
}

/// The command with this id, once its device has answered it and its publication is recorded.
async fn finished_command(platform: &Platform, id: &Value) -> Value {
    let accepted = Answer { status: 202, body: json!({ "commandId": id }) };
    eventually_some("the command to end", || async {
        let command = platform.recorded_command(&accepted).await;
        (command["status"] == "confirmed" && command["publishedAt"].is_string()).then_some(command)
    })
    .await
}

/// Each attempt is a command of its own: of the platform, to this device, accepted by it.
async fn assert_attempts(platform: &Platform, device: &ChargePointId, attempts: &[Value]) {
    let expected = [
        ("trigger", json!({ "requestedMessage": "StatusNotification", "connectorId": 1 }), None),
        ("softReset", json!({ "type": "Soft" }), Some("restarted")),
    ];
    assert_eq!(attempts.len(), expected.len(), "{attempts:?}");
    for (attempt, (step, payload, effect)) in attempts.iter().zip(expected) {
        assert_eq!((&attempt["step"], &attempt["refusal"]), (&json!(step), &Value::Null));
        let command = finished_command(platform, &attempt["commandId"]).await;
        assert_eq!((&command["payload"], &command["issuedBy"]), (&payload, &Value::Null));
        assert_eq!(
            (&command["answer"]["status"], &command["chargePointId"]),
            (&json!("Accepted"), &json!(device))
        );
        assert!(effect.is_none_or(|effect| command["effect"]["kind"] == effect), "{command}");
    }
    let attempts = only_issue(platform).await.unwrap()["attempts"].clone();
    let states: Vec<_> = attempts.as_array().unwrap().iter().map(|attempt| &attempt["state"]).collect();
    assert_eq!(states, ["confirmed", "confirmed"]);
}

/// All devices together received the commands of the attempts and no others.
fn assert_only_these_received(platform: &Platform, device: &ChargePointId, attempts: &[Value]) {
    let (requested, connector_id) = (TriggeredMessage::StatusNotification, ConnectorId::parse(1).ok());
    let trigger = CommandKind::TriggerMessage { requested, connector_id };
    let received = platform.simulator.commands();
    let kinds: Vec<_> = received.iter().map(|received| received.command.kind.clone()).collect();
    assert_eq!(kinds, [trigger, CommandKind::Reset { kind: ResetKind::Soft }]);
    for (received, attempt) in received.iter().zip(attempts) {
        assert_eq!(json!(received.command.id), attempt["commandId"]);
        assert_eq!((&received.command.charge_point_id, received.outcome), (device, Outcome::Accepted));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_ends_with_the_first_step_that_helps_and_no_later_step_follows() {
    let events = unique("events");
    let ladder = [
        ("recovery.enabled", "true"),
        ("recovery.poll_ms", "200"),
        ("recovery.pause_s", PAUSE_S),
        ("presence.ingest_topic", events.as_str()),
    ];
    let platform = Platform::start_with(&ladder, |settings| settings.topics.events.clone_from(&events)).await;
    let ingestor = platform.ingest();
    let ((pile, device), (_, healthy)) = (platform.register().await, platform.register().await);
    platform.connect(&device).await;
    platform.connect(&healthy).await;
    platform.pile("the device to be available", &pile, |pile| pile["status"] == "Available").await;

    let connector = ConnectorId::parse(1).unwrap();
    platform.simulator.set_status(&device, connector, Faulted, Some("GroundFailure")).await.unwrap();
    let open = eventually_some("an issue to open", || only_issue(&platform)).await;
    assert_eq!((&open["cause"], &open["connectorId"]), (&json!("fault"), &json!(1)));
    assert_eq!((&open["chargePointId"], &open["closedAt"]), (&json!(device), &Value::Null));
    assert_eq!((&open["fact"]["status"], &open["attempts"]), (&json!("Faulted"), &json!([])));

    // The device repeats its status at the first step, and has no fault any more after the second one.
    let closed = eventually_some("the issue to close", || async {
        only_issue(&platform).await.filter(|issue| issue["closedAt"].is_string())
    })
    .await;
    let proof = &closed["proof"];
    assert_eq!((&proof["kind"], &proof["status"]), (&json!("status"), &json!("Available")));
    next_step_would_be_sent(&platform).await;

    let issue = only_issue(&platform).await.unwrap();
    assert_eq!((&issue["closedAt"], &issue["recovery"]), (&closed["closedAt"], &Value::Null));
    let history = issue["history"].as_array().unwrap();
    let history: Vec<_> =
        history.iter().map(|entry| json!([entry["kind"], entry["detail"]["step"]])).collect();
    let steps = ["softReset", "trigger"].map(|step| json!(["attempted", step]));
    assert_eq!(history, [&[json!(["closed", null])], &steps[..], &[json!(["opened", null])]].concat());

    let attempts = issue["attempts"].as_array().unwrap();
    assert_attempts(&platform, &device, attempts).await;
    assert_only_these_received(&platform, &device, attempts);
    ingestor.stop().await;
}
