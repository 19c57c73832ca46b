//! Paging through lists.

use crate::app::{TestApp, pile};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::collections::HashSet;

/// Reads a list page by page; returns the number of items of each page, and all ids.
async fn walk(app: &TestApp, path: &str) -> (Vec<usize>, Vec<String>) {
    let (mut sizes, mut ids) = (Vec::new(), Vec::new());
    let mut next = path.to_owned();
    loop {
        let page = app.get(&next).await.json();
        let items = page["items"].as_array().unwrap();
        sizes.push(items.len());
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Value::String(cursor) = &page["nextCursor"] else {
            return (sizes, ids);
        };
        next = format!("{path}&cursor={cursor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_every_station_on_one_page_newest_first() {
    // The feed does not report what a test writes with SQL.
    let app = TestApp::start_without_station_map().await;
    // Ten stations share each instant, so that the instant alone does not identify the end of a
    // page.
    app.database
        .execute(
            "insert into stations (id, name, status, created_at, updated_at, version)
             select gen_random_uuid(), 'S' || n, 'Open', at, at, 1
             from (select n, timestamptz '2026-01-01' + (n / 10) * interval '1 day' as at
                   from generate_series(0, 119) n) made",
        )
        .await;
    let (sizes, ids) = walk(&app, "/api/v1/stations?limit=7").await;
    assert_eq!(sizes.len(), 18);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 120);

    let (sizes, again) = walk(&app, "/api/v1/stations?limit=50").await;
    assert_eq!(sizes, [50, 50, 20]);
    assert_eq!(again, ids);
    let (sizes, _) = walk(&app, "/api/v1/stations?limit=120").await;
    assert_eq!(sizes, [120]);
    assert_eq!(app.get("/api/v1/stations").await.json()["items"].as_array().unwrap().len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_its_items_and_the_next_cursor() {
    let app = TestApp::start().await;
    app.post("/api/v1/stations", &json!({ "name": "first" })).await;
    app.post("/api/v1/stations", &json!({ "name": "second" })).await;
    assert_snapshot!(app.get("/api/v1/stations?limit=1").await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "countedAt": "[now]",
      "items": [
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
          "name": "second",
          "openingHours": null,
          "operatorId": null,
          "retiredAt": null,
          "startableStatuses": null,
          "status": "Open",
          "updatedAt": "[now]",
          "version": 1
        }
      ],
      "nextCursor": "[cursor]"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_invalid_query() {
    let app = TestApp::start().await;
    assert_snapshot!(app.get("/api/v1/stations?limit=201&ofset=3").await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "limit",
          "message": "must be a whole number from 1 to 200"
        },
        {
          "field": "ofset",
          "message": "is not recognized"
        }
      ],
      "instance": "/api/v1/stations",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    // A cursor of the right length, but with a time before the earliest one of PostgreSQL.
    let forged = "/api/v1/stations?cursor=AYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(app.get(forged).await.json()["code"], "INVALID_CURSOR");
    assert_snapshot!(app.get("/api/v1/stations?cursor=AAAA").await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_CURSOR",
      "instance": "/api/v1/stations",
      "status": 400,
      "title": "Cursor is not valid",
      "type": "https://charging.example/problems/invalid-cursor"
    }
    "#);
    let query = "/api/v1/piles?limit=0&stationId=north&chargePointId=a%2Fb";
    assert_snapshot!(app.get(query).await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "limit",
          "message": "must be a whole number from 1 to 200"
        },
        {
          "field": "stationId",
          "message": "must be a UUID"
        },
        {
          "field": "chargePointId",
          "message": "may only contain letters, digits and . _ : @ * + = | -"
        }
      ],
      "instance": "/api/v1/piles",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_piles_of_all_stations_one_station_or_one_device() {
    let app = TestApp::start().await;
    let (north, south) = (app.station().await, app.station().await);
    for (station, device) in [(&north, "CP-1"), (&south, "CP-2"), (&north, "CP-3")] {
        app.post(&format!("{station}/piles"), &pile(device)).await;
    }
    let listed = async |path: &str| {
        let page = app.get(path).await.json();
        let items = page["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["chargePointId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed("/api/v1/piles").await, ["CP-3", "CP-2", "CP-1"]);
    assert_eq!(listed(&format!("{north}/piles")).await, ["CP-3", "CP-1"]);
    assert_eq!(listed("/api/v1/piles?chargePointId=CP-2").await, ["CP-2"]);
    assert!(listed("/api/v1/piles?chargePointId=CP-9").await.is_empty());
    let south_id = south.rsplit('/').next().unwrap();
    assert_eq!(listed(&format!("/api/v1/piles?stationId={south_id}")).await, ["CP-2"]);
    let (sizes, ids) = walk(&app, "/api/v1/piles?limit=2").await;
    assert_eq!((sizes, ids.len()), (vec![2, 1], 3));
    let unknown = app.get("/api/v1/stations/0192f0b0-0000-7000-8000-000000000000/piles").await;
    assert_snapshot!(unknown.snapshot(), @r#"
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
}
