//! Looking a command up.

use crate::app::TestApp;
use crate::fleet::Device;
use insta::assert_snapshot;
use serde_json::json;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn the_location_of_a_command_leads_to_its_record() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let body = json!({"idTag": "RFID123", "connectorId": 1});
    let sent = app.command(pile.id, "start-transaction", body).await;
    let location = sent.location.as_deref().unwrap();
    let record = app.get(location.strip_prefix("/api/v1/").unwrap()).await;
    for field in ["commandId", "pileId", "issuedAt", "expiresAt"] {
        assert_eq!(record.body[field], sent.body[field], "{field}");
    }
    assert_snapshot!(record, @r#"
    200 OK
    {
      "answer": null,
      "chargePointId": "CP",
      "commandId": "[id]",
      "commandName": "RemoteStartTransaction",
      "connectorId": 1,
      "degraded": false,
      "effect": null,
      "events": [
        {
          "at": "[at]",
          "event": "accepted",
          "late": false
        },
        {
          "at": "[at]",
          "event": "published",
          "late": false
        }
      ],
      "expiresAt": "[expiresAt]",
      "failure": null,
      "failureCode": null,
      "gatewayId": "gateway-pod-xyz",
      "issuedAt": "[issuedAt]",
      "partition": 1,
      "payload": {
        "connectorId": 1,
        "idTag": "RFID123"
      },
      "pileId": "[id]",
      "publishedAt": "[publishedAt]",
      "seenGatewayId": null,
      "sessionId": null,
      "status": "published",
      "transactionId": null
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_not_there_is_not_found() {
    let app = TestApp::with(&[]).await;
    assert_snapshot!(app.get(&format!("commands/{}", Uuid::now_v7())).await, @r#"
    404 Not Found
    {
      "code": "COMMAND_NOT_FOUND",
      "instance": "/api/v1/commands/[id]",
      "status": 404,
      "title": "There is no such command",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/command-not-found"
    }
    "#);
    assert_eq!(app.get("commands/latest").await.text("code"), "COMMAND_NOT_FOUND");
}
