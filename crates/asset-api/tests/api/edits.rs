//! Edits of stations and piles, with patches.

mod audit;
mod restore;
mod retention;

use crate::answer::Answer;
use crate::app::TestApp;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

async fn patch(app: &TestApp, path: &str, body: &Value) -> Answer {
    Answer::to(app.request(Method::PATCH, path).json(body)).await
}

fn station() -> Value {
    json!({
        "name": "North",
        "address": "虹桥路1号",
        "latitude": 31.2,
        "longitude": 121.4,
        "openingHours": { "weekly": [
            { "weekday": "Sunday", "from": "00:00", "to": "24:00" },
            { "weekday": "Monday", "from": "08:00", "to": "22:00" },
        ] },
        "facilities": ["Wifi", "Restroom", "Wifi"],
    })
}

async fn create_station(app: &TestApp) -> String {
    app.post("/api/v1/stations", &station()).await.header("location").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn patch_changes_only_the_fields_it_names() {
    let app = TestApp::start().await;
    let path = create_station(&app).await;
    let body = json!({ "name": "South", "address": null, "facilities": [] });
    assert_snapshot!(patch(&app, &path, &body).await.snapshot(), @r#"
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
      "latitude": 31.2,
      "longitude": 121.4,
      "name": "South",
      "openingHours": {
        "weekly": [
          {
            "from": "08:00",
            "to": "22:00",
            "weekday": "Monday"
          },
          {
            "from": "00:00",
            "to": "24:00",
            "weekday": "Sunday"
          }
        ]
      },
      "operatorId": null,
      "retiredAt": null,
      "startableStatuses": null,
      "status": "Open",
      "updatedAt": "[now]",
      "version": 2
    }
    "#);
    let always = json!({ "openingHours": { "always": true, "weekly": null } });
    let patched = patch(&app, &path, &always).await.json();
    assert_eq!(patched["openingHours"], json!({ "always": true }));
    assert_eq!(app.get(&path).await.json(), patched);
    let nothing = patch(&app, &path, &json!({})).await.json();
    assert_eq!((&nothing["name"], &nothing["version"]), (&json!("South"), &json!(4)));
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_patch_with_an_invalid_result_as_a_whole() {
    let app = TestApp::start().await;
    let path = create_station(&app).await;
    let body = json!({
        "name": null,
        "longitude": null,
        "openingHours": { "always": true },
        "facilities": ["Pool"],
        "nmae": null,
    });
    assert_snapshot!(patch(&app, &path, &body).await.snapshot(), @r#"
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
        },
        {
          "field": "openingHours",
          "message": "must have either always, which is true, or weekly"
        },
        {
          "field": "facilities",
          "message": "unknown variant `Pool`, expected one of `Restroom`, `Wifi`, `Canopy`, `WheelchairAccess`, `Lounge`, `Cafe`, `Restaurant`, `ConvenienceStore`, `Supermarket`, `Mall`, `Hotel`, `CarWash`, `Parking`"
        },
        {
          "field": "nmae",
          "message": "is not recognized"
        }
      ],
      "instance": "/api/v1/stations/[id 1]",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_eq!(app.get(&path).await.json()["version"], 1);
    let periods =
        json!({ "openingHours": { "weekly": [{ "weekday": "Monday", "from": "8:00", "to": "22:00" }] } });
    assert_eq!(
        patch(&app, &path, &periods).await.json()["errors"],
        json!([{ "field": "openingHours", "message": "a time of day must be written as HH:MM, from 00:00 to 24:00" }])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn patch_honors_if_match_and_merge_patch_content_type() {
    let app = TestApp::start().await;
    for path in [create_station(&app).await, app.pile("CP-1").await] {
        let send = |tag: &'static str| {
            let request = app.request(Method::PATCH, &path).header("if-match", tag);
            Answer::to(request.header("content-type", "application/merge-patch+json").body(r#"{"name":"a"}"#))
        };
        assert_eq!(send("\"1\"").await.header("etag"), Some("\"2\""));
        let late = send("\"1\"").await;
        assert_eq!((late.status.as_u16(), &late.json()["code"]), (412, &json!("VERSION_MISMATCH")));
        assert_eq!(send("*").await.json()["version"], 3);
    }
    let nowhere = "/api/v1/stations/0192f0b0-0000-7000-8000-000000000000";
    assert_eq!(patch(&app, nowhere, &json!({})).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_patches_of_different_fields_are_all_kept() {
    let app = TestApp::start().await;
    let path = create_station(&app).await;
    let (name, address, operator) =
        (json!({ "name": "a" }), json!({ "address": "b" }), json!({ "operatorId": "c" }));
    let answers =
        tokio::join!(patch(&app, &path, &name), patch(&app, &path, &address), patch(&app, &path, &operator),);
    for answer in [answers.0, answers.1, answers.2] {
        assert_eq!(answer.status, 200);
    }
    let now = app.get(&path).await.json();
    assert_eq!(
        [&now["name"], &now["address"], &now["operatorId"], &now["version"]],
        [&json!("a"), &json!("b"), &json!("c"), &json!(4)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_declared_and_reported_connectors_together() {
    let app = TestApp::start().await;
    let path = app.pile("CP-1").await;
    app.database
        .execute(
            "insert into charge_points (charge_point_id, online, last_seen_at)
             values ('CP-1', true, clock_timestamp());
             insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at,
                                     status_partition, status_offset, status_event)
             select 'CP-1', n, 'Available', '2026-07-25T10:00:00Z', '2026-07-25T10:00:00Z', 0, n, n
             from generate_series(0, 2) n where n <> 1",
        )
        .await;
    let body = json!({ "connectors": [
        { "connectorId": 2, "type": "GB_DC", "maxPowerKw": 60 },
        { "connectorId": 1, "type": "CCS_2" },
    ] });
    let shown = patch(&app, &path, &body).await.json();
    let shown: Vec<_> = shown["connectors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|connector| {
            json!([connector["connectorId"], connector["type"], connector["maxPowerKw"], connector["status"]])
        })
        .collect();
    assert_eq!(shown, [json!([1, "CCS_2", null, "Unknown"]), json!([2, "GB_DC", 60.0, "Available"])]);
    let none = patch(&app, &path, &json!({ "connectors": null })).await.json();
    assert_eq!(none["connectors"].as_array().unwrap().len(), 1);
    assert_eq!(none["connectors"][0]["type"], Value::Null);
    let twice =
        json!({ "connectors": [{ "connectorId": 1, "type": "NACS" }, { "connectorId": 1, "type": "NACS" }] });
    assert_eq!(
        patch(&app, &path, &twice).await.json()["errors"],
        json!([{ "field": "connectors", "message": "connectorId 1 is given twice" }])
    );
}
