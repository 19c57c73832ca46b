//! Replays of one dead letter.

use super::fixture::{event, live_state, put_aside, range, replay, status, statuses};
use crate::answer::Answer;
use crate::app::TestApp;
use domain::devices::charge_point::ChargePoint;
use domain::order::RecordPosition;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use storage::ingest::batch::{Folded, Written};
use storage::ingest::partitions;
use storage::{Connection, LoadPlan};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn replay_applies_a_record_that_the_database_had_refused() {
    let app = TestApp::start().await;
    let pile = app.pile("CP-1").await;
    let charging = status("CP-1", 2, "Charging", 0).to_string();
    let letter = put_aside(&app, 7, "REFUSED_BY_DATABASE", charging.as_bytes()).await;

    let before = (live_state(&app).await, app.get(&letter).await.json());
    assert_snapshot!(replay(&app, &letter, true).await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "changes": {
        "chargePoint": true,
        "connectors": [
          2
        ],
        "sessions": []
      },
      "chargePointId": "CP-1",
      "detail": null,
      "dryRun": true,
      "eventType": "connector.status_changed",
      "outcome": "applied",
      "reason": null
    }
    "#);
    assert_eq!((live_state(&app).await, app.get(&letter).await.json()), before, "a dry run changes nothing");

    let real = replay(&app, &letter, false).await.json();
    assert_eq!((&real["dryRun"], &real["outcome"]), (&json!(false), &json!("applied")));
    let shown = app.get(&pile).await.json();
    assert_eq!(shown["status"], "Charging");
    assert_eq!(shown["gatewayId"], "pod-1");
    assert_eq!(
        shown["connectors"][0]["statusAt"], "2026-07-25T10:00:00Z",
        "the time of the event, not of the replay"
    );
    let recorded = app.get(&letter).await.json();
    assert_eq!(recorded["replayOutcome"], "applied");
    assert_eq!(recorded["replayedBy"], "anonymous");
    assert!(recorded["replayedAt"].is_string());
    let history = app.get(&format!("{pile}/status-history")).await.json();
    let kinds: Vec<_> = history["items"].as_array().unwrap().iter().map(|item| &item["kind"]).collect();
    assert_eq!(kinds, ["status", "connectivity"], "{history}");

    let state = live_state(&app).await;
    assert_snapshot!(replay(&app, &letter, false).await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "changes": {
        "chargePoint": false,
        "connectors": [],
        "sessions": []
      },
      "chargePointId": "CP-1",
      "detail": null,
      "dryRun": false,
      "eventType": "connector.status_changed",
      "outcome": "ignored",
      "reason": "DUPLICATE"
    }
    "#);
    assert_eq!(live_state(&app).await, state);
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_of_an_older_record_keeps_newer_state() {
    let app = TestApp::start().await;
    let pile = app.pile("CP-1").await;
    let newer =
        put_aside(&app, 5, "TOO_LATE", status("CP-1", 1, "Finishing", 30).to_string().as_bytes()).await;
    let older =
        put_aside(&app, 1, "TOO_LATE", status("CP-1", 1, "Charging", 31).to_string().as_bytes()).await;
    replay(&app, &newer, false).await;
    let state = live_state(&app).await;
    let answer = replay(&app, &older, false).await.json();
    assert_eq!((&answer["outcome"], &answer["reason"]), (&json!("ignored"), &json!("STALE")));
    assert_eq!(live_state(&app).await, state);
    assert_eq!(statuses(&app, &pile).await, ["Finishing"]);

    // The record with the greater offset is newer, whenever it is replayed and whatever time it
    // claims.
    let same = put_aside(&app, 4, "TOO_LATE", status("CP-1", 1, "Faulted", 30).to_string().as_bytes()).await;
    assert_eq!(replay(&app, &same, false).await.json()["reason"], "STALE");
    let later =
        put_aside(&app, 6, "TOO_LATE", status("CP-1", 1, "Available", 29).to_string().as_bytes()).await;
    assert_eq!(replay(&app, &later, false).await.json()["outcome"], "applied");
    assert_eq!(statuses(&app, &pile).await, ["Available"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_of_a_stop_ends_its_session_once_the_start_is_replayed() {
    let app = TestApp::start().await;
    let stop = event("CP-1", "transaction.stopped", 20, &json!({ "transactionId": 7, "meterStopWh": 900 }));
    let stop = put_aside(&app, 2, "REFUSED_BY_DATABASE", stop.to_string().as_bytes()).await;
    let nothing = live_state(&app).await;
    assert_snapshot!(replay(&app, &stop, false).await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "changes": {
        "chargePoint": false,
        "connectors": [],
        "sessions": []
      },
      "chargePointId": "CP-1",
      "detail": null,
      "dryRun": false,
      "eventType": "transaction.stopped",
      "outcome": "unplaced",
      "reason": "STOP_WITHOUT_SESSION"
    }
    "#);
    assert_eq!(live_state(&app).await, nothing);
    assert_eq!(app.get(&stop).await.json()["replayOutcome"], "unplaced");

    let start = event("CP-1", "transaction.started", 10, &json!({ "connectorId": 1, "transactionId": 7 }));
    let start = put_aside(&app, 1, "REFUSED_BY_DATABASE", start.to_string().as_bytes()).await;
    let opened = replay(&app, &start, false).await.json();
    let ended = replay(&app, &stop, false).await.json();
    assert_eq!(ended["outcome"], "applied");
    assert_eq!(opened["changes"]["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(ended["changes"]["sessions"], opened["changes"]["sessions"], "the same session");
    let sessions = app.database.json("select jsonb_agg(to_jsonb(meter_stop_wh)) from sessions").await;
    assert_eq!(sessions, json!([900]));
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_reports_why_a_record_cannot_be_decoded() {
    let app = TestApp::start().await;
    let letter = put_aside(&app, 7, "NOT_JSON", br#"{"eventType": "charge_point.heartbeat"}"#).await;
    assert_snapshot!(replay(&app, &letter, true).await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "changes": {
        "chargePoint": false,
        "connectors": [],
        "sessions": []
      },
      "chargePointId": null,
      "detail": "chargePointId is missing",
      "dryRun": true,
      "eventType": null,
      "outcome": "undecodable",
      "reason": "MISSING_CHARGE_POINT"
    }
    "#);
    assert_eq!(app.get(&letter).await.json()["replayOutcome"], Value::Null);
    replay(&app, &letter, false).await;
    assert_eq!(app.get(&letter).await.json()["replayOutcome"], "undecodable");
    app.database.execute("update dead_letters set value = null").await;
    assert_eq!(
        replay(&app, &letter, false).await.json()["reason"],
        "EMPTY",
        "a record without a value is undecodable"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_decodes_a_record_by_its_headers() {
    let app = TestApp::start().await;
    let json = status("CP-1", 1, "Charging", 0).to_string();
    let event = wire::decode(&wire::RawRecord::json(json.as_bytes())).unwrap();
    let value = wire::event::encode::encode_event_protobuf(&event);
    let letter = put_aside(&app, 7, "REFUSED_BY_DATABASE", &value).await;
    assert_eq!(replay(&app, &letter, true).await.json()["reason"], "NOT_JSON");
    // application/x-protobuf
    app.database
        .execute(
            "update dead_letters set headers = '{\"Content-Type\": \"YXBwbGljYXRpb24veC1wcm90b2J1Zg==\"}'",
        )
        .await;
    assert_eq!(replay(&app, &letter, true).await.json()["outcome"], "applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_reports_that_the_database_refused_again() {
    let app = TestApp::start().await;
    let value = status("CP-1", 1, "Charging", 0).to_string();
    let letter = put_aside(&app, 7, "REFUSED_BY_DATABASE", value.as_bytes()).await;
    app.database.execute("alter table connectors add constraint none check (status <> 'Charging')").await;
    for dry_run in [true, false] {
        let answer = replay(&app, &letter, dry_run).await.json();
        assert_eq!(
            (&answer["outcome"], &answer["reason"]),
            (&json!("refused"), &json!("REFUSED_BY_DATABASE"))
        );
        assert_eq!(live_state(&app).await, json!([null, null, null, null, null]));
    }
    assert_eq!(app.get(&letter).await.json()["replayOutcome"], "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_to_replay_a_range() {
    let app = TestApp::start().await;
    let letter = range(&app, 5, 8).await;
    assert_snapshot!(replay(&app, &letter, true).await.snapshot(), @r#"
    409 Conflict
    content-type: application/problem+json

    {
      "code": "DEAD_LETTER_NOT_REPLAYABLE",
      "instance": "/api/v1/dead-letters/[id 1]/replay",
      "status": 409,
      "title": "The dead letter has no record to replay",
      "type": "https://charging.example/problems/dead-letter-not-replayable"
    }
    "#);
    let single = range(&app, 9, 9).await;
    assert_eq!(
        replay(&app, &single, false).await.status,
        409,
        "a range of a single offset has no record either"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_requires_dry_run_to_be_stated() {
    let app = TestApp::start().await;
    let value = status("CP-1", 1, "Charging", 0).to_string();
    let letter = put_aside(&app, 7, "REFUSED_BY_DATABASE", value.as_bytes()).await;
    let ask =
        async |query: &str| Answer::to(app.request(Method::POST, &format!("{letter}/replay{query}"))).await;
    assert_snapshot!(ask("").await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "dryRun",
          "message": "is required"
        }
      ],
      "instance": "/api/v1/dead-letters/[id 1]/replay",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    for query in ["?dryRun=no", "?dryRun=", "?dryrun=true", "?dryRun=false&force=true"] {
        assert_eq!(ask(query).await.status, 400, "{query}");
    }
    assert_eq!(live_state(&app).await, json!([null, null, null, null, null]));
}

/// A start of a transaction at `connector`.
fn start(connector: u32) -> Value {
    let payload = json!({ "connectorId": connector, "transactionId": connector });
    event("CP-1", "transaction.started", connector % 60, &payload)
}

/// Writes one batch with a start for each of `connectors`, as event-ingestor does.
async fn ingest(connection: &mut Connection, connectors: std::ops::Range<u32>) {
    partitions::register(connection, "events", &[(0, 1_000)]).await.unwrap();
    let (owner, ttl) = (Uuid::now_v7(), Duration::from_secs(60));
    let mut lease = partitions::acquire(connection, "events", owner, 1, ttl).await.unwrap().remove(0);
    for connector in connectors {
        let json = start(connector).to_string();
        let event = wire::decode(&wire::RawRecord::json(json.as_bytes())).unwrap();
        let appended_at = "2026-07-25T10:00:00Z".parse().unwrap();
        let position = RecordPosition { partition: 0, offset: lease.next_offset, appended_at };
        let next = lease.next_offset + 1;
        let touched = LoadPlan::of([(&event, position)]);
        let fold = |mut states: Vec<ChargePoint>| {
            states[0].apply(&event, &position);
            Folded { states, ..Folded::default() }
        };
        let written = storage::ingest::batch::write(connection, &lease, next, &touched, fold).await.unwrap();
        assert_eq!(written, Written::Committed);
        lease.next_offset = next;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_replays_and_batches_of_one_device_lose_nothing() {
    const EACH: u32 = 40;
    let app = TestApp::start().await;
    let mut letters = Vec::new();
    for connector in 0..EACH {
        let value = start(connector).to_string();
        letters.push(put_aside(&app, connector.into(), "REFUSED_BY_DATABASE", value.as_bytes()).await);
    }
    let pool = app.database.pool.clone();
    let ingested = tokio::spawn(async move {
        let mut connection = pool.connection().await.unwrap();
        ingest(&mut connection, EACH..2 * EACH).await;
    });
    for letter in &letters {
        assert_eq!(replay(&app, letter, false).await.json()["outcome"], "applied");
    }
    ingested.await.unwrap();
    let facts = "select jsonb_array_length(ledger -> 'facts') from session_ledgers";
    assert_eq!(app.database.json(facts).await, json!(2 * EACH), "an overwritten update would lose facts");
    assert_eq!(app.database.json("select count(*) from sessions").await, json!(2 * EACH));
}
