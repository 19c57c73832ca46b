//! `/api/v1/piles`: creating, editing and retiring piles.

mod assignment;
mod gathered;
mod refusals;

use crate::answer::Answer;
use crate::app::{TestApp, pile};
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

fn full() -> Value {
    json!({
        "chargePointId": "CP-001",
        "name": " 1号桩 ",
        "model": "DC-120",
        "vendor": "Vendor-A",
        "serialNumber": "SN-9",
        "ratedPowerKw": 120.5,
        "currentType": "DC",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn creates_and_reads_a_pile() {
    let app = TestApp::start().await;
    let made = app.post(&format!("{}/piles", app.station().await), &full()).await;
    assert_snapshot!(made.snapshot(), @r#"
    201 Created
    content-type: application/json
    location: /api/v1/piles/[id 1]
    etag: "1"

    {
      "chargePointId": "CP-001",
      "confidence": "unknown",
      "connectors": [],
      "createdAt": "[now]",
      "currentType": "DC",
      "firmwareVersion": null,
      "gatewayId": null,
      "id": "[id 1]",
      "lastHeartbeatAt": null,
      "lastSeenAt": null,
      "model": "DC-120",
      "name": "1号桩",
      "online": false,
      "ratedPowerKw": 120.5,
      "retiredAt": null,
      "serialNumber": "SN-9",
      "stationId": "[id 2]",
      "status": "Unknown",
      "statusAt": null,
      "updatedAt": "[now]",
      "vendor": "Vendor-A",
      "version": 1
    }
    "#);
    let read = app.get(made.header("location").unwrap()).await;
    assert_eq!(read.json(), made.json());
    assert_eq!(read.header("etag"), Some("\"1\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn current_type_can_be_absent_set_and_cleared() {
    let app = TestApp::start().await;
    let least = json!({ "chargePointId": "CP-1", "model": "DC-120", "ratedPowerKw": 120 });
    let made = app.post(&format!("{}/piles", app.station().await), &least).await;
    assert_eq!((made.status.as_u16(), &made.json()["currentType"]), (201, &Value::Null));
    let path = made.header("location").unwrap();
    assert_eq!(app.get(path).await.json(), made.json());
    let patch = async |body: Value| Answer::to(app.request(Method::PATCH, path).json(&body)).await;
    assert_eq!(patch(json!({ "currentType": "AC" })).await.json()["currentType"], "AC");
    assert_eq!(patch(json!({ "name": "1" })).await.json()["currentType"], "AC");
    assert_eq!(patch(json!({ "currentType": null })).await.json()["currentType"], Value::Null);
    assert_eq!(app.put(path, &full()).await.json()["currentType"], "DC");
    let replaced = app.put(path, &least).await;
    assert_eq!((&replaced.json()["currentType"], replaced.header("etag")), (&Value::Null, Some("\"6\"")));
    let listed = app.get("/api/v1/piles?chargePointId=CP-1").await.json();
    assert_eq!(listed["items"][0], replaced.json());
    let edits = app.get(&format!("{path}/audit?limit=4")).await.json();
    let stated: Vec<_> =
        edits["items"].as_array().unwrap().iter().map(|edit| &edit["after"]["currentType"]).collect();
    assert_eq!(stated, [&Value::Null, &json!("DC"), &Value::Null, &json!("AC")]);
    assert_eq!(edits["items"][2]["changed"], json!(["currentType"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn put_clears_absent_fields() {
    let app = TestApp::start().await;
    let made = app.post(&format!("{}/piles", app.station().await), &full()).await;
    let path = made.header("location").unwrap();
    let replaced = app.put(path, &pile("CP-002")).await;
    assert_snapshot!(replaced.snapshot(), @r#"
    200 OK
    content-type: application/json
    etag: "2"

    {
      "chargePointId": "CP-002",
      "confidence": "unknown",
      "connectors": [],
      "createdAt": "[now]",
      "currentType": null,
      "firmwareVersion": null,
      "gatewayId": null,
      "id": "[id 1]",
      "lastHeartbeatAt": null,
      "lastSeenAt": null,
      "model": "DC-120",
      "name": null,
      "online": false,
      "ratedPowerKw": 120.0,
      "retiredAt": null,
      "serialNumber": null,
      "stationId": "[id 2]",
      "status": "Unknown",
      "statusAt": null,
      "updatedAt": "[now]",
      "vendor": null,
      "version": 2
    }
    "#);
    assert_eq!(app.get(path).await.json(), replaced.json());
    assert_eq!(app.put(path, &json!({ "model": "DC-60" })).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_pile_is_not_found() {
    let app = TestApp::start().await;
    let path = app.pile("CP-1").await;
    assert_snapshot!(app.delete(&path).await.snapshot(), @"204 No Content");
    assert_snapshot!(app.get(&path).await.snapshot(), @r#"
    404 Not Found
    content-type: application/problem+json

    {
      "code": "PILE_NOT_FOUND",
      "instance": "/api/v1/piles/[id 1]",
      "status": 404,
      "title": "There is no such pile",
      "type": "https://charging.example/problems/pile-not-found"
    }
    "#);
    assert_eq!(app.delete(&path).await.status, 404);
    assert_eq!(app.put(&path, &full()).await.status, 404);
    assert_eq!(app.get("/api/v1/piles").await.json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_pile_is_read_by_those_who_ask_for_it() {
    let app = TestApp::start().await;
    let path = app.pile("CP-1").await;
    let (plain, asked) = (path.clone(), format!("{path}?retired=true"));
    let active = app.get(&plain).await.json();
    assert_eq!(app.get(&asked).await.json(), active, "a pile that is not retired is the same");
    assert_eq!(app.delete(&path).await.status, 204);
    assert_eq!(app.get(&format!("{path}?retired=false")).await.json()["code"], "PILE_NOT_FOUND");
    let retired = app.get(&asked).await;
    assert_eq!((retired.status.as_u16(), retired.header("etag")), (200, Some("\"2\"")));
    let retired = retired.json();
    assert_eq!((&retired["id"], &retired["chargePointId"]), (&active["id"], &active["chargePointId"]));
    assert!(retired["retiredAt"].is_string(), "{retired}");
    assert_eq!(retired, app.get("/api/v1/piles?retired=true").await.json()["items"][0]);
    let sessions = app.get(&format!("{path}/sessions")).await;
    assert_eq!((sessions.status.as_u16(), &sessions.json()["items"]), (200, &json!([])));
    let invalid = app.get(&format!("{path}?retired=maybe")).await;
    assert_eq!(invalid.json()["errors"], json!([{ "field": "retired", "message": "must be true or false" }]));
    let unknown = "/api/v1/piles/0192f0b0-0000-7000-8000-000000000000?retired=true";
    assert_eq!(app.get(unknown).await.json()["code"], "PILE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_retire_a_pile_with_an_open_session() {
    let app = TestApp::start().await;
    let path = app.pile("CP-1").await;
    app.database
        .execute(
            "insert into sessions (id, charge_point_id, connector_id, started_at)
             values (gen_random_uuid(), 'CP-1', 1, '2026-07-25T10:00:00Z')",
        )
        .await;
    assert_snapshot!(app.delete(&path).await.snapshot(), @r#"
    409 Conflict
    content-type: application/problem+json

    {
      "code": "PILE_HAS_OPEN_SESSION",
      "detail": "wait for the stops of the sessions in sessionIds, or end them with POST /api/v1/sessions/{sessionId}/end; POST /api/v1/piles/{pileId}/replace-charge-point replaces the charge point at once",
      "instance": "/api/v1/piles/[id 1]",
      "sessionIds": [
        "[id 2]"
      ],
      "status": 409,
      "title": "The pile has an open session",
      "type": "https://charging.example/problems/pile-has-open-session"
    }
    "#);
    let mut other = full();
    other["chargePointId"] = json!("CP-2");
    let exchanged = app.put(&path, &other).await;
    assert_eq!(exchanged.json()["code"], "PILE_HAS_OPEN_SESSION");
    app.database.execute("update sessions set ended_at = '2026-07-25T11:00:00Z'").await;
    assert_eq!(app.put(&path, &other).await.status, 200);
    assert_eq!(app.delete(&path).await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_honor_if_match() {
    let app = TestApp::start().await;
    let path = app.pile("CP-1").await;
    let put = |tag: &'static str| {
        let request = app.request(Method::PUT, &path).header("if-match", tag);
        Answer::to(request.json(&full()))
    };
    assert_eq!(put("\"1\"").await.header("etag"), Some("\"2\""));
    assert_snapshot!(put("\"1\"").await.snapshot(), @r#"
    412 Precondition Failed
    content-type: application/problem+json

    {
      "code": "VERSION_MISMATCH",
      "detail": "the pile is now at version 2",
      "instance": "/api/v1/piles/[id 1]",
      "status": 412,
      "title": "The current version does not match If-Match",
      "type": "https://charging.example/problems/version-mismatch"
    }
    "#);
    let delete = |tag: &'static str| Answer::to(app.request(Method::DELETE, &path).header("if-match", tag));
    assert_eq!(delete("\"1\"").await.status, 412);
    assert_eq!(delete("\"2\"").await.status, 204);
}
