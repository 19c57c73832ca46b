//! Setting configuration keys.

use crate::app::TestApp;
use crate::fleet::Device;
use insta::assert_snapshot;
use serde_json::json;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_key_is_set() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Charging")])).await;
    let body = json!({"key": "HeartbeatInterval", "value": "300"});
    assert_snapshot!(app.command(pile.id, "change-configuration", body).await, @r#"
    202 Accepted
    location: /api/v1/commands/[id]
    {
      "chargePointId": "CP",
      "commandId": "[id]",
      "commandName": "ChangeConfiguration",
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
    let (key, value) = ("k".repeat(50), "桩".repeat(500));
    let longest = format!(r#"{{"key":"{key}","value":"{value}"}}"#);
    app.assert_sent(
        pile.id,
        "change-configuration",
        &[
            (
                json!({"value": "300", "key": " HeartbeatInterval "}),
                r#"{"key":"HeartbeatInterval","value":"300"}"#,
            ),
            // Values are passed on unchanged.
            (json!({"key": "Text", "value": " a \"b\" "}), r#"{"key":"Text","value":" a \"b\" "}"#),
            (json!({"key": "Text", "value": ""}), r#"{"key":"Text","value":""}"#),
            (json!({"key": key, "value": value}), &longest),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn configures_a_device_without_known_connectors() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[])).await;
    let set = (json!({"key": "k", "value": "v"}), r#"{"key":"k","value":"v"}"#);
    app.assert_sent(pile.id, "change-configuration", &[set]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_to_configure_an_unreachable_pile() {
    let app = TestApp::with(&[]).await;
    let online = Device::online(&[(1, "Available")]);
    let command = async |device| {
        let pile = app.pile(device).await;
        app.command(pile.id, "change-configuration", json!({"key": "HeartbeatInterval", "value": "300"}))
            .await
    };
    assert_snapshot!(command(Device { online: Some(false), ..online }).await, @r#"
    409 Conflict
    {
      "code": "PILE_OFFLINE",
      "detail": "CP is offline",
      "instance": "/api/v1/piles/[id]/commands/change-configuration",
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
      "instance": "/api/v1/piles/[id]/commands/change-configuration",
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
      "instance": "/api/v1/piles/[id]/commands/change-configuration",
      "status": 409,
      "title": "Pile is offline",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/pile-offline"
    }
    "#);
    assert_snapshot!(app.command(Uuid::now_v7(), "change-configuration", json!({"key": "HeartbeatInterval", "value": "300"})).await, @r#"
    404 Not Found
    {
      "code": "PILE_NOT_FOUND",
      "instance": "/api/v1/piles/[id]/commands/change-configuration",
      "status": 404,
      "title": "There is no such pile",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/pile-not-found"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_values_have_their_bounds() {
    let app = TestApp::with(&[]).await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let wrong = json!({"key": "k".repeat(51), "value": "v".repeat(501)});
    assert_snapshot!(app.command(pile.id, "change-configuration", wrong).await, @r#"
    400 Bad Request
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "key",
          "message": "must have at most 50 characters"
        },
        {
          "field": "value",
          "message": "must have at most 500 characters"
        }
      ],
      "instance": "/api/v1/piles/[id]/commands/change-configuration",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    let bodies = [
        json!({}),
        json!({"key": "HeartbeatInterval"}),
        json!({"key": " ", "value": "a\u{0}b"}),
        json!({"key": "a\nb", "value": "300\n"}),
        json!({"key": "HeartbeatInterval", "value": 300}),
        json!({"key": "HeartbeatInterval", "value": "300", "reboot": true}),
    ];
    assert_snapshot!(app.field_errors(pile.id, "change-configuration", &bodies).await, @r#"
    "key": "is required", "value": "is required"
    "value": "is required"
    "key": "must not be empty", "value": "must not contain control characters"
    "key": "must not contain control characters", "value": "must not contain control characters"
    "value": "must be a string"
    "reboot": "is not recognized"
    "#);
}
