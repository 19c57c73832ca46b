//! Cancelling waiting stops and running batches.

use crate::answer::Answer;
use crate::app::{PARTITIONS, TestApp};
use crate::fleet::{Device, Pile};
use insta::assert_snapshot;
use serde_json::{Value, json};
use uuid::Uuid;

const EAGER: [(&str, &str); 2] = [("stops.poll_ms", "20"), ("dispatch.batch_poll_ms", "50")];

async fn app() -> TestApp {
    let app = TestApp::with(&EAGER).await;
    app.create_topic(PARTITIONS).await;
    app
}

async fn cancel(app: &TestApp, path: &str) -> Answer {
    Answer::read(app.post(&format!("{path}/cancel")).send().await.unwrap()).await
}

/// A pile with an open session without a transaction id, and a stop that waits for it.
async fn waiting(app: &TestApp) -> (Pile, String, Answer) {
    let pile = app.pile(Device::charging(&[(1, None)])).await;
    let session = app.session_id(&pile, 1).await;
    let path = format!("piles/{}/commands/stop-transaction", pile.id);
    let request = app.post(&path).header("Idempotency-Key", "stop-1");
    let stop = Answer::read(request.json(&json!({"sessionId": session})).send().await.unwrap()).await;
    assert_eq!(stop.text("status"), "waiting");
    (pile, session, stop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_stop_is_not_sent_when_the_transaction_id_is_known() {
    let app = app().await;
    let (pile, session, stop) = waiting(&app).await;
    let path = format!("commands/{}", stop.command_id());
    let cancelled = cancel(&app, &path).await;
    assert_eq!((cancelled.status.as_u16(), cancelled.text("status")), (200, "cancelled"), "{cancelled}");
    assert_eq!(cancelled.body["failureCode"], Value::Null);
    let last = cancelled.body["events"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["event"], &last["detail"]), (&json!("cancelled"), &json!("by anonymous")));
    app.database.execute(&format!("update sessions set transaction_id = '634' where id = '{session}'")).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let shown = app.get(&path).await;
    assert_eq!((shown.text("status"), &shown.body["publishedAt"]), ("cancelled", &Value::Null));
    assert_eq!(cancel(&app, &path).await.body, shown.body, "cancelling again changes nothing");

    let stop_path = format!("piles/{}/commands/stop-transaction", pile.id);
    let repeated = app.post(&stop_path).header("Idempotency-Key", "stop-1");
    let repeated = Answer::read(repeated.json(&json!({"sessionId": session})).send().await.unwrap()).await;
    assert_eq!((repeated.is_replay, repeated.text("status")), (true, "cancelled"), "{repeated}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_was_sent_cannot_be_cancelled() {
    let app = app().await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let sent = app.command(pile.id, "reset", json!({})).await;
    app.settled(sent.text("commandId")).await;
    assert_snapshot!(cancel(&app, &format!("commands/{}", sent.command_id())).await, @r#"
    409 Conflict
    {
      "code": "COMMAND_NOT_CANCELLABLE",
      "detail": "the command is published: only a command that is waiting can be cancelled",
      "instance": "/api/v1/commands/[id]/cancel",
      "status": 409,
      "title": "The command does not wait",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/command-not-cancellable"
    }
    "#);
    let unknown = cancel(&app, &format!("commands/{}", Uuid::now_v7())).await;
    assert_eq!((unknown.status.as_u16(), unknown.text("code")), (404, "COMMAND_NOT_FOUND"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_batch_keeps_what_was_sent() {
    // Enough that some are left when the machine is busy.
    const PILES: i64 = 15;
    let app = app().await;
    let station = app.station().await;
    for _ in 0..PILES {
        app.pile_in(station, Device::online(&[(1, "Available")])).await;
    }
    let order = app.post(&format!("stations/{station}/commands/reset")).json(&json!({"ratePerSecond": 1}));
    let order = Answer::read(order.send().await.unwrap()).await;
    let path = format!("command-batches/{}", order.text("batchId"));
    testkit::eventually("the first pile to be commanded", || async {
        app.holds("(select count(*) from commands) > 0").await
    })
    .await;
    let cancelled = cancel(&app, &path).await;
    assert_eq!(cancelled.status.as_u16(), 200, "{cancelled}");
    let sent = cancelled.body["sent"].as_i64().unwrap();
    assert!((1..PILES).contains(&sent), "{cancelled}");
    assert_eq!(cancelled.body["counts"]["cancelled"], PILES - sent);
    assert_eq!(cancelled.text("cancelledBy"), "anonymous");
    assert_eq!(cancelled.body["finishedAt"], cancelled.body["cancelledAt"]);
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert!(app.holds(&format!("(select count(*) from commands) = {sent}")).await, "no command follows");
    let piles = app.get(&format!("{path}/piles?state=cancelled")).await;
    let piles = piles.body["items"].as_array().unwrap().clone();
    assert_eq!(i64::try_from(piles.len()).unwrap(), PILES - sent);
    assert!(piles.iter().all(|pile| pile["code"] == "BATCH_CANCELLED" && pile["commandId"].is_null()));
    let again = cancel(&app, &path).await;
    assert_eq!((again.status.as_u16(), &again.body["cancelledAt"]), (200, &cancelled.body["cancelledAt"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_batch_cannot_be_cancelled() {
    let app = app().await;
    let station = app.station().await;
    let order = app.post(&format!("stations/{station}/commands/reset")).send().await.unwrap();
    let order = Answer::read(order).await;
    let late = cancel(&app, &format!("command-batches/{}", order.text("batchId"))).await;
    assert_eq!((late.status.as_u16(), late.text("code")), (409, "COMMAND_BATCH_FINISHED"));
    let unknown = cancel(&app, &format!("command-batches/{}", Uuid::now_v7())).await;
    assert_eq!((unknown.status.as_u16(), unknown.text("code")), (404, "COMMAND_BATCH_NOT_FOUND"));
}
