//! What is published to Kafka, and that no delivery stops half way.

use crate::answer::Answer;
use crate::app::{PARTITIONS, TestApp};
use crate::fleet::{Device, Pile};
use diesel_async::SimpleAsyncConnection;
use serde_json::json;
use std::collections::BTreeSet;
use std::num::NonZeroU16;
use wire::routing::RoutingHash;

fn partition_of(gateway: &str, partitions: i32) -> i32 {
    let partitions = NonZeroU16::try_from(u16::try_from(partitions).unwrap()).unwrap();
    RoutingHash::Fnv1a32.partition(gateway, partitions)
}

async fn free_pile(app: &TestApp, gateway: &str) -> Pile {
    let device = Device { gateway: Some(gateway), ..Device::online(&[(1, "Available")]) };
    app.pile(device).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_is_what_the_gateway_expects() {
    let app = TestApp::with(&[("dispatch.partitions", "128")]).await;
    app.create_topic(128).await;
    let pile = free_pile(&app, "gateway-pod-xyz").await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = app
        .post(&format!("piles/{}/commands/start-transaction", pile.id))
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))
        .json(&json!({"connectorId": 1, "idTag": "RFID123"}));
    let answer = Answer::read(request.send().await.unwrap()).await;
    assert_eq!(answer.body["partition"], 121);

    let records = app.published(121).await;
    let [record] = records.as_slice() else { panic!("{records:?}") };
    let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert_eq!(
        utf8(record.value.as_deref().unwrap()),
        format!(
            r#"{{"commandId":"{id}","commandName":"RemoteStartTransaction","chargePointId":"{device}","payload":{{"idTag":"RFID123","connectorId":1}},"traceId":"{trace}","gatewayId":"gateway-pod-xyz","issuedAt":"{issued}","expiresAt":"{expires}"}}"#,
            id = answer.command_id(),
            device = pile.charge_point_id,
            issued = in_milliseconds(answer.text("issuedAt")),
            expires = in_milliseconds(answer.text("expiresAt")),
        )
    );
    assert_eq!(utf8(record.key.as_deref().unwrap()), pile.charge_point_id);
    let headers: Vec<_> = record.headers.keys().map(String::as_str).collect();
    assert_eq!(headers, ["content-type", "traceparent"]);
    assert_eq!(utf8(&record.headers["content-type"]), "application/json");
    assert!(utf8(&record.headers["traceparent"]).starts_with(&format!("00-{trace}-")));
}

/// The API omits a fraction of zero; the wire format does not.
fn in_milliseconds(time: &str) -> String {
    let time: chrono::DateTime<chrono::Utc> = time.parse().unwrap();
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_a_gateway_by_the_key_of_the_pile() {
    let app = TestApp::start().await;
    let device = Device { gateway: None, ..Device::online(&[(1, "Available")]) };
    let pile = app.pile(device).await;
    app.set_route_key("gateway-1", &pile.id.to_string()).await;
    let answer = app.command(pile.id, "reset", json!({})).await;
    assert_eq!(answer.text("gatewayId"), "gateway-1");
    app.set_route_key("gateway-2", &pile.charge_point_id).await;
    let answer = app.command(pile.id, "reset", json!({})).await;
    assert_eq!(answer.text("gatewayId"), "gateway-2");
}

#[tokio::test(flavor = "multi_thread")]
async fn publishes_fifty_concurrent_commands() {
    let app = TestApp::start().await;
    let mut piles = Vec::new();
    for number in 0..50 {
        piles.push(free_pile(&app, &format!("gateway-{}", number % 7)).await);
    }
    let starts = piles.iter().map(|pile| {
        let body = json!({"idTag": "RFID123", "connectorId": 1});
        app.command(pile.id, "start-transaction", body)
    });
    let answers = futures_util::future::join_all(starts).await;
    for answer in &answers {
        assert_eq!(answer.status, 202, "{answer}");
        assert_eq!(answer.body["partition"], partition_of(answer.text("gatewayId"), PARTITIONS));
    }
    let mut sent = BTreeSet::new();
    let partitions: BTreeSet<_> = answers.iter().map(|answer| answer.body["partition"].as_i64()).collect();
    for partition in partitions.into_iter().flatten() {
        let partition = i32::try_from(partition).unwrap();
        for record in app.published(partition).await {
            let command: serde_json::Value = serde_json::from_slice(&record.value.unwrap()).unwrap();
            assert_eq!(partition_of(command["gatewayId"].as_str().unwrap(), PARTITIONS), partition);
            sent.insert(command["commandId"].as_str().unwrap().to_owned());
        }
    }
    let answered: BTreeSet<_> = answers.iter().map(|answer| answer.text("commandId").to_owned()).collect();
    assert_eq!(sent, answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn completes_a_command_after_the_caller_disconnects_and_during_shutdown() {
    let mut app = TestApp::start().await;
    let pile = free_pile(&app, "gateway-0").await;
    // Makes the insert of the command wait for this test.
    app.database
        .execute(
            "create function wait_for_the_test() returns trigger language plpgsql as
             $$ begin perform pg_advisory_xact_lock(1); return new; end $$;
             create trigger held before insert on commands execute function wait_for_the_test();",
        )
        .await;
    let mut gate = app.database.pool.connection().await.unwrap();
    gate.batch_execute("select pg_advisory_lock(1)").await.unwrap();
    let request = app.post(&format!("piles/{}/commands/reset", pile.id));
    let caller = tokio::spawn(request.send());
    testkit::eventually("the insert of the command to wait", || {
        app.holds("exists (select from pg_locks where locktype = 'advisory' and not granted)")
    })
    .await;

    caller.abort();
    app.context.shutdown.request();
    gate.batch_execute("select pg_advisory_unlock(1)").await.unwrap();
    (&mut app.served).await.unwrap().unwrap();

    let partition = partition_of("gateway-0", PARTITIONS);
    let reader = app.kafka.reader(&app.topic, partition);
    assert_eq!(reader.latest_offset().await.unwrap(), 1);
    assert!(app.holds("(select state from commands) = 'published'").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_a_published_command_whose_outcome_cannot_be_recorded() {
    let app = TestApp::start().await;
    let pile = free_pile(&app, "gateway-0").await;
    app.database
        .execute(
            "create function fail() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
             create trigger failing before update on commands execute function fail();",
        )
        .await;
    let answer = app.command(pile.id, "reset", json!({})).await;
    assert_eq!(answer.status, 202, "{answer}");
    assert_eq!(app.published(partition_of("gateway-0", PARTITIONS)).await.len(), 1);
    let record = app.get(&format!("commands/{}", answer.command_id())).await;
    assert_eq!(record.text("status"), "accepted");
}
