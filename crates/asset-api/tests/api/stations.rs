//! `/api/v1/stations`.

mod refusals;
mod startable_statuses;

use crate::answer::Answer;
use crate::app::{TestApp, pile};
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

const STATIONS: &str = "/api/v1/stations";

fn full() -> Value {
    json!({
        "name": "  Hongqiao 1 ",
        "address": "虹桥路1号",
        "operatorId": "op-7",
        "latitude": 31.2,
        "longitude": 121.4,
        "status": "Planned",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn creates_and_reads_a_station() {
    let app = TestApp::start().await;
    let made = app.post(STATIONS, &full()).await;
    assert_snapshot!(made.snapshot(), @r#"
    201 Created
    content-type: application/json
    location: /api/v1/stations/[id 1]
    etag: "1"

    {
      "address": "虹桥路1号",
      "availability": {
        "confidence": {},
        "connectors": {},
        "piles": {}
      },
      "createdAt": "[now]",
      "facilities": [],
      "id": "[id 1]",
      "latitude": 31.2,
      "longitude": 121.4,
      "name": "Hongqiao 1",
      "openingHours": null,
      "operatorId": "op-7",
      "retiredAt": null,
      "startableStatuses": null,
      "status": "Planned",
      "updatedAt": "[now]",
      "version": 1
    }
    "#);
    let read = app.get(made.header("location").unwrap()).await;
    assert_eq!(read.json(), made.json());
    assert_snapshot!(read.snapshot(), @r#"
    200 OK
    content-type: application/json
    etag: "1"

    {
      "address": "虹桥路1号",
      "availability": {
        "confidence": {},
        "connectors": {},
        "piles": {}
      },
      "createdAt": "[now]",
      "facilities": [],
      "id": "[id 1]",
      "latitude": 31.2,
      "longitude": 121.4,
      "name": "Hongqiao 1",
      "openingHours": null,
      "operatorId": "op-7",
      "retiredAt": null,
      "startableStatuses": null,
      "status": "Planned",
      "updatedAt": "[now]",
      "version": 1
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn creates_a_station_from_a_name_alone() {
    let app = TestApp::start().await;
    let body = json!({ "name": "North", "address": null });
    assert_snapshot!(app.post(STATIONS, &body).await.snapshot(), @r#"
    201 Created
    content-type: application/json
    location: /api/v1/stations/[id 1]
    etag: "1"

    {
      "address": null,
      "availability": {
        "confidence": {},
        "connectors": {},
        "piles": {}
      },
      "createdAt": "[now]",
      "facilities": [],
      "id": "[id 1]",
      "latitude": null,
      "longitude": null,
      "name": "North",
      "openingHours": null,
      "operatorId": null,
      "retiredAt": null,
      "startableStatuses": null,
      "status": "Open",
      "updatedAt": "[now]",
      "version": 1
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn put_clears_absent_fields() {
    let app = TestApp::start().await;
    let made = app.post(STATIONS, &full()).await;
    let path = made.header("location").unwrap();
    let replaced = app.put(path, &json!({ "name": "Hongqiao 2" })).await;
    assert_snapshot!(replaced.snapshot(), @r#"
    200 OK
    content-type: application/json
    etag: "2"

    {
      "address": null,
      "availability": {
        "confidence": {},
        "connectors": {},
        "piles": {}
      },
      "createdAt": "[now]",
      "facilities": [],
      "id": "[id 1]",
      "latitude": null,
      "longitude": null,
      "name": "Hongqiao 2",
      "openingHours": null,
      "operatorId": null,
      "retiredAt": null,
      "startableStatuses": null,
      "status": "Open",
      "updatedAt": "[now]",
      "version": 2
    }
    "#);
    assert_eq!(app.get(path).await.json(), replaced.json());
    assert_eq!(replaced.json()["createdAt"], made.json()["createdAt"]);
    assert_ne!(replaced.json()["updatedAt"], made.json()["updatedAt"]);
    assert_snapshot!(app.put(path, &json!({ "name": " " })).await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "name",
          "message": "must not be empty"
        }
      ],
      "instance": "/api/v1/stations/[id 1]",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_station_is_not_found() {
    let app = TestApp::start().await;
    let path = app.station().await;
    assert_snapshot!(app.delete(&path).await.snapshot(), @"204 No Content");
    assert_snapshot!(app.get(&path).await.snapshot(), @r#"
    404 Not Found
    content-type: application/problem+json

    {
      "code": "STATION_NOT_FOUND",
      "instance": "/api/v1/stations/[id 1]",
      "status": 404,
      "title": "There is no such station",
      "type": "https://charging.example/problems/station-not-found"
    }
    "#);
    assert_eq!(app.delete(&path).await.status, 404);
    assert_eq!(app.put(&path, &full()).await.status, 404);
    assert_eq!(app.get(STATIONS).await.json()["items"], json!([]));
    assert_eq!(app.post(&format!("{path}/piles"), &pile("CP-1")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_station_is_read_by_those_who_ask_for_it() {
    let app = TestApp::start().await;
    let path = app.station().await;
    let asked = format!("{path}?retired=true");
    let active = app.get(&path).await.json();
    assert_eq!(app.get(&asked).await.json(), active, "a station that is not retired is the same");
    assert_eq!(app.delete(&path).await.status, 204);
    assert_eq!(app.get(&format!("{path}?retired=false")).await.json()["code"], "STATION_NOT_FOUND");
    let retired = app.get(&asked).await;
    assert_eq!((retired.status.as_u16(), retired.header("etag")), (200, Some("\"2\"")));
    let retired = retired.json();
    assert!(retired["retiredAt"].is_string(), "{retired}");
    assert_eq!((&retired["id"], &retired["name"]), (&active["id"], &active["name"]));
    assert_eq!(retired, app.get(&format!("{STATIONS}?retired=true")).await.json()["items"][0]);
    let invalid = app.get(&format!("{path}?retired=maybe")).await;
    assert_eq!(invalid.json()["errors"], json!([{ "field": "retired", "message": "must be true or false" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_retire_a_station_with_piles() {
    let app = TestApp::start().await;
    let path = app.station().await;
    let pile = app.post(&format!("{path}/piles"), &pile("CP-1")).await;
    assert_snapshot!(app.delete(&path).await.snapshot(), @r#"
    409 Conflict
    content-type: application/problem+json

    {
      "code": "STATION_NOT_EMPTY",
      "instance": "/api/v1/stations/[id 1]",
      "status": 409,
      "title": "The station still has piles",
      "type": "https://charging.example/problems/station-not-empty"
    }
    "#);
    app.delete(pile.header("location").unwrap()).await;
    assert_eq!(app.delete(&path).await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_honor_if_match() {
    let app = TestApp::start().await;
    let path = app.station().await;
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
      "detail": "the station is now at version 2",
      "instance": "/api/v1/stations/[id 1]",
      "status": 412,
      "title": "The current version does not match If-Match",
      "type": "https://charging.example/problems/version-mismatch"
    }
    "#);
    assert_eq!(put("\"7\", \"2\"").await.status, 200);
    assert_eq!(put("*").await.status, 200);
    assert_eq!(put("W/\"4\"").await.status, 412);
    assert_eq!(put("4").await.status, 412);
    let delete = |tag: &'static str| Answer::to(app.request(Method::DELETE, &path).header("if-match", tag));
    assert_eq!(delete("\"3\"").await.status, 412);
    assert_eq!(delete("\"4\"").await.status, 204);
}
