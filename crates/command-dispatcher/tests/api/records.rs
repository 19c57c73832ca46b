//! Reading commands.

use crate::answer::Answer;
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
    assert_eq!(location, format!("/api/v1/commands/{}", sent.command_id()));
    let record = app.settled(&sent.command_id().to_string()).await;
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
      "confidence": "live",
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
      "issuedBy": "anonymous",
      "limits": null,
      "partition": 1,
      "payload": {
        "connectorId": 1,
        "idTag": "RFID123"
      },
      "pileId": "[id]",
      "publishedAt": "[publishedAt]",
      "route": "key",
      "seenGatewayId": null,
      "sessionId": null,
      "status": "published",
      "transactionId": null
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_command_is_not_found() {
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

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_a_pile_come_in_pages_the_newest_first() {
    let app = TestApp::start().await;
    let (pile, other) = (app.pile(Device::online(&[])).await, app.pile(Device::online(&[])).await);
    let mut sent = Vec::new();
    for _ in 0..3 {
        sent.push(app.command(pile.id, "reset", json!({})).await.command_id().to_string());
        app.command(other.id, "reset", json!({})).await;
    }
    sent.reverse();
    let ids = |page: &Answer| -> Vec<String> {
        let items = page.body["items"].as_array().unwrap();
        items.iter().map(|item| item["commandId"].as_str().unwrap().to_owned()).collect()
    };
    let path = format!("piles/{}/commands", pile.id);
    let first = app.get(&format!("{path}?limit=2")).await;
    let second = app.get(&format!("{path}?limit=2&cursor={}", first.text("nextCursor"))).await;
    assert_eq!([ids(&first), ids(&second)], [&sent[..2], &sent[2..]]);
    assert!(second.body["nextCursor"].is_null());
    let one = app.settled(&sent[0]).await;
    assert_eq!(app.get(&path).await.body["items"][0], one.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_invalid_page() {
    let app = TestApp::with(&[]).await;
    let pile = app.pile(Device::online(&[])).await;
    let code = async |path: String| {
        let refused = app.get(&path).await;
        (refused.status.as_u16(), refused.text("code").to_owned())
    };
    let of = |pile: &str, query: &str| format!("piles/{pile}/commands{query}");
    let pile = pile.id.to_string();
    assert_eq!(app.get(&of(&pile, "")).await.body, json!({"items": [], "nextCursor": null}));
    assert_eq!(code(of(&pile, "?cursor=none")).await, (400, "INVALID_CURSOR".to_owned()));
    for query in ["?limit=0", "?limit=201", "?limit=many", "?page=2"] {
        assert_eq!(code(of(&pile, query)).await, (400, "INVALID_REQUEST".to_owned()), "{query}");
    }
    for unknown in [Uuid::now_v7().to_string(), "no-pile".to_owned()] {
        assert_eq!(code(of(&unknown, "")).await, (404, "PILE_NOT_FOUND".to_owned()));
    }
}
