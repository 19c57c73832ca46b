//! Commands to all piles of a station, as one batch.

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
      "commandName": "Reset",
      "createdAt": "[createdAt]",
      "expiresAt": "[expiresAt]",
      "piles": 4,
      "ratePerSecond": 10,
      "stationId": "[id]",
      "type": "Hard"
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
      "commandName": "Reset",
      "counts": {
        "accepted": 0,
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
      "piles": 4,
      "ratePerSecond": 10,
      "stationId": "[id]",
      "type": "Hard"
    }
    "#);
    app.assert_each_commanded_once(&online).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_piles_with_their_commands_or_refusals() {
    let app = app(&[]).await;
    let (station, online) = mixed_station(&app).await;
    let order = app.order(station, "reset", json!({"type": "Hard"})).await;
    app.finished(&order).await;
    let piles = format!("command-batches/{}/piles", order.text("batchId"));
    assert_snapshot!(app.get(&piles).await, @r#"
    200 OK
    {
      "items": [
        {
          "chargePointId": "CP",
          "code": "PILE_OFFLINE",
          "commandId": null,
          "detail": "no gateway is known for CP",
          "pileId": "[id]",
          "state": "refused"
        },
        {
          "chargePointId": "CP",
          "code": "PILE_OFFLINE",
          "commandId": null,
          "detail": "CP is offline",
          "pileId": "[id]",
          "state": "refused"
        },
        {
          "chargePointId": "CP",
          "code": null,
          "commandId": "[id]",
          "detail": null,
          "pileId": "[id]",
          "state": "published"
        },
        {
          "chargePointId": "CP",
          "code": null,
          "commandId": "[id]",
          "detail": null,
          "pileId": "[id]",
          "state": "published"
        }
      ],
      "nextCursor": null
    }
    "#);
    let listed = app.get(&piles).await;
    let command = listed.body["items"][3]["commandId"].as_str().unwrap();
    let command = app.get(&format!("commands/{command}")).await;
    assert_eq!(command.body["payload"], json!({"type": "Hard"}));
    assert_eq!(command.text("pileId"), online[0].id.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outcome_of_a_command_appears_at_its_pile() {
    let expire = [
        ("dispatch.command_ttl_s", "0"),
        ("dispatch.answer_grace_s", "0"),
        ("dispatch.expiry_interval_ms", "50"),
    ];
    let app = app(&expire).await;
    let (station, _piles) = station(&app, 1).await;
    let order = app.order(station, "reset", json!({})).await;
    testkit::eventually("the command to expire", || async {
        app.finished(&order).await.body["counts"]["expired"] == 1
    })
    .await;
    let expired = app.get(&format!("command-batches/{}/piles?state=expired", order.text("batchId"))).await;
    assert_eq!(expired.body["items"][0]["code"], "NO_ANSWER");
    assert!(expired.body["items"][0]["commandId"].is_string());
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
async fn a_repeated_order_returns_the_same_batch() {
    let app = app(&[]).await;
    let (station, piles) = station(&app, 2).await;
    let first = app.keyed_order(station, "order-1", json!({"statuses": ["Available", "Charging"]})).await;
    app.finished(&first).await;
    let again = app.keyed_order(station, "order-1", json!({"statuses": ["Charging", "Available"]})).await;
    assert_eq!((again.status, &again.location, &again.body), (first.status, &first.location, &first.body));
    assert!(again.is_replay && !first.is_replay);
    app.assert_each_commanded_once(&piles).await;

    let other = app.keyed_order(station, "order-1", json!({"type": "Hard"})).await;
    assert_eq!((other.status.as_u16(), other.text("code")), (422, "IDEMPOTENCY_KEY_REUSED"));
    let pile = app.post(&format!("piles/{}/commands/reset", piles[0].id));
    let pile = pile.header("Idempotency-Key", "order-1").json(&json!({})).send().await.unwrap();
    let pile = Answer::read(pile).await;
    assert_eq!((pile.status.as_u16(), pile.text("code")), (422, "IDEMPOTENCY_KEY_REUSED"));
    let pile = app.post(&format!("piles/{}/commands/reset", piles[0].id));
    assert_eq!(
        pile.header("Idempotency-Key", "order-2").json(&json!({})).send().await.unwrap().status(),
        202
    );
    let station = app.keyed_order(station, "order-2", json!({})).await;
    assert_eq!((station.status.as_u16(), station.text("code")), (422, "IDEMPOTENCY_KEY_REUSED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_orders_with_one_key_create_one_batch() {
    let app = app(&[]).await;
    let (station, piles) = station(&app, 3).await;
    let twins = (0..10).map(|_| app.keyed_order(station, "order-1", json!({})));
    let answers = futures_util::future::join_all(twins).await;
    assert!(answers.iter().all(|answer| answer.status == 202));
    assert_eq!(answers.iter().filter(|answer| !answer.is_replay).count(), 1);
    let ids: BTreeSet<_> = answers.iter().map(|answer| answer.text("batchId")).collect();
    assert_eq!(ids.len(), 1);
    app.finished(&answers[0]).await;
    app.assert_each_commanded_once(&piles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_the_work_and_send_each_command_once() {
    let app = app(&[]).await;
    let _others = [app.replica(&[EAGER]), app.replica(&[EAGER])];
    let (station, _piles) = station(&app, 20).await;
    let orders = [
        app.order(station, "reset", json!({"ratePerSecond": 50})).await,
        app.order(station, "reset", json!({"ratePerSecond": 100})).await,
    ];
    for order in &orders {
        app.finished(order).await;
        assert!(
            app.holds(
                "(select bool_and(count = 1) from (select count(*) from command_batch_items
                            where state = 'sent' group by command_id) as sent)"
            )
            .await
        );
    }
    assert!(app.holds("(select count(*) from commands) = 40").await);
    assert!(app.holds("(select count(*) from command_batch_items where state = 'sent') = 40").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_that_claim_one_batch_send_each_command_once() {
    let app = app(&[]).await;
    let _other = app.replica(&[EAGER]);
    let (station, piles) = station(&app, 30).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 10})).await;
    // Simulates a frozen owner: another replica claims the batch while the first continues for a
    // while.
    testkit::eventually("the batch to be finished", || async {
        app.database.execute("update command_batches set leased_until = null").await;
        app.get(&format!("command-batches/{}", order.text("batchId"))).await.body["finishedAt"].is_string()
    })
    .await;
    assert!(app.holds("(select epoch > 1 from command_batches)").await);
    assert!(app.holds("(select bool_and(state = 'sent') from command_batch_items)").await);
    app.assert_each_commanded_once(&piles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_replica_finishes_the_batch_of_a_dead_one_without_repeats() {
    let lease = ("dispatch.batch_lease_ms", "500");
    let mut app = app(&[lease]).await;
    let (station, piles) = station(&app, 25).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 5})).await;
    testkit::eventually("the first to be sent", || async {
        app.holds("exists (select 1 from command_batch_items where state = 'sent')").await
    })
    .await;
    app.served.abort();
    let next = app.replica(&[EAGER, lease]);
    app.switch_to(&next).await;
    app.finished(&order).await;
    assert!(app.holds("(select epoch > 1 from command_batches)").await);
    app.assert_each_commanded_once(&piles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_a_recorded_item_outcome_is_not_sent_again() {
    let app = app(&[]).await;
    let (station, piles) = station(&app, 3).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 100})).await;
    app.finished(&order).await;
    // Simulates a replica that died after it recorded its commands and before it recorded the
    // outcomes of the piles.
    app.database
        .execute(
            "update command_batch_items set state = 'waiting', command_id = null, settled_at = null;
             update command_batches set finished_at = null",
        )
        .await;
    app.finished(&order).await;
    assert!(
        app.holds("(select count(distinct command_id) from command_batch_items where state = 'sent') = 3")
            .await
    );
    app.assert_each_commanded_once(&piles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_with_an_unknown_outcome_is_not_sent_again() {
    let app = app(&[("http.request_deadline_ms", "3000")]).await;
    let (station, piles) = station(&app, 3).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 100})).await;
    app.finished(&order).await;
    // Simulates a replica that was killed before it recorded any outcome.
    app.database
        .execute(
            "update commands set state = 'accepted',
               life = jsonb_set(life, '{trail}', jsonb_build_array(life -> 'trail' -> 0));
             update command_batch_items set state = 'waiting', command_id = null, settled_at = null;
             update command_batches set finished_at = null",
        )
        .await;
    testkit::eventually("the batch to be finished", || async {
        app.holds("(select finished_at is not null from command_batches)").await
    })
    .await;
    assert!(
        app.holds("(select count(distinct command_id) from command_batch_items where state = 'sent') = 3")
            .await
    );
    app.assert_each_commanded_once(&piles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_stops_releases_its_batch() {
    let mut app = app(&[("dispatch.batch_lease_ms", "600000")]).await;
    let (station, piles) = station(&app, 20).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 4})).await;
    testkit::eventually("the first to be sent", || async {
        app.holds("exists (select 1 from command_batch_items where state = 'sent')").await
    })
    .await;
    app.context.shutdown.request();
    (&mut app.served).await.unwrap().unwrap();
    assert!(app.holds("(select leased_until is null and finished_at is null from command_batches)").await);
    assert!(
        app.holds(
            "(select count(*) from commands) =
                       (select count(*) from command_batch_items where state = 'sent')"
        )
        .await
    );
    let next = app.replica(&[EAGER]);
    app.switch_to(&next).await;
    app.finished(&order).await;
    app.assert_each_commanded_once(&piles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_the_remaining_piles_when_a_batch_expires() {
    let app = app(&[("dispatch.batch_ttl_s", "2")]).await;
    let (station, _piles) = station(&app, 20).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 1})).await;
    let batch = app.finished(&order).await;
    assert_eq!(batch.body["counts"]["waiting"], 0);
    let refused = batch.body["counts"]["refused"].as_i64().unwrap();
    assert!((16..=20).contains(&refused), "{batch}");
    assert!(
        app.holds(
            "(select bool_and(code = 'BATCH_EXPIRED') from command_batch_items where state = 'refused')"
        )
        .await
    );
    let commands = format!("(select count(*) from commands) = {}", 20 - refused);
    assert!(app.holds(&commands).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_batch_sends_nothing() {
    let app = app(&[("dispatch.batch_ttl_s", "0")]).await;
    let (station, _piles) = station(&app, 3).await;
    let order = app.order(station, "reset", json!({})).await;
    assert_eq!(app.finished(&order).await.body["counts"]["refused"], 3);
    assert!(app.holds("(select count(*) from commands) = 0").await);
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
async fn lists_piles_in_pages_and_by_state() {
    let app = app(&[]).await;
    let (station, _piles) = station(&app, 5).await;
    app.pile_in(station, Device::default()).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 100})).await;
    app.finished(&order).await;
    let piles = format!("command-batches/{}/piles", order.text("batchId"));
    let mut seen = BTreeSet::new();
    let mut query = "?limit=4".to_owned();
    for expected in [4, 2] {
        let page = app.get(&format!("{piles}{query}")).await;
        let items = page.body["items"].as_array().unwrap();
        assert_eq!(items.len(), expected);
        seen.extend(items.iter().map(|item| item["pileId"].to_string()));
        query = format!("?limit=4&cursor={}", page.body["nextCursor"].as_str().unwrap_or_default());
    }
    assert_eq!(seen.len(), 6);
    let refused = app.get(&format!("{piles}?state=refused")).await;
    assert_eq!(refused.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.get(&format!("{piles}?state=waiting")).await.body["items"], json!([]));

    let first = app.get(&format!("{piles}?limit=1")).await;
    let elsewhere = app.order(station, "reset", json!({})).await;
    let foreign =
        format!("command-batches/{}/piles?cursor={}", elsewhere.text("batchId"), first.text("nextCursor"));
    assert_eq!(app.get(&foreign).await.text("code"), "INVALID_CURSOR");
    assert_snapshot!(app.get(&format!("{piles}?state=lost")).await, @r#"
    400 Bad Request
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "state",
          "message": "must be one of waiting, refused, accepted, published, unknown, confirmed, rejected, failed, expired"
        }
      ],
      "instance": "/api/v1/command-batches/[id]/piles",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_stations_and_batches_are_not_found() {
    let app = TestApp::with(&[]).await;
    assert_snapshot!(app.order(Uuid::now_v7(), "reset", json!({})).await, @r#"
    404 Not Found
    {
      "code": "STATION_NOT_FOUND",
      "instance": "/api/v1/stations/[id]/commands/reset",
      "status": 404,
      "title": "There is no such station",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/station-not-found"
    }
    "#);
    assert_eq!(app.order("north", "reset", json!({})).await.text("code"), "STATION_NOT_FOUND");
    let station = app.station().await;
    app.database.execute("update stations set retired_at = now()").await;
    assert_eq!(app.order(station, "reset", json!({})).await.text("code"), "STATION_NOT_FOUND");
    for id in [Uuid::now_v7().to_string(), "first".to_owned()] {
        for path in [format!("command-batches/{id}"), format!("command-batches/{id}/piles")] {
            let answer = app.get(&path).await;
            assert_eq!((answer.status.as_u16(), answer.text("code")), (404, "COMMAND_BATCH_NOT_FOUND"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_more_piles_than_a_batch_may_have() {
    let app = TestApp::with(&[]).await;
    let station = app.station().await;
    app.database
        .execute(&format!(
            "insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at,
                                updated_at, version)
             select gen_random_uuid(), '{station}', 'CP-' || number, 'DC-120', 120, 'DC', now(), now(), 1
             from generate_series(1, 1001) as number"
        ))
        .await;
    assert_snapshot!(app.order(station, "reset", json!({})).await, @r#"
    422 Unprocessable Entity
    {
      "code": "TOO_MANY_PILES",
      "detail": "the command matches more than 1000 piles: select fewer with pileIds or statuses",
      "instance": "/api/v1/stations/[id]/commands/reset",
      "status": 422,
      "title": "Too many piles for one batch",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/too-many-piles"
    }
    "#);
    assert!(app.holds("(select count(*) from command_batches) = 0").await);
    app.database.execute("update piles set retired_at = now() where charge_point_id = 'CP-1'").await;
    assert_eq!(app.order(station, "reset", json!({})).await.body["piles"], 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_invalid_order() {
    let app = TestApp::with(&[]).await;
    let (station, _piles) = station(&app, 1).await;
    let foreign = app.pile(free()).await;
    let refused = app.order(station, "reset", json!({"pileIds": [foreign.id]})).await;
    assert_eq!((refused.status.as_u16(), refused.text("code")), (400, "INVALID_REQUEST"));
    let message = format!("{} is not a pile of this station", foreign.id);
    assert_eq!(refused.body["errors"], json!([{"field": "pileIds", "message": message}]));
    let many: Vec<_> = (0..1_001).map(|_| Uuid::now_v7()).collect();
    let mut lines = Vec::new();
    for (command, body) in [
        ("reset", json!({"type": "soft"})),
        ("reset", json!({"pileIds": [], "statuses": [], "ratePerSecond": 0})),
        ("reset", json!({"pileIds": many, "ratePerSecond": 101})),
        ("reset", json!({"pileIds": ["1"]})),
        ("reset", json!({"statuses": ["Free"]})),
        ("change-availability", json!({})),
        ("change-availability", json!({"type": "Operative", "connectorId": 1})),
    ] {
        let answer = app.order(station, command, body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.text("code")), (400, "INVALID_REQUEST"), "{body}");
        let errors = answer.body["errors"].as_array().unwrap().iter();
        let errors = errors.map(|error| format!("{}: {}", error["field"], error["message"]));
        lines.push(errors.collect::<Vec<_>>().join(", "));
    }
    assert_snapshot!(lines.join("\n"), @r#"
    "type": "unknown variant `soft`, expected `Soft` or `Hard`"
    "pileIds": "must have 1 to 1000 entries", "statuses": "must have 1 to 9 entries", "ratePerSecond": "must be a whole number from 1 to 100"
    "pileIds": "must have 1 to 1000 entries", "ratePerSecond": "must be a whole number from 1 to 100"
    "pileIds[0]": "must be a UUID"
    "statuses[0]": "unknown variant `Free`, expected one of `Available`, `Preparing`, `Reserved`, `Finishing`, `SuspendedEV`, `SuspendedEVSE`, `Charging`, `Unavailable`, `Faulted`"
    "type": "is required"
    "connectorId": "is not recognized"
    "#);
    assert_eq!(app.order(station, "unlock-connector", json!({})).await.text("code"), "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_stays_with_the_replica_that_carries_it_out() {
    let lease = ("dispatch.batch_lease_ms", "6000");
    let app = app(&[lease]).await;
    let _other = app.replica(&[EAGER, lease]);
    let (station, _piles) = station(&app, 60).await;
    app.order(station, "reset", json!({"ratePerSecond": 1})).await;
    testkit::eventually("the lease to be renewed", || async {
        app.holds("(select leased_until > created_at + interval '9 s' and epoch = 1 from command_batches)")
            .await
    })
    .await;
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
