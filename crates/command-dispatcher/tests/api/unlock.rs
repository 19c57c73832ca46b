//! Releasing the lock of a connector.

use crate::app::TestApp;
use crate::fleet::Device;
use insta::assert_snapshot;
use serde_json::json;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_is_unlocked() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Finishing"), (2, "Available")])).await;
    assert_snapshot!(app.command(pile.id, "unlock-connector", json!({"connectorId": 1})).await, @r#"
    202 Accepted
    location: /api/v1/commands/[id]
    {
      "chargePointId": "CP",
      "commandId": "[id]",
      "commandName": "UnlockConnector",
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
    app.assert_sent(
        pile.id,
        "unlock-connector",
        &[
            (json!({"connectorId": 1}), r#"{"connectorId":1}"#),
            (json!({"connectorId": 2}), r#"{"connectorId":2}"#),
        ],
    )
    .await;
}

/// The device stops the transaction before it unlocks the connector. A session suffices to know the
/// connector.
#[tokio::test(flavor = "multi_thread")]
async fn unlocks_a_connector_that_charges() {
    let app = TestApp::start().await;
    let device = Device { sessions: &[(1, Some("634")), (3, None)], ..Device::online(&[(1, "Charging")]) };
    let pile = app.pile(device).await;
    app.assert_sent(
        pile.id,
        "unlock-connector",
        &[
            (json!({"connectorId": 1}), r#"{"connectorId":1}"#),
            (json!({"connectorId": 3}), r#"{"connectorId":3}"#),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_to_unlock_a_connector_of_an_unreachable_pile() {
    let app = TestApp::with(&[]).await;
    let online = Device::online(&[(1, "Available")]);
    let command = async |device| {
        let pile = app.pile(device).await;
        app.command(pile.id, "unlock-connector", json!({"connectorId": 1})).await
    };
    assert_snapshot!(command(Device { online: Some(false), ..online }).await, @r#"
    409 Conflict
    {
      "code": "PILE_OFFLINE",
      "detail": "CP is offline",
      "instance": "/api/v1/piles/[id]/commands/unlock-connector",
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
      "instance": "/api/v1/piles/[id]/commands/unlock-connector",
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
      "instance": "/api/v1/piles/[id]/commands/unlock-connector",
      "status": 409,
      "title": "Pile is offline",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/pile-offline"
    }
    "#);
    assert_snapshot!(app.command(Uuid::now_v7(), "unlock-connector", json!({"connectorId": 1})).await, @r#"
    404 Not Found
    {
      "code": "PILE_NOT_FOUND",
      "instance": "/api/v1/piles/[id]/commands/unlock-connector",
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
    assert_snapshot!(app.command(pile.id, "unlock-connector", json!({"connectorId": 7})).await, @r#"
    409 Conflict
    {
      "code": "CONNECTOR_NOT_AVAILABLE",
      "detail": "CP has no connector 7",
      "instance": "/api/v1/piles/[id]/commands/unlock-connector",
      "status": 409,
      "title": "Connector is not available",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/connector-not-available"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn requires_one_connector() {
    let app = TestApp::with(&[]).await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    assert_snapshot!(app.command(pile.id, "unlock-connector", json!({})).await, @r#"
    400 Bad Request
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "connectorId",
          "message": "is required"
        }
      ],
      "instance": "/api/v1/piles/[id]/commands/unlock-connector",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    let bodies = [
        json!({"connectorId": 0}),
        json!({"connectorId": -1}),
        json!({"connectorId": 1001}),
        json!({"connectorId": null}),
        json!({"connectorId": "1"}),
        json!({"connectorId": 1, "force": true}),
        json!([1]),
    ];
    assert_snapshot!(app.field_errors(pile.id, "unlock-connector", &bodies).await, @r#"
    "connectorId": "must be a whole number from 1 to 1000"
    "connectorId": "must be a whole number from 1 to 1000"
    "connectorId": "must be a whole number from 1 to 1000"
    "connectorId": "is required"
    "connectorId": "must be a whole number from 1 to 1000"
    "force": "is not recognized"
    "body": "must be a JSON object"
    "#);
}
