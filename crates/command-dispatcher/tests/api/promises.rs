//! Repeated requests, concurrent starts, and commands without a response.

use crate::answer::Answer;
use crate::app::TestApp;
use crate::fleet::{Device, Pile};
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn free_pile(app: &TestApp) -> Pile {
    app.pile(Device::online(&[(1, "Available"), (2, "Available")])).await
}

async fn keyed(app: &TestApp, pile: &Pile, key: &str, command: &str, body: Value) -> Answer {
    let request = app.post(&format!("piles/{}/commands/{command}", pile.id));
    Answer::read(request.header("Idempotency-Key", key).json(&body).send().await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_returns_the_same_command() {
    let app = TestApp::start().await;
    let pile = free_pile(&app).await;
    let start = json!({"idTag": "RFID123", "connectorId": 1});
    let first = keyed(&app, &pile, "order-1", "start-transaction", start.clone()).await;
    app.settled(&first.command_id().to_string()).await;
    // The requested start has happened meanwhile: a new one would be refused.
    app.database.execute("update connectors set status = 'Charging'").await;
    let again = keyed(&app, &pile, "order-1", "start-transaction", start).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert!(app.holds("(select count(*) from commands) = 1").await);

    let other = keyed(&app, &pile, "order-1", "reset", json!({})).await;
    assert_eq!((other.status.as_u16(), other.text("code")), (422, "IDEMPOTENCY_KEY_REUSED"));
    let unkeyed = app.command(pile.id, "reset", json!({})).await;
    assert_ne!(unkeyed.command_id(), first.command_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_with_one_key_create_one_command() {
    let app = TestApp::start().await;
    let pile = free_pile(&app).await;
    let twins = (0..20).map(|_| keyed(&app, &pile, "order-2", "reset", json!({})));
    let answers = futures_util::future::join_all(twins).await;
    let mut ids = BTreeSet::new();
    for answer in answers {
        match answer.status.as_u16() {
            202 => drop(ids.insert(answer.command_id())),
            _ => assert_eq!((answer.status.as_u16(), answer.text("code")), (409, "IDEMPOTENCY_IN_PROGRESS")),
        }
    }
    assert_eq!(ids.len(), 1);
    assert!(app.holds("(select count(*) from commands) = 1").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_an_unpublished_request_under_its_key() {
    let app = TestApp::with(&[]).await;
    let pile = free_pile(&app).await;
    let failed = keyed(&app, &pile, "order-3", "reset", json!({})).await;
    assert_eq!(failed.text("code"), "BROKER_UNAVAILABLE");
    app.create_topic(crate::app::PARTITIONS).await;
    testkit::eventually("the topic to be found", || async {
        keyed(&app, &pile, "order-3", "reset", json!({})).await.status == 202
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_invalid_key() {
    let app = TestApp::with(&[]).await;
    let pile = free_pile(&app).await;
    let long = "k".repeat(201);
    for key in ["", "two words", long.as_str()] {
        let refused = keyed(&app, &pile, key, "reset", json!({})).await;
        assert_eq!(refused.text("code"), "INVALID_REQUEST", "{key:?}");
        assert_eq!(refused.body["errors"][0]["field"], "Idempotency-Key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_one_of_many_concurrent_starts_on_a_connector() {
    let app = TestApp::start().await;
    let pile = free_pile(&app).await;
    let starts = (0..10).map(|_| {
        let body = json!({"idTag": "RFID123", "connectorId": 1});
        app.command(pile.id, "start-transaction", body)
    });
    let answers = futures_util::future::join_all(starts).await;
    let sent = answers.iter().filter(|answer| answer.status == 202).count();
    let met = answers.iter().filter(|answer| answer.body["code"] == "COMMAND_IN_FLIGHT").count();
    assert_eq!((sent, met), (1, 9));
    let other_connector = json!({"idTag": "RFID123", "connectorId": 2});
    assert_eq!(app.command(pile.id, "start-transaction", other_connector).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_a_response_expires() {
    let soon = [
        ("dispatch.command_ttl_s", "0"),
        ("dispatch.answer_grace_s", "0"),
        ("dispatch.expiry_interval_ms", "50"),
    ];
    let app = TestApp::with(&soon).await;
    app.create_topic(crate::app::PARTITIONS).await;
    let pile = free_pile(&app).await;
    let sent = app.command(pile.id, "reset", json!({})).await;
    let location = format!("commands/{}", sent.command_id());
    testkit::eventually("the command to expire", || async {
        app.get(&location).await.body["status"] == "expired"
    })
    .await;
    assert_eq!(app.get(&location).await.text("failureCode"), "NO_ANSWER");
}
