//! Idempotency keys belong to their callers, and a repeated request is answered with how its command
//! ended.

use crate::access::protected;
use crate::answer::Answer;
use crate::app::{PARTITIONS, TestApp};
use crate::fleet::Device;
use dev_issuer::Issuer;
use domain::commands::{DeviceAnswer, Step};
use domain::ids::{ChargePointId, CommandId, EventKey};
use serde_json::{Value, json};
use storage::commands::{self, PublishOutcome};
use uuid::Uuid;

const KEY: &str = "order-1";

/// Sends a command under [`KEY`]; `token` is that of the caller, if the service asks for one.
async fn send(app: &TestApp, path: &str, token: Option<&str>, body: Value) -> Answer {
    let request = app.post(path).header("Idempotency-Key", KEY).json(&body);
    let request = token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth);
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_of_two_callers_is_two_commands() {
    let issuer = Issuer::generate().unwrap();
    let app = protected(&issuer).await;
    app.create_topic(PARTITIONS).await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let token = |subject: &str| issuer.sign(&Issuer::claims(subject, "commands:send")).unwrap();
    let (order, desk) = (token("order-service"), token("desk"));
    let path = format!("piles/{}/commands/reset", pile.id);
    let mut ids = Vec::new();
    for (subject, token) in [("order-service", &order), ("desk", &desk)] {
        let first = send(&app, &path, Some(token), json!({})).await;
        assert_eq!((first.status.as_u16(), first.is_replay), (202, false), "{subject}: {first}");
        assert_eq!(first.text("issuedBy"), subject);
        ids.push(first.command_id());
    }
    assert_ne!(ids[0], ids[1]);
    for (id, token) in ids.iter().zip([&order, &desk]) {
        let again = send(&app, &path, Some(token), json!({})).await;
        assert_eq!((again.is_replay, again.command_id()), (true, *id));
        let other = send(&app, &path, Some(token), json!({"type": "Hard"})).await;
        assert_eq!((other.status.as_u16(), other.text("code")), (422, "IDEMPOTENCY_KEY_REUSED"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_of_two_callers_is_two_batches() {
    let issuer = Issuer::generate().unwrap();
    let app = protected(&issuer).await;
    let station = app.station().await;
    let token = |subject: &str| issuer.sign(&Issuer::claims(subject, "commands:send")).unwrap();
    let path = format!("stations/{station}/commands/reset");
    let mut ids = Vec::new();
    for token in [token("order-service"), token("desk")] {
        let first = send(&app, &path, Some(&token), json!({})).await;
        let again = send(&app, &path, Some(&token), json!({})).await;
        assert_eq!((first.is_replay, again.is_replay), (false, true), "{first}");
        assert_eq!(first.text("batchId"), again.text("batchId"));
        ids.push(first.text("batchId").to_owned());
    }
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_callers_with_one_key_get_a_command_each() {
    let issuer = Issuer::generate().unwrap();
    let app = protected(&issuer).await;
    app.create_topic(PARTITIONS).await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let path = format!("piles/{}/commands/reset", pile.id);
    let tokens: Vec<_> = (0..8)
        .map(|number| issuer.sign(&Issuer::claims(&format!("caller-{number}"), "commands:send")).unwrap())
        .collect();
    let sent = tokens.iter().map(|token| send(&app, &path, Some(token), json!({})));
    let answers = futures_util::future::join_all(sent).await;
    let ids: std::collections::BTreeSet<Uuid> = answers.iter().map(Answer::command_id).collect();
    assert_eq!(ids.len(), 8);
    assert!(answers.iter().all(|answer| answer.status == 202 && !answer.is_replay));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_shows_that_its_command_was_rejected() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let path = format!("piles/{}/commands/reset", pile.id);
    let first = send(&app, &path, None, json!({})).await;
    assert_eq!(first.body.get("failureCode"), None, "{first}");
    app.settled(first.text("commandId")).await;
    let answer =
        DeviceAnswer { event: EventKey(7), status: "Rejected".to_owned(), reason: Some("BUSY".to_owned()) };
    let rejected = PublishOutcome {
        id: CommandId(first.command_id()),
        charge_point_id: ChargePointId::parse(&pile.charge_point_id).unwrap(),
        at: runtime::clock::now(),
        step: Step::Answered(answer),
        inserted: None,
    };
    let mut connection = app.database.pool.connection().await.unwrap();
    commands::record_outcomes(&mut connection, &[rejected]).await.unwrap();
    let again = send(&app, &path, None, json!({})).await;
    assert_eq!((again.status.as_u16(), again.is_replay), (202, true), "{again}");
    assert_eq!((again.text("status"), again.text("failureCode")), ("rejected", "REJECTED"));
    assert_eq!(again.text("failure"), "the device answered Rejected (BUSY)");
    assert_eq!(again.command_id(), first.command_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_shows_that_its_command_expired() {
    let settings = [
        ("dispatch.command_ttl_s", "1"),
        ("dispatch.answer_grace_s", "0"),
        ("dispatch.expiry_interval_ms", "50"),
    ];
    let app = TestApp::with(&settings).await;
    app.create_topic(PARTITIONS).await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let path = format!("piles/{}/commands/unlock-connector", pile.id);
    let body = json!({"connectorId": 1});
    let first = send(&app, &path, None, body.clone()).await;
    testkit::eventually("the command to expire", || async {
        app.get(&format!("commands/{}", first.command_id())).await.text("status") == "expired"
    })
    .await;
    let again = send(&app, &path, None, body).await;
    assert_eq!((again.status.as_u16(), again.is_replay), (202, true), "{again}");
    assert_eq!((again.text("status"), again.text("failureCode")), ("expired", "NO_ANSWER"));
}
