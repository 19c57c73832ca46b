//! Replays of many dead letters.

use super::fixture::{event, live_state, put_aside, range, status, statuses};
use crate::app::{TestApp, settings};
use diesel_async::SimpleAsyncConnection as _;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::TestDatabase;

const PATH: &str = "/api/v1/dead-letters/replay";

/// Inserts an applicable, a stale, an unplaced and an undecodable record, one with another reason,
/// and a range.
async fn six(app: &TestApp) {
    let stop = event("CP-1", "transaction.stopped", 20, &json!({ "transactionId": 7 }));
    // The claimed time is too long before the record's time to be taken for it.
    let mut stale = status("CP-1", 1, "Charging", 20);
    stale["timestamp"] = "2026-07-25T09:58:20Z".into();
    let values = [
        (status("CP-1", 1, "Finishing", 30), "REFUSED_BY_DATABASE"),
        (stale, "REFUSED_BY_DATABASE"),
        (stop, "REFUSED_BY_DATABASE"),
        (json!({}), "REFUSED_BY_DATABASE"),
        (status("CP-1", 2, "Faulted", 30), "TOO_LATE"),
    ];
    for (offset, (value, reason)) in (0..).zip(values) {
        put_aside(app, offset, reason, value.to_string().as_bytes()).await;
    }
    range(app, 5, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_and_counts_what_matches_the_filter() {
    let app = TestApp::start().await;
    let pile = app.pile("CP-1").await;
    six(&app).await;
    let before = live_state(&app).await;
    let dry = app.post(PATH, &json!({ "reason": "REFUSED_BY_DATABASE", "dryRun": true })).await.json();
    assert_eq!(live_state(&app).await, before);
    assert_eq!(dry["outcomes"]["applied"], 2, "each is tried alone, so the stale status has no newer one");
    assert_eq!(app.get("/api/v1/dead-letters?replayed=true").await.json()["items"], json!([]));

    let order =
        json!({ "reason": "REFUSED_BY_DATABASE", "partition": 0, "chargePointId": "CP-1", "dryRun": false });
    assert_snapshot!(app.post(PATH, &order).await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "dryRun": false,
      "nextCursor": null,
      "notApplied": [
        {
          "chargePointId": "CP-1",
          "detail": null,
          "eventType": "connector.status_changed",
          "id": "[id 1]",
          "outcome": "ignored",
          "reason": "STALE"
        },
        {
          "chargePointId": "CP-1",
          "detail": null,
          "eventType": "transaction.stopped",
          "id": "[id 2]",
          "outcome": "unplaced",
          "reason": "STOP_WITHOUT_SESSION"
        },
        {
          "chargePointId": null,
          "detail": "eventType is missing",
          "eventType": null,
          "id": "[id 3]",
          "outcome": "undecodable",
          "reason": "MISSING_EVENT_TYPE"
        }
      ],
      "outcomes": {
        "applied": 1,
        "ignored": 1,
        "refused": 0,
        "undecodable": 1,
        "unplaced": 1
      },
      "tried": 4
    }
    "#);
    assert_eq!(statuses(&app, &pile).await, ["Finishing"]);

    let rest = app.post(PATH, &json!({ "dryRun": false })).await.json();
    let expected = json!({ "applied": 1, "ignored": 0, "unplaced": 1, "undecodable": 1, "refused": 0 });
    assert_eq!(rest["outcomes"], expected, "settled dead letters are not tried again");
    assert_eq!(statuses(&app, &pile).await, ["Finishing", "Faulted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_many_dead_letters_oldest_first_in_parts() {
    let app = TestApp::start().await;
    // Each stop follows its start. In another order, most stops would find no session.
    for n in 0..30 {
        let transaction = json!({ "connectorId": 1, "transactionId": n + 1 });
        let start = event("CP-1", "transaction.started", n, &transaction).to_string();
        put_aside(&app, (2 * n).into(), "REFUSED_BY_DATABASE", start.as_bytes()).await;
        let stop = event("CP-1", "transaction.stopped", n, &transaction).to_string();
        put_aside(&app, (2 * n + 1).into(), "REFUSED_BY_DATABASE", stop.as_bytes()).await;
    }
    let mut order = json!({ "limit": 25, "dryRun": false });
    let mut tried = Vec::new();
    loop {
        let answer = app.post(PATH, &order).await.json();
        assert_eq!(answer["outcomes"]["applied"], answer["tried"], "{answer}");
        tried.push(answer["tried"].as_u64().unwrap());
        order["cursor"] = answer["nextCursor"].clone();
        if order["cursor"] == Value::Null {
            break;
        }
    }
    assert_eq!(tried, [25, 25, 10]);
    let ended = "select count(*) from sessions where ended_at is not null";
    assert_eq!(app.database.json(ended).await, json!(30));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_only_the_first_dead_letters_that_were_not_applied() {
    let app = TestApp::start().await;
    for offset in 0..25 {
        put_aside(&app, offset, "NOT_JSON", b"{").await;
    }
    let answer = app.post(PATH, &json!({ "reason": "NOT_JSON", "limit": 24, "dryRun": true })).await.json();
    assert_eq!(answer["outcomes"]["undecodable"], 24);
    assert_eq!(answer["notApplied"].as_array().unwrap().len(), 20);
    let rest = json!({ "cursor": answer["nextCursor"], "dryRun": true });
    let answer = app.post(PATH, &rest).await.json();
    assert_eq!((&answer["tried"], &answer["nextCursor"]), (&json!(1), &Value::Null));
    put_aside(&app, 25, "TOO_LATE", b"{").await;
    let none = app.post(PATH, &json!({ "chargePointId": "CP-2", "dryRun": false })).await.json();
    assert_eq!((&none["tried"], &none["nextCursor"]), (&json!(0), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_no_replay_in_the_second_half_of_the_deadline() {
    const HALF: Duration = Duration::from_secs(6);
    let database = TestDatabase::new().await;
    let mut settings = settings(&database);
    settings.http.request_deadline_ms = 2 * u64::try_from(HALF.as_millis()).unwrap();
    let app = TestApp::start_with(database, settings).await;
    for offset in 0..3 {
        let value = status("CP-1", offset, "Available", 0).to_string();
        put_aside(&app, offset, "REFUSED_BY_DATABASE", value.as_bytes()).await;
    }
    // Another transaction locks the device until half of the deadline is over; the first replay
    // waits.
    app.database
        .execute(
            "insert into charge_points (charge_point_id, online, last_seen_at) values ('CP-1', false, now())",
        )
        .await;
    let mut holder = app.database.pool.connection().await.unwrap();
    let asked = Instant::now();
    holder.batch_execute("begin; select 1 from charge_points for update").await.unwrap();
    let order = json!({ "dryRun": false });
    let answer = async {
        let answer = app.post(PATH, &order).await;
        (answer.json(), answer.status)
    };
    let release = async {
        tokio::time::sleep(HALF + Duration::from_millis(200)).await;
        holder.batch_execute("commit").await.unwrap();
    };
    let ((answer, status), ()) = tokio::join!(answer, release);
    assert!(asked.elapsed() > HALF);
    assert_eq!((status.as_u16(), &answer["tried"]), (200, &json!(1)), "{answer}");
    let rest = json!({ "dryRun": false, "cursor": answer["nextCursor"] });
    assert_eq!(app.post(PATH, &rest).await.json()["outcomes"]["applied"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_invalid_bulk_replay() {
    let app = TestApp::start().await;
    six(&app).await;
    let order =
        json!({ "reason": 3, "partition": "0", "chargePointId": "", "limit": 501, "replayed": false });
    assert_snapshot!(app.post(PATH, &order).await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "reason",
          "message": "must be a string"
        },
        {
          "field": "partition",
          "message": "must be a whole number from 0 to 2147483647"
        },
        {
          "field": "chargePointId",
          "message": "must not be empty"
        },
        {
          "field": "limit",
          "message": "must be a whole number from 1 to 500"
        },
        {
          "field": "dryRun",
          "message": "is required"
        },
        {
          "field": "replayed",
          "message": "is not recognized"
        }
      ],
      "instance": "/api/v1/dead-letters/replay",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_eq!(app.post(PATH, &json!({ "dryRun": "true" })).await.status, 400);
    let forged = app.post(PATH, &json!({ "dryRun": false, "cursor": "AAAA" })).await;
    assert_eq!(forged.json()["code"], "INVALID_CURSOR");
    assert_eq!(app.get("/api/v1/dead-letters?replayed=true").await.json()["items"], json!([]));
    assert_eq!(app.get(PATH).await.status, 405);
}
