//! Requesting a message from the device.

use crate::app::TestApp;
use crate::fleet::Device;
use insta::assert_snapshot;
use serde_json::json;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn requests_every_message_of_ocpp() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Charging")])).await;
    let body = json!({"requestedMessage": "StatusNotification"});
    assert_snapshot!(app.command(pile.id, "trigger-message", body).await, @r#"
    202 Accepted
    location: /api/v1/commands/[id]
    {
      "chargePointId": "CP",
      "commandId": "[id]",
      "commandName": "TriggerMessage",
      "confidence": "live",
      "expiresAt": "[expiresAt]",
      "gatewayId": "gateway-pod-xyz",
      "issuedAt": "[issuedAt]",
      "issuedBy": "anonymous",
      "partition": 1,
      "pileId": "[id]",
      "route": "key",
      "status": "accepted"
    }
    "#);
    for message in [
        "BootNotification",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "MeterValues",
        "StatusNotification",
    ] {
        let of_all = format!(r#"{{"requestedMessage":"{message}"}}"#);
        let of_one = format!(r#"{{"requestedMessage":"{message}","connectorId":1}}"#);
        app.assert_sent(
            pile.id,
            "trigger-message",
            &[
                (json!({"requestedMessage": message}), &of_all),
                (json!({"connectorId": 1, "requestedMessage": message}), &of_one),
            ],
        )
        .await;
    }
}

/// The operator can so query a device of which nothing is known.
#[tokio::test(flavor = "multi_thread")]
async fn requests_a_message_of_a_device_without_known_connectors() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[])).await;
    let all =
        (json!({"requestedMessage": "StatusNotification"}), r#"{"requestedMessage":"StatusNotification"}"#);
    app.assert_sent(pile.id, "trigger-message", &[all]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_to_request_a_message_from_an_unreachable_pile() {
    let app = TestApp::with(&[]).await;
    let online = Device::online(&[(1, "Available")]);
    let command = async |device| {
        let pile = app.pile(device).await;
        app.command(pile.id, "trigger-message", json!({"requestedMessage": "Heartbeat"})).await
    };
    assert_snapshot!(command(Device { online: Some(false), ..online }).await, @r#"
    409 Conflict
    {
      "code": "PILE_OFFLINE",
      "detail": "CP is offline",
      "instance": "/api/v1/piles/[id]/commands/trigger-message",
      "status": 409,
      "title": "Pile is offline",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/pile-offline"
    }
    "#);
    assert_snapshot!(command(Device { gateway: None, ..online }).await, @r#"
    409 Conflict
    {
      "code": "PILE_OFFLINE",
      "detail": "no gateway is known for CP",
      "instance": "/api/v1/piles/[id]/commands/trigger-message",
      "status": 409,
      "title": "Pile is offline",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/pile-offline"
    }
    "#);
    assert_snapshot!(command(Device::default()).await, @r#"
    409 Conflict
    {
      "code": "PILE_OFFLINE",
      "detail": "CP has never been heard from",
      "instance": "/api/v1/piles/[id]/commands/trigger-message",
      "status": 409,
      "title": "Pile is offline",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/pile-offline"
    }
    "#);
    assert_snapshot!(app.command(Uuid::now_v7(), "trigger-message", json!({"requestedMessage": "Heartbeat"})).await, @r#"
    404 Not Found
    {
      "code": "PILE_NOT_FOUND",
      "instance": "/api/v1/piles/[id]/commands/trigger-message",
      "status": 404,
      "title": "There is no such pile",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/pile-not-found"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_connector_that_was_never_reported() {
    let app = TestApp::with(&[]).await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    assert_snapshot!(app.command(pile.id, "trigger-message", json!({"requestedMessage": "MeterValues", "connectorId": 7})).await, @r#"
    409 Conflict
    {
      "code": "CONNECTOR_NOT_AVAILABLE",
      "detail": "CP has no connector 7",
      "instance": "/api/v1/piles/[id]/commands/trigger-message",
      "status": 409,
      "title": "Connector is not available",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/connector-not-available"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_unknown_message() {
    let app = TestApp::with(&[]).await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let wrong = json!({"requestedMessage": "Weather", "connectorId": 0});
    assert_snapshot!(app.command(pile.id, "trigger-message", wrong).await, @r#"
    400 Bad Request
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "requestedMessage",
          "message": "unknown variant `Weather`, expected one of `BootNotification`, `DiagnosticsStatusNotification`, `FirmwareStatusNotification`, `Heartbeat`, `MeterValues`, `StatusNotification`"
        },
        {
          "field": "connectorId",
          "message": "must be a whole number from 1 to 1000"
        }
      ],
      "instance": "/api/v1/piles/[id]/commands/trigger-message",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    let bodies = [
        json!({}),
        json!({"requestedMessage": null, "connectorId": 1001}),
        json!({"requestedMessage": 5}),
        json!({"requestedMessage": "Heartbeat", "vendorId": "x"}),
    ];
    assert_snapshot!(app.field_errors(pile.id, "trigger-message", &bodies).await, @r#"
    "requestedMessage": "is required"
    "requestedMessage": "is required", "connectorId": "must be a whole number from 1 to 1000"
    "requestedMessage": "must be a string"
    "vendorId": "is not recognized"
    "#);
}
