//! Resets.

use crate::app::TestApp;
use crate::fleet::Device;
use insta::assert_snapshot;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_soft_by_default() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Faulted")])).await;
    assert_snapshot!(app.command(pile.id, "reset", json!({})).await, @r#"
    202 Accepted
    location: /api/v1/commands/[id]
    {
      "chargePointId": "CP",
      "commandId": "[id]",
      "commandName": "Reset",
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
    for (body, kind) in
        [(json!({}), "Soft"), (json!({"type": "Soft"}), "Soft"), (json!({"type": "Hard"}), "Hard")]
    {
        let answer = app.command(pile.id, "reset", body).await;
        let record = app.get(&format!("commands/{}", answer.command_id())).await;
        assert_eq!(record.body["payload"], json!({"type": kind}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_unknown_reset_type() {
    let app = TestApp::with(&[]).await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    assert_snapshot!(app.command(pile.id, "reset", json!({"type": "soft"})).await, @r#"
    400 Bad Request
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "type",
          "message": "unknown variant `soft`, expected `Soft` or `Hard`"
        }
      ],
      "instance": "/api/v1/piles/[id]/commands/reset",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offline_pile_is_refused() {
    let app = TestApp::with(&[]).await;
    let device = Device { online: Some(false), ..Device::online(&[(1, "Available")]) };
    let pile = app.pile(device).await;
    assert_eq!(app.command(pile.id, "reset", json!({})).await.text("code"), "PILE_OFFLINE");
}
