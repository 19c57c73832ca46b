//! Dead letters: lists and single ones.

mod bulk;
pub mod fixture;
mod replay;

use crate::answer::Answer;
use crate::app::TestApp;
use fixture::{put_aside, range, status};
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

async fn offsets(app: &TestApp, query: &str) -> Vec<i64> {
    let page = app.get(&format!("/api/v1/dead-letters?{query}")).await.json();
    let items = page["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["firstOffset"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_dead_letters_newest_first_without_bytes() {
    let app = TestApp::start().await;
    for offset in 0..5 {
        put_aside(&app, offset, "NOT_JSON", b"{").await;
    }
    range(&app, 5, 8).await;
    let page = app.get("/api/v1/dead-letters?limit=1").await;
    assert_snapshot!(page.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "items": [
        {
          "appendedAt": null,
          "chargePointId": null,
          "createdAt": "[now]",
          "detail": "why",
          "eventId": null,
          "firstOffset": 5,
          "id": "[id 1]",
          "lastOffset": 8,
          "partition": 0,
          "reason": "UNREADABLE_BATCH",
          "replayOutcome": null,
          "replayedAt": null,
          "replayedBy": null,
          "topic": "events"
        }
      ],
      "nextCursor": "[cursor]"
    }
    "#);
    let mut seen = Vec::new();
    let mut next = String::from("/api/v1/dead-letters?limit=2");
    loop {
        let page = app.get(&next).await.json();
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["firstOffset"].as_i64().unwrap()),
        );
        let Value::String(cursor) = &page["nextCursor"] else { break };
        next = format!("/api/v1/dead-letters?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, [5, 4, 3, 2, 1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_dead_letters_by_reason_partition_topic_device_and_replay() {
    let app = TestApp::start().await;
    let of_device = |n| status(&format!("CP-{}", n % 2), 1, "Available", 0).to_string();
    for n in 0..6 {
        let reason = if n < 3 { "REFUSED_BY_DATABASE" } else { "TOO_LATE" };
        put_aside(&app, n, reason, of_device(n).as_bytes()).await;
    }
    app.database
        .execute(
            "update dead_letters set partition = first_offset % 3, key = convert_to('CP-' || first_offset % 2, 'UTF8');
             update dead_letters set charge_point_id = 'CP-0' where first_offset in (2, 5);
             update dead_letters set topic = 'others' where first_offset = 4;
             update dead_letters set replayed_at = now(), replay_outcome = 'unplaced' where first_offset = 1",
        )
        .await;
    assert_eq!(offsets(&app, "reason=TOO_LATE").await, [5, 4, 3]);
    assert_eq!(offsets(&app, "partition=2").await, [5, 2]);
    assert_eq!(offsets(&app, "topic=others").await, [4]);
    assert_eq!(
        offsets(&app, "chargePointId=CP-0").await,
        [5, 4, 2, 0],
        "by the recorded charge point, else by key"
    );
    assert_eq!(offsets(&app, "chargePointId=CP-1").await, [3, 1]);
    assert_eq!(offsets(&app, "replayed=true").await, [1]);
    assert_eq!(offsets(&app, "replayed=false&reason=REFUSED_BY_DATABASE").await, [2, 0]);
    assert!(offsets(&app, "reason=NOT_JSON").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_invalid_query_for_dead_letters() {
    let app = TestApp::start().await;
    let query = "/api/v1/dead-letters?partition=-1&replayed=yes&chargePointId=a%2Fb&reason=&offset=3";
    assert_snapshot!(app.get(query).await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "replayed",
          "message": "must be true or false"
        },
        {
          "field": "reason",
          "message": "must not be empty"
        },
        {
          "field": "partition",
          "message": "must be a whole number from 0 to 2147483647"
        },
        {
          "field": "chargePointId",
          "message": "may only contain letters, digits and . _ : @ * + = | -"
        },
        {
          "field": "offset",
          "message": "is not recognized"
        }
      ],
      "instance": "/api/v1/dead-letters",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_a_dead_letter_with_its_record() {
    let app = TestApp::start().await;
    let path = put_aside(&app, 7, "NOT_JSON", "{\"eventId\": \"桩".as_bytes()).await;
    app.database.execute("update dead_letters set headers = '{\"content-type\": \"YQ==\"}'").await;
    assert_snapshot!(app.get(&path).await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "appendedAt": "2026-07-25T10:00:00Z",
      "chargePointId": null,
      "createdAt": "[now]",
      "detail": "why",
      "eventId": null,
      "firstOffset": 7,
      "headers": {
        "content-type": "YQ=="
      },
      "id": "[id 1]",
      "key": "Q1AtMQ==",
      "lastOffset": 7,
      "partition": 0,
      "reason": "NOT_JSON",
      "replayOutcome": null,
      "replayedAt": null,
      "replayedBy": null,
      "topic": "events",
      "value": "eyJldmVudElkIjogIuahqQ==",
      "valueText": "{\"eventId\": \"桩"
    }
    "#);
    let binary = put_aside(&app, 8, "NOT_JSON", b"\x00\xff").await;
    let shown = app.get(&binary).await.json();
    assert_eq!((&shown["value"], &shown["valueText"]), (&json!("AP8="), &Value::Null));
    let range = app.get(&range(&app, 9, 12).await).await.json();
    assert_eq!(range["value"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_404_for_an_unknown_dead_letter() {
    let app = TestApp::start().await;
    for id in ["0192f0b0-0000-7000-8000-000000000000", "seven"] {
        let path = format!("/api/v1/dead-letters/{id}");
        assert_eq!(app.get(&path).await.json()["code"], "DEAD_LETTER_NOT_FOUND");
        let replay = app.request(Method::POST, &format!("{path}/replay?dryRun=false"));
        assert_eq!(Answer::to(replay).await.json()["code"], "DEAD_LETTER_NOT_FOUND");
    }
    assert_snapshot!(app.get("/api/v1/dead-letters/seven").await.snapshot(), @r#"
    404 Not Found
    content-type: application/problem+json

    {
      "code": "DEAD_LETTER_NOT_FOUND",
      "instance": "/api/v1/dead-letters/seven",
      "status": 404,
      "title": "There is no such dead letter",
      "type": "https://charging.example/problems/dead-letter-not-found"
    }
    "#);
}
