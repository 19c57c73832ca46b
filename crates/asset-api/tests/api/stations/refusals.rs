//! Refused requests: invalid fields and unknown ids.

use super::{STATIONS, full};
use crate::app::TestApp;
use insta::assert_snapshot;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn reports_all_faults_at_once() {
    let app = TestApp::start().await;
    let body = json!({
        "name": "a\u{7}b",
        "address": "x".repeat(201),
        "operatorId": 7,
        "latitude": 91,
        "longitude": "east",
        "status": "Shut",
        "nmae": "North",
    });
    assert_snapshot!(app.post(STATIONS, &body).await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "name",
          "message": "must not contain control characters"
        },
        {
          "field": "address",
          "message": "must have at most 200 characters"
        },
        {
          "field": "operatorId",
          "message": "must be a string"
        },
        {
          "field": "latitude",
          "message": "latitude must be within ±90 and longitude within ±180 degrees"
        },
        {
          "field": "longitude",
          "message": "must be a number"
        },
        {
          "field": "status",
          "message": "must be one of Planned, Open, Closed"
        },
        {
          "field": "nmae",
          "message": "is not recognized"
        }
      ],
      "instance": "/api/v1/stations",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_latitude_without_a_longitude() {
    let app = TestApp::start().await;
    assert_snapshot!(app.post(STATIONS, &json!({ "latitude": 1.5 })).await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "name",
          "message": "is required"
        },
        {
          "field": "longitude",
          "message": "is required with latitude"
        }
      ],
      "instance": "/api/v1/stations",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}

const NOWHERE: &str = "/api/v1/stations/0192f0b0-0000-7000-8000-000000000000";

#[tokio::test(flavor = "multi_thread")]
async fn answers_404_for_unknown_ids() {
    let app = TestApp::start().await;
    assert_snapshot!(app.get(NOWHERE).await.snapshot(), @r#"
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
    assert_snapshot!(app.get("/api/v1/stations/north").await.snapshot(), @r#"
    404 Not Found
    content-type: application/problem+json

    {
      "code": "STATION_NOT_FOUND",
      "instance": "/api/v1/stations/north",
      "status": 404,
      "title": "There is no such station",
      "type": "https://charging.example/problems/station-not-found"
    }
    "#);
    assert_eq!(app.put(NOWHERE, &full()).await.status, 404);
    assert_eq!(app.delete(NOWHERE).await.status, 404);
}
