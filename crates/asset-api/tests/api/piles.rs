//! `/api/v1/piles`: creating, editing and retiring piles.

use crate::answer::Answer;
use crate::app::{TestApp, pile};
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;

const NOWHERE: &str = "/api/v1/piles/0192f0b0-0000-7000-8000-000000000000";

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
async fn reports_every_missing_field() {
    let app = TestApp::start().await;
    let piles = format!("{}/piles", app.station().await);
    assert_snapshot!(app.post(&piles, &json!({})).await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "chargePointId",
          "message": "is required"
        },
        {
          "field": "model",
          "message": "is required"
        },
        {
          "field": "ratedPowerKw",
          "message": "is required"
        }
      ],
      "instance": "/api/v1/stations/[id 1]/piles",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_all_faults_at_once() {
    let app = TestApp::start().await;
    let piles = format!("{}/piles", app.station().await);
    let body = json!({
        "chargePointId": "CP 001",
        "name": "",
        "model": ["DC"],
        "vendor": "a\nb",
        "serialNumber": "x".repeat(201),
        "ratedPowerKw": 0,
        "currentType": "dc",
        "connectors": [{ "connectorId": 0, "type": "CCS_2" }],
        "modle": "DC-120",
    });
    assert_snapshot!(app.post(&piles, &body).await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "chargePointId",
          "message": "may only contain letters, digits and . _ : @ * + = | -"
        },
        {
          "field": "name",
          "message": "must not be empty"
        },
        {
          "field": "model",
          "message": "must be a string"
        },
        {
          "field": "vendor",
          "message": "must not contain control characters"
        },
        {
          "field": "serialNumber",
          "message": "must have at most 200 characters"
        },
        {
          "field": "ratedPowerKw",
          "message": "must be more than 0 and at most 10000 kW"
        },
        {
          "field": "currentType",
          "message": "must be one of AC, DC"
        },
        {
          "field": "connectors",
          "message": "connectorId 0 is the whole pile; connectors are numbered from 1"
        },
        {
          "field": "modle",
          "message": "is not recognized"
        }
      ],
      "instance": "/api/v1/stations/[id 1]/piles",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn creates_a_pile_only_in_an_existing_station() {
    let app = TestApp::start().await;
    let nowhere = "/api/v1/stations/0192f0b0-0000-7000-8000-000000000000/piles";
    assert_snapshot!(app.post(nowhere, &full()).await.snapshot(), @r#"
    404 Not Found
    content-type: application/problem+json

    {
      "code": "STATION_NOT_FOUND",
      "instance": "/api/v1/stations/[id 1]/piles",
      "status": 404,
      "title": "There is no such station",
      "type": "https://charging.example/problems/station-not-found"
    }
    "#);
    assert_eq!(app.post("/api/v1/stations/north/piles", &full()).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn assigns_a_charge_point_to_at_most_one_pile() {
    let app = TestApp::start().await;
    let (first, second) = (app.pile("CP-1").await, app.pile("CP-2").await);
    let piles = format!("{}/piles", app.station().await);
    assert_snapshot!(app.post(&piles, &pile("CP-1")).await.snapshot(), @r#"
    409 Conflict
    content-type: application/problem+json

    {
      "code": "CHARGE_POINT_ID_CONFLICT",
      "detail": "CP-1 is the charge point of another pile",
      "instance": "/api/v1/stations/[id 1]/piles",
      "status": 409,
      "title": "The charge point is assigned to another pile",
      "type": "https://charging.example/problems/charge-point-id-conflict"
    }
    "#);
    assert_eq!(app.put(&second, &pile("CP-1")).await.json()["code"], "CHARGE_POINT_ID_CONFLICT");
    assert_eq!(app.get(&second).await.json()["version"], 1);
    assert_eq!(app.delete(&first).await.status, 204);
    assert_eq!(app.put(&second, &pile("CP-1")).await.status, 200);
    assert_eq!(app.post(&piles, &pile("CP-2")).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_hundred_concurrent_requests_gets_the_charge_point() {
    let app = Arc::new(TestApp::start().await);
    let piles = format!("{}/piles", app.station().await);
    let mut racing = JoinSet::new();
    for _ in 0..100 {
        let (app, piles) = (Arc::clone(&app), piles.clone());
        racing.spawn(async move { app.post(&piles, &pile("CP-1")).await.status.as_u16() });
    }
    let mut answers = BTreeMap::new();
    for status in racing.join_all().await {
        *answers.entry(status).or_insert(0) += 1;
    }
    assert_eq!(answers, BTreeMap::from([(201, 1), (409, 99)]));
    assert_eq!(app.get(&piles).await.json()["items"].as_array().unwrap().len(), 1);
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
      "instance": "/api/v1/piles/[id 1]",
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
async fn answers_404_for_unknown_ids() {
    let app = TestApp::start().await;
    assert_snapshot!(app.get(NOWHERE).await.snapshot(), @r#"
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
    assert_eq!(app.get("/api/v1/piles/CP-1").await.json()["code"], "PILE_NOT_FOUND");
    assert_eq!(app.put(NOWHERE, &full()).await.status, 404);
    assert_eq!(app.delete(NOWHERE).await.status, 404);
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
