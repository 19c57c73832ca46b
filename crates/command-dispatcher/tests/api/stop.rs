//! Stops: which transaction a request means, and when it is ambiguous.

use crate::access::protected;
use crate::answer::Answer;
use crate::app::TestApp;
use crate::fleet::Device;
use dev_issuer::Issuer;
use insta::assert_snapshot;
use serde_json::{Value, json};

async fn stop(device: Device<'_>, body: Value) -> Answer {
    let app = TestApp::with(&[]).await;
    let pile = app.pile(device).await;
    app.command(pile.id, "stop-transaction", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_open_transaction_is_stopped() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::charging(&[(1, Some("634"))])).await;
    assert_snapshot!(app.command(pile.id, "stop-transaction", json!({"transactionId": 634})).await, @r#"
    202 Accepted
    location: /api/v1/commands/[id]
    {
      "chargePointId": "CP",
      "commandId": "[id]",
      "commandName": "RemoteStopTransaction",
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
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_the_transaction_id_in_the_form_that_the_gateway_uses() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::charging(&[(1, Some("634")), (2, Some("TXN-7"))])).await;
    for (body, sent) in [
        (json!({"transactionId": 634}), json!(634)),
        (json!({"transactionId": "634"}), json!(634)),
        (json!({"connectorId": 1}), json!(634)),
        (json!({"transactionId": "TXN-7", "connectorId": 2}), json!("TXN-7")),
    ] {
        let answer = app.command(pile.id, "stop-transaction", body).await;
        let record = app.get(&format!("commands/{}", answer.command_id())).await;
        assert_eq!(record.body["payload"], json!({"transactionId": sent}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_transaction_need_not_be_named() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::charging(&[(1, Some("634"))])).await;
    assert_eq!(app.command(pile.id, "stop-transaction", json!({})).await.status, 202);
    let path = format!("piles/{}/commands/stop-transaction", pile.id);
    let without_body = app.post(&path).send().await.unwrap();
    assert_eq!(without_body.status(), 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_to_stop_a_pile_without_an_open_session() {
    assert_snapshot!(stop(Device::online(&[(1, "Available")]), json!({})).await, @r#"
    409 Conflict
    {
      "code": "NO_ACTIVE_TRANSACTION",
      "detail": "CP has no open charging session",
      "instance": "/api/v1/piles/[id]/commands/stop-transaction",
      "status": 409,
      "title": "No charging session is open",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/no-active-transaction"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_transaction_that_is_not_open() {
    let device = Device::charging(&[(1, Some("634"))]);
    assert_snapshot!(stop(device, json!({"transactionId": "635"})).await, @r#"
    409 Conflict
    {
      "code": "TRANSACTION_MISMATCH",
      "detail": "transaction 635 is not open on CP",
      "instance": "/api/v1/piles/[id]/commands/stop-transaction",
      "status": 409,
      "title": "Transaction is not open",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/transaction-mismatch"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn requires_the_transaction_id_if_several_are_open() {
    let device = Device::charging(&[(1, Some("634")), (2, Some("635"))]);
    assert_snapshot!(stop(device, json!({})).await, @r#"
    409 Conflict
    {
      "code": "AMBIGUOUS_TRANSACTION",
      "detail": "CP has several open charging sessions: name a transactionId or a connectorId",
      "instance": "/api/v1/piles/[id]/commands/stop-transaction",
      "status": 409,
      "title": "Several transactions are open",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/ambiguous-transaction"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_stopped_by_its_id() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::charging(&[(1, Some("634")), (2, Some("635"))])).await;
    let session_id = app.session_id(&pile, 2).await;
    let answer = app.command(pile.id, "stop-transaction", json!({"sessionId": session_id})).await;
    assert_eq!(answer.status, 202, "{answer}");
    let record = app.get(&format!("commands/{}", answer.command_id())).await;
    assert_eq!(record.body["payload"], json!({"transactionId": 635}));
    assert_eq!(record.text("sessionId"), session_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_sessions_that_are_not_open_at_the_pile() {
    let app = TestApp::with(&[]).await;
    let pile = app.pile(Device::charging(&[(1, Some("634")), (2, None)])).await;
    let other = app.pile(Device::charging(&[(1, Some("700"))])).await;
    let stop = async |id: String| {
        let answer = app.command(pile.id, "stop-transaction", json!({"sessionId": id})).await;
        (answer.status.as_u16(), answer.text("code").to_owned())
    };
    let missing = (404, "SESSION_NOT_FOUND".to_owned());
    assert_eq!(stop("0192f0b0-0000-7000-8000-000000000000".to_owned()).await, missing);
    assert_eq!(stop(app.session_id(&other, 1).await).await, missing);
    for connector in [1, 2] {
        let id = app.session_id(&pile, connector).await;
        app.database.execute(&format!("update sessions set ended_at = now() where id = '{id}'")).await;
        assert_eq!(stop(id).await, (409, "SESSION_ENDED".to_owned()));
    }
    assert!(app.holds("(select count(*) from commands) = 0").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_id_excludes_the_other_ways_to_name_a_session() {
    let app = TestApp::with(&[]).await;
    let pile = app.pile(Device::charging(&[(1, Some("634"))])).await;
    let id = app.session_id(&pile, 1).await;
    let bodies = [
        json!({"sessionId": id, "transactionId": 634}),
        json!({"sessionId": id, "connectorId": 1}),
        json!({"sessionId": "634"}),
    ];
    assert_snapshot!(app.field_errors(pile.id, "stop-transaction", &bodies).await, @r#"
    "sessionId": "must not be combined with transactionId or connectorId"
    "sessionId": "must not be combined with transactionId or connectorId"
    "sessionId": "must be a UUID"
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_id_is_an_integer_or_a_text() {
    let app = TestApp::with(&[]).await;
    let pile = app.pile(Device::charging(&[(1, Some("634"))])).await;
    let mut refused = Vec::new();
    for id in [json!(0), json!("0"), json!(""), json!(6.5), json!([634]), json!("x".repeat(65))] {
        let answer = app.command(pile.id, "stop-transaction", json!({"transactionId": id})).await;
        assert_eq!(answer.text("code"), "INVALID_REQUEST");
        let error = &answer.body["errors"][0];
        refused.push(format!("{} {}", error["field"], error["message"]));
    }
    assert_snapshot!(refused.join("\n"), @r#"
    "transactionId" "must not be 0 or -1, which gateways send for an unknown transaction"
    "transactionId" "must not be 0 or -1, which gateways send for an unknown transaction"
    "transactionId" "must not be empty"
    "transactionId" "must be an integer or a string"
    "transactionId" "must be an integer or a string"
    "transactionId" "must have at most 64 characters"
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_former_operator_does_not_exist_for_the_next_one() {
    let issuer = Issuer::generate().unwrap();
    let app = protected(&issuer).await;
    let pile = app.pile(Device::charging(&[(1, Some("634"))])).await;
    let session = app.session_id(&pile, 1).await;
    app.database
        .execute("update stations set operator_id = 'op-2'; update sessions set operator_id = 'op-1'")
        .await;
    let stop = async |operator: &str, body: Value| {
        let token = issuer.sign(&Issuer::claims_of("caller", "commands:send", &[operator])).unwrap();
        let request = app.post(&format!("piles/{}/commands/stop-transaction", pile.id)).bearer_auth(token);
        Answer::read(request.json(&body).send().await.unwrap()).await
    };
    let by_session = json!({ "sessionId": session });
    for (body, code) in [
        (by_session.clone(), "SESSION_NOT_FOUND"),
        (json!({"transactionId": 634}), "NO_ACTIVE_TRANSACTION"),
        (json!({"connectorId": 1}), "NO_ACTIVE_TRANSACTION"),
        (json!({}), "NO_ACTIVE_TRANSACTION"),
    ] {
        let answer = stop("op-2", body).await;
        assert_eq!(answer.text("code"), code);
        assert!(!answer.body.to_string().contains(&session), "{answer}");
    }
    app.database.execute("update sessions set ended_at = now(), end_reason = 'Local'").await;
    assert_eq!(stop("op-2", by_session).await.text("code"), "SESSION_NOT_FOUND");
    // The session remains with its operator, and the pile does not.
    assert_eq!(stop("op-1", json!({})).await.text("code"), "PILE_NOT_FOUND");
}
