//! Stops that wait for the transaction id of their session: they are sent once, or never.

use crate::answer::Answer;
use crate::app::TestApp;
use crate::fleet::{Device, Pile};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const EAGER: (&str, &str) = ("stops.poll_ms", "20");

async fn app(settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::with(&[&[EAGER], settings].concat()).await;
    app.create_topic(crate::app::PARTITIONS).await;
    app
}

/// A pile whose session has no transaction id yet.
async fn unnamed(app: &TestApp) -> (Pile, String) {
    let pile = app.pile(Device::charging(&[(1, None)])).await;
    let session_id = app.session_id(&pile, 1).await;
    (pile, session_id)
}

async fn stop(app: &TestApp, pile: &Pile, session_id: &str) -> Answer {
    app.command(pile.id, "stop-transaction", json!({"sessionId": session_id})).await
}

async fn name_session(app: &TestApp, session_id: &str, transaction: &str) {
    let sql = format!("update sessions set transaction_id = '{transaction}' where id = '{session_id}'");
    app.database.execute(&sql).await;
}

/// The command once it has the state `state`.
async fn in_state(app: &TestApp, answer: &Answer, state: &str) -> Answer {
    testkit::eventually_some("the command to change its state", || async {
        let found = app.get(&format!("commands/{}", answer.command_id())).await;
        (found.text("status") == state).then_some(found)
    })
    .await
}

fn steps(command: &Answer) -> Vec<&str> {
    command.body["events"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect()
}

/// The commands on the partition of the test's gateway.
async fn on_topic(app: &TestApp) -> Vec<Value> {
    let reader = app.kafka.reader(&app.topic, 1);
    let fetched = testkit::eventually_some("the partition to be read", || async {
        reader.fetch(0, Duration::from_millis(100), 1 << 20).await.ok()
    })
    .await;
    fetched
        .records
        .into_iter()
        .map(|record| serde_json::from_slice(&record.value.unwrap()).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_the_transaction_id_and_is_then_sent() {
    let app = app(&[]).await;
    let (pile, session_id) = unnamed(&app).await;
    let answer = stop(&app, &pile, &session_id).await;
    assert_snapshot!(answer, @r#"
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
      "status": "waiting"
    }
    "#);
    let waiting = app.get(&format!("commands/{}", answer.command_id())).await;
    assert_eq!((waiting.text("status"), waiting.text("sessionId")), ("waiting", session_id.as_str()));
    assert_eq!((&waiting.body["payload"], &waiting.body["transactionId"]), (&json!({}), &Value::Null));
    name_session(&app, &session_id, "634").await;
    let sent = in_state(&app, &answer, "published").await;
    assert_eq!(steps(&sent), ["accepted", "waiting", "released", "published"]);
    assert_eq!(sent.body["payload"], json!({"transactionId": 634}));
    assert_eq!((sent.text("transactionId"), sent.text("sessionId")), ("634", session_id.as_str()));
    let records = on_topic(&app).await;
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["commandId"], answer.text("commandId"));
    assert_eq!(records[0]["payload"], json!({"transactionId": 634}));
    assert_eq!(records[0]["expiresAt"], sent.body["expiresAt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_session_need_not_be_named() {
    let app = app(&[]).await;
    let (pile, session_id) = unnamed(&app).await;
    let answer = app.command(pile.id, "stop-transaction", json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.text("status")), (202, "waiting"));
    name_session(&app, &session_id, "TXN-7").await;
    in_state(&app, &answer, "published").await;
    assert_eq!(on_topic(&app).await[0]["payload"], json!({"transactionId": "TXN-7"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_waited_too_long_is_never_sent() {
    let app = app(&[("stops.wait_s", "1")]).await;
    let (pile, session_id) = unnamed(&app).await;
    let answer = stop(&app, &pile, &session_id).await;
    let expired = in_state(&app, &answer, "expired").await;
    assert_eq!(expired.text("failureCode"), "TRANSACTION_ID_UNKNOWN");
    assert_eq!(steps(&expired), ["accepted", "waiting", "waitEnded"]);
    name_session(&app, &session_id, "634").await;
    // The next one is sent at once; the expired one is not sent with it.
    let next = stop(&app, &pile, &session_id).await;
    in_state(&app, &next, "published").await;
    let ids: Vec<_> = on_topic(&app).await.iter().map(|record| record["commandId"].clone()).collect();
    assert_eq!(ids, [next.body["commandId"].clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_session_ends_the_wait() {
    let app = app(&[]).await;
    for (change, named) in [
        ("update sessions set ended_at = now()", "the session ended before its transaction id was known"),
        ("delete from sessions", "the session was withdrawn: later events replaced it"),
    ] {
        let (pile, session_id) = unnamed(&app).await;
        let path = format!("piles/{}/commands/stop-transaction", pile.id);
        let post = async || {
            let request = app.post(&path).header("idempotency-key", &session_id);
            Answer::read(request.json(&json!({"sessionId": session_id})).send().await.unwrap()).await
        };
        let answer = post().await;
        assert_eq!(answer.text("status"), "waiting");
        app.database.execute(&format!("{change} where id = '{session_id}'")).await;
        let ended = in_state(&app, &answer, "failed").await;
        assert_eq!((ended.text("failureCode"), ended.text("failure")), ("SESSION_ENDED", named));
        let again = post().await;
        assert_eq!((again.status.as_u16(), again.is_replay), (202, true), "{again}");
        assert_eq!((again.text("status"), again.text("failureCode")), ("failed", "SESSION_ENDED"));
        assert_eq!(again.command_id(), answer.command_id());
    }
    assert!(on_topic(&app).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_stop_at_a_time_waits_for_a_session() {
    let app = app(&[]).await;
    let (pile, session_id) = unnamed(&app).await;
    let path = format!("piles/{}/commands/stop-transaction", pile.id);
    let post = async |key: &str| {
        let request = app.post(&path).header("idempotency-key", key);
        Answer::read(request.json(&json!({"sessionId": session_id})).send().await.unwrap()).await
    };
    let first = post("one").await;
    let replay = post("one").await;
    assert_eq!((replay.is_replay, replay.text("status")), (true, "waiting"));
    assert_eq!(replay.command_id(), first.command_id());
    let second = post("two").await;
    assert_eq!((second.status.as_u16(), second.text("code")), (409, "COMMAND_IN_FLIGHT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_for_an_offline_device_waits_on_until_it_is_back() {
    let app = app(&[]).await;
    let (pile, session_id) = unnamed(&app).await;
    let answer = stop(&app, &pile, &session_id).await;
    let set_online = async |online: bool| {
        let device = &pile.charge_point_id;
        let sql = format!("update charge_points set online = {online} where charge_point_id = '{device}'");
        app.database.execute(&sql).await;
    };
    set_online(false).await;
    name_session(&app, &session_id, "634").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(app.get(&format!("commands/{}", answer.command_id())).await.text("status"), "waiting");
    set_online(true).await;
    in_state(&app, &answer, "published").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_replicas_send_each_waiting_stop_once() {
    let app = app(&[]).await;
    let _others = [app.replica(&[EAGER]), app.replica(&[EAGER])];
    let mut stops = Vec::new();
    for number in 0..20 {
        let (pile, session_id) = unnamed(&app).await;
        let answer = stop(&app, &pile, &session_id).await;
        stops.push((number, session_id, answer));
    }
    for (number, session_id, _) in &stops {
        name_session(&app, session_id, &number.to_string()).await;
        // Simulates a replica that lost the lease without noticing: another one takes it while the
        // first continues.
        app.database
            .execute("update ingest_partitions set owner = null, lease_until = now() where topic = 'commands/stops'")
            .await;
    }
    for (_, _, answer) in &stops {
        in_state(&app, answer, "published").await;
    }
    let records = on_topic(&app).await;
    let ids: BTreeSet<_> = records.iter().map(|record| record["commandId"].to_string()).collect();
    assert_eq!((records.len(), ids.len()), (20, 20));
}
