//! Taking connectors, or the whole device, into and out of service.

use crate::app::TestApp;
use crate::fleet::Device;
use insta::assert_snapshot;
use serde_json::json;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn takes_a_device_out_of_service_in_any_status() {
    let app = TestApp::start().await;
    let device = Device {
        sessions: &[(1, Some("634"))],
        ..Device::online(&[(1, "Charging"), (2, "Unavailable"), (3, "Faulted")])
    };
    let pile = app.pile(device).await;
    assert_snapshot!(app.command(pile.id, "change-availability", json!({"type": "Inoperative"})).await, @r#"
    202 Accepted
    location: /api/v1/commands/[id]
    {
      "chargePointId": "CP",
      "commandId": "[id]",
      "commandName": "ChangeAvailability",
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
    let sent = |connector: u8, kind: &str| format!(r#"{{"connectorId":{connector},"type":"{kind}"}}"#);
    app.assert_sent(
        pile.id,
        "change-availability",
        &[
            (json!({"type": "Inoperative"}), &sent(0, "Inoperative")),
            (json!({"type": "Operative", "connectorId": null}), &sent(0, "Operative")),
            (json!({"type": "Operative", "connectorId": 0}), &sent(0, "Operative")),
            (json!({"type": "Inoperative", "connectorId": 1}), &sent(1, "Inoperative")),
            (json!({"type": "Inoperative", "connectorId": 2}), &sent(2, "Inoperative")),
            (json!({"connectorId": 3, "type": "Operative"}), &sent(3, "Operative")),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn takes_a_device_without_known_connectors_out_of_service_as_a_whole() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[])).await;
    let whole = (json!({"type": "Inoperative"}), r#"{"connectorId":0,"type":"Inoperative"}"#);
    app.assert_sent(pile.id, "change-availability", &[whole]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_to_change_the_availability_of_an_unreachable_pile() {
    let app = TestApp::with(&[]).await;
    let online = Device::online(&[(1, "Available")]);
    let command = async |device| {
        let pile = app.pile(device).await;
        app.command(pile.id, "change-availability", json!({"type": "Operative"})).await
    };
    assert_snapshot!(command(Device { online: Some(false), ..online }).await, @r#"
    409 Conflict
    {
      "code": "PILE_OFFLINE",
      "detail": "CP is offline",
      "instance": "/api/v1/piles/[id]/commands/change-availability",
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
      "instance": "/api/v1/piles/[id]/commands/change-availability",
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
      "instance": "/api/v1/piles/[id]/commands/change-availability",
      "status": 409,
      "title": "Pile is offline",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/pile-offline"
    }
    "#);
    assert_snapshot!(app.command(Uuid::now_v7(), "change-availability", json!({"type": "Operative"})).await, @r#"
    404 Not Found
    {
      "code": "PILE_NOT_FOUND",
      "instance": "/api/v1/piles/[id]/commands/change-availability",
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
    assert_snapshot!(app.command(pile.id, "change-availability", json!({"type": "Operative", "connectorId": 7})).await, @r#"
    409 Conflict
    {
      "code": "CONNECTOR_NOT_AVAILABLE",
      "detail": "CP has no connector 7",
      "instance": "/api/v1/piles/[id]/commands/change-availability",
      "status": 409,
      "title": "Connector is not available",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/connector-not-available"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_invalid_availability() {
    let app = TestApp::with(&[]).await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let wrong = json!({"type": "operative", "connectorId": 1001});
    assert_snapshot!(app.command(pile.id, "change-availability", wrong).await, @r#"
    400 Bad Request
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "type",
          "message": "unknown variant `operative`, expected `Operative` or `Inoperative`"
        },
        {
          "field": "connectorId",
          "message": "must be a whole number from 0 to 1000"
        }
      ],
      "instance": "/api/v1/piles/[id]/commands/change-availability",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    let bodies = [
        json!({}),
        json!({"connectorId": 1}),
        json!({"connectorId": -1}),
        json!({"type": ""}),
        json!({"type": true}),
        json!({"type": "Operative", "connectorId": 0.5}),
        json!({"type": "Operative", "connector": 1}),
    ];
    assert_snapshot!(app.field_errors(pile.id, "change-availability", &bodies).await, @r#"
    "type": "is required"
    "type": "is required"
    "type": "is required", "connectorId": "must be a whole number from 0 to 1000"
    "type": "unknown variant ``, expected `Operative` or `Inoperative`"
    "type": "must be a string"
    "connectorId": "must be a whole number from 0 to 1000"
    "connector": "is not recognized"
    "#);
}
