//! Commands that are refused.

use crate::harness::{Harness, TIMEOUT, settings};
use crate::sample::start_on;
use domain::event::EventKind;
use gateway_simulator::{Outcome, Rejection};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_contains_its_reason() {
    let harness = Harness::start(settings(), 4).await;
    let id = harness.device(0).await;
    let partition = harness.simulator.command_partition(0).unwrap();
    assert_eq!(
        harness.send_command(0, &id, start_on(9)).await.outcome,
        Outcome::Rejected(Rejection::DeviceRejected)
    );
    let wrong = json!({
        "commandId": uuid::Uuid::now_v7(), "commandName": "UnlockConnector", "chargePointId": id,
        "gatewayId": harness.simulator.pods()[0], "payload": { "connectorId": "none" },
        "issuedAt": "2026-07-25T10:30:00Z", "expiresAt": "2126-07-25T10:30:00Z",
    });
    harness.publish_bytes(partition, id.as_str(), b"nonsense".to_vec()).await;
    harness.publish_bytes(partition, id.as_str(), wrong.to_string().into_bytes()).await;
    let answer = harness
        .simulator
        .wait_for_event(
            |sent| {
                matches!(&sent.event.kind, EventKind::CommandAnswered(answer)
                if answer.command_name.as_deref() == Some("UnlockConnector"))
            },
            TIMEOUT,
        )
        .await
        .unwrap();
    let EventKind::CommandAnswered(answer) = &answer.event.kind else {
        panic!("{answer:?}");
    };
    assert_eq!(answer.reason.as_deref(), Some("INVALID_COMMAND_PAYLOAD"));
    assert!(harness.simulator.statistics().commands_unreadable >= 2);
}
