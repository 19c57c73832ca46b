//! Refused requests: invalid fields, and unknown stations and piles.

use super::full;
use crate::app::TestApp;
use insta::assert_snapshot;
use serde_json::json;

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

const NOWHERE: &str = "/api/v1/piles/0192f0b0-0000-7000-8000-000000000000";

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
