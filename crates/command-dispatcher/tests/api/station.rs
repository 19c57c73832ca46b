//! Commands to all piles of a station, as one batch.

mod bound;
mod expiry;
mod idempotency;
mod list;
mod piles;
mod preview;
mod refusals;
mod replicas;

use crate::answer::Answer;
use crate::app::{PARTITIONS, TestApp};
use crate::fleet::{Device, Pile};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Polls for batches often.
const EAGER: (&str, &str) = ("dispatch.batch_poll_ms", "50");

async fn app(settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::with(&[&[EAGER], settings].concat()).await;
    app.create_topic(PARTITIONS).await;
    app
}

fn free<'a>() -> Device<'a> {
    Device::online(&[(1, "Available")])
}

/// A station with this many piles that accept commands.
async fn station(app: &TestApp, piles: usize) -> (Uuid, Vec<Pile>) {
    let station = app.station().await;
    let mut made = Vec::new();
    for _ in 0..piles {
        made.push(app.pile_in(station, free()).await);
    }
    (station, made)
}

/// A station with two piles that accept commands, two that do not, in this order, and a retired
/// one; and another station.
async fn mixed_station(app: &TestApp) -> (Uuid, [Pile; 2]) {
    let station = app.station().await;
    let charging = Device::charging(&[(1, Some("634"))]);
    let online = [app.pile_in(station, free()).await, app.pile_in(station, charging).await];
    app.pile_in(station, Device { online: Some(false), ..free() }).await;
    app.pile_in(station, Device { gateway: None, ..free() }).await;
    let retired = app.pile_in(station, free()).await;
    app.database.execute(&format!("update piles set retired_at = now() where id = '{}'", retired.id)).await;
    app.pile(free()).await;
    (station, online)
}

impl TestApp {
    async fn order(&self, station: impl ToString, command: &str, body: Value) -> Answer {
        let request = self.post(&format!("stations/{}/commands/{command}", station.to_string()));
        Answer::read(request.json(&body).send().await.unwrap()).await
    }

    async fn keyed_order(&self, station: Uuid, key: &str, body: Value) -> Answer {
        let request = self.post(&format!("stations/{station}/commands/reset")).header("Idempotency-Key", key);
        Answer::read(request.json(&body).send().await.unwrap()).await
    }

    /// The batch that an order created, once it is finished and its commands have an outcome.
    async fn finished(&self, order: &Answer) -> Answer {
        testkit::eventually_some("the batch to be finished", || async {
            let batch = self.get(&format!("command-batches/{}", order.text("batchId"))).await;
            let counts = &batch.body["counts"];
            (batch.body["finishedAt"].is_string() && counts["accepted"] == 0).then_some(batch)
        })
        .await
    }

    /// Asserts that each pile has one command in the database, and one record on the partition of
    /// its gateway.
    async fn assert_each_commanded_once(&self, piles: &[Pile]) {
        let distinct = format!("(select count(distinct pile_id) from commands) = {}", piles.len());
        let all = format!("(select count(*) from commands) = {}", piles.len());
        assert!(self.holds(&distinct).await && self.holds(&all).await);
        let records = testkit::eventually_some("a record for each pile", || async {
            let records = self.published(1).await;
            (records.len() >= piles.len()).then_some(records)
        })
        .await;
        let value = |text: Vec<u8>| serde_json::from_slice::<Value>(&text).unwrap();
        let devices =
            records.into_iter().map(|record| value(record.value.unwrap())["chargePointId"].to_string());
        let devices: Vec<_> = devices.collect();
        let distinct: BTreeSet<_> = devices.iter().collect();
        assert_eq!((devices.len(), distinct.len()), (piles.len(), piles.len()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pile_of_a_station_gets_a_command_and_a_result_of_its_own() {
    let app = app(&[]).await;
    let (station, online) = mixed_station(&app).await;
    let order = app.order(station, "reset", json!({"type": "Hard"})).await;
    assert_snapshot!(order, @r#"
    202 Accepted
    location: /api/v1/command-batches/[id]
    {
      "batchId": "[id]",
      "cancelledAt": null,
      "commandName": "Reset",
      "createdAt": "[createdAt]",
      "expiresAt": "[expiresAt]",
      "issuedBy": "anonymous",
      "key": null,
      "piles": 4,
      "ratePerSecond": 10,
      "requestedMessage": null,
      "stationId": "[id]",
      "type": "Hard",
      "value": null
    }
    "#);
    assert_eq!(
        order.location.as_deref().unwrap(),
        format!("/api/v1/command-batches/{}", order.text("batchId"))
    );
    assert_snapshot!(app.finished(&order).await, @r#"
    200 OK
    {
      "batchId": "[id]",
      "cancelledAt": null,
      "cancelledBy": null,
      "commandName": "Reset",
      "counts": {
        "accepted": 0,
        "cancelled": 0,
        "confirmed": 0,
        "expired": 0,
        "failed": 0,
        "published": 2,
        "refused": 2,
        "rejected": 0,
        "unknown": 0,
        "waiting": 0
      },
      "createdAt": "[createdAt]",
      "expiresAt": "[expiresAt]",
      "finishedAt": "[finishedAt]",
      "issuedBy": "anonymous",
      "key": null,
      "piles": 4,
      "ratePerSecond": 10,
      "requestedMessage": null,
      "sent": 2,
      "stationId": "[id]",
      "type": "Hard",
      "value": null
    }
    "#);
    app.assert_each_commanded_once(&online).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_what_is_asked_of_each_pile_as_a_whole() {
    let app = app(&[]).await;
    let (station, _piles) = station(&app, 2).await;
    let cases = [
        ("trigger-message", json!({ "requestedMessage": "StatusNotification" }), "TriggerMessage"),
        (
            "change-configuration",
            json!({ "key": "HeartbeatInterval", "value": "300" }),
            "ChangeConfiguration",
        ),
    ];
    for (path, arguments, name) in cases {
        let preview = app.order(station, &format!("{path}/preview"), arguments.clone()).await;
        assert_eq!((&preview.body["commandName"], &preview.body["piles"]), (&json!(name), &json!(2)));
        let order = app.order(station, path, arguments.clone()).await;
        assert_eq!((order.status.as_u16(), order.text("commandName")), (202, name));
        let batch = app.finished(&order).await;
        assert_eq!(batch.body["counts"]["published"], 2, "{batch}");
        let shown = ["type", "requestedMessage", "key", "value"];
        let asked = shown.map(|field| arguments.get(field).cloned().unwrap_or_default());
        assert_eq!(shown.map(|field| batch.body[field].clone()), asked, "{batch}");
        let sent = format!(
            "(select count(*) = 2 and bool_and(payload = '{arguments}') from commands where name = '{name}')"
        );
        assert!(app.holds(&sent).await, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_only_the_selected_piles() {
    let app = app(&[]).await;
    let station = app.station().await;
    let piles = [
        app.pile_in(station, free()).await,
        app.pile_in(station, Device::online(&[(1, "Charging"), (2, "Available")])).await,
        app.pile_in(station, Device::online(&[(1, "Charging")])).await,
        // Connector 0 stands for the device as a whole; its status is not that of a connector.
        app.pile_in(station, Device::online(&[(0, "Available"), (1, "Faulted")])).await,
    ];
    let ids =
        |wanted: &[usize]| wanted.iter().map(|index| piles[*index].id.to_string()).collect::<BTreeSet<_>>();
    let cases = [
        (json!({"statuses": ["Available"]}), ids(&[0, 1])),
        (json!({"statuses": ["Available", "Faulted"]}), ids(&[0, 1, 3])),
        (json!({"pileIds": ids(&[0, 2])}), ids(&[0, 2])),
        (json!({"pileIds": [piles[2].id, piles[1].id, piles[2].id], "statuses": ["Available"]}), ids(&[1])),
        (json!({"statuses": ["Reserved"]}), ids(&[])),
    ];
    for (mut body, expected) in cases {
        body["type"] = "Inoperative".into();
        let order = app.order(station, "change-availability", body.clone()).await;
        assert_eq!(order.body["piles"], expected.len(), "{body}");
        app.finished(&order).await;
        let listed = app.get(&format!("command-batches/{}/piles", order.text("batchId"))).await;
        let items = listed.body["items"].as_array().unwrap();
        let found: BTreeSet<_> =
            items.iter().map(|item| item["pileId"].as_str().unwrap().to_owned()).collect();
        assert_eq!(found, expected, "{body}");
    }
    assert!(
        app.holds(
            "(select bool_and(payload = '{\"connectorId\": 0, \"type\": \"Inoperative\"}') from commands)"
        )
        .await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_without_piles_is_finished_at_once() {
    let app = app(&[]).await;
    let station = app.station().await;
    let order = app.order(station, "reset", json!({})).await;
    assert_eq!((order.status.as_u16(), &order.body["piles"]), (202, &json!(0)));
    let batch = app.get(&format!("command-batches/{}", order.text("batchId"))).await;
    assert_eq!(batch.body["finishedAt"], batch.body["createdAt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn never_exceeds_the_requested_rate() {
    let app = app(&[]).await;
    let (station, piles) = station(&app, 4).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 2})).await;
    app.finished(&order).await;
    // The first may be sent at once, each further one half a second after the one before.
    assert!(app.holds("(select finished_at - created_at >= interval '1.5 s' from command_batches)").await);
    app.assert_each_commanded_once(&piles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_a_failed_publication_a_few_times() {
    let app = TestApp::with(&[EAGER, ("kafka.brokers", "127.0.0.1:1")]).await;
    let (station, _piles) = station(&app, 1).await;
    let order = app.order(station, "reset", json!({})).await;
    assert_eq!(app.finished(&order).await.body["counts"]["refused"], 1);
    assert!(app.holds("(select bool_and(state = 'failed') and count(*) in (2, 3) from commands)").await);
    let listed = app.get(&format!("command-batches/{}/piles", order.text("batchId"))).await;
    let item = &listed.body["items"][0];
    assert_eq!((&item["code"], &item["commandId"]), (&json!("BROKER_UNAVAILABLE"), &Value::Null));
    assert!(item["detail"].as_str().unwrap().ends_with("was not published: Kafka is not available"));
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_piles_of_a_batch_like_single_piles() {
    let app = app(&[]).await;
    let (station, piles) = station(&app, 2).await;
    for pile in &piles {
        app.redis.delete(&format!("conn:{}", pile.charge_point_id)).await.unwrap();
        app.heard(pile, "gateway-2", (60, 60)).await;
    }
    let order = app.order(station, "reset", json!({})).await;
    let batch = app.finished(&order).await;
    assert_eq!(batch.body["counts"]["published"], 2, "{batch}");
    assert!(
        app.holds("(select bool_and(route = 'last-heard' and gateway_id = 'gateway-2') from commands)").await
    );
}
