//! Edits of stations and piles: patches, retiring and restoring, and the audit.

use crate::answer::Answer;
use crate::app::{TestApp, pile};
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

#[tokio::test(flavor = "multi_thread")]
async fn restores_retired_stations_and_piles() {
    let app = TestApp::start().await;
    let station = create_station(&app).await;
    let pile_path =
        app.post(&format!("{station}/piles"), &pile("CP-1")).await.header("location").unwrap().to_owned();
    let before = app.get(&pile_path).await.json();
    let restore = |path: &str| {
        let path = format!("{path}/restore");
        let request = app.request(Method::POST, &path);
        Answer::to(request)
    };
    assert_snapshot!(restore(&pile_path).await.snapshot(), @r#"
    409 Conflict
    content-type: application/problem+json

    {
      "code": "PILE_NOT_RETIRED",
      "instance": "/api/v1/piles/[id 1]/restore",
      "status": 409,
      "title": "The pile is not retired",
      "type": "https://charging.example/problems/pile-not-retired"
    }
    "#);
    assert_snapshot!(restore(&station).await.snapshot(), @r#"
    409 Conflict
    content-type: application/problem+json

    {
      "code": "STATION_NOT_RETIRED",
      "instance": "/api/v1/stations/[id 1]/restore",
      "status": 409,
      "title": "The station is not retired",
      "type": "https://charging.example/problems/station-not-retired"
    }
    "#);
    assert_eq!(app.delete(&pile_path).await.status, 204);
    assert_eq!(app.delete(&station).await.status, 204);
    assert_snapshot!(restore(&pile_path).await.snapshot(), @r#"
    409 Conflict
    content-type: application/problem+json

    {
      "code": "STATION_RETIRED",
      "instance": "/api/v1/piles/[id 1]/restore",
      "status": 409,
      "title": "The station is retired; restore it first",
      "type": "https://charging.example/problems/station-retired"
    }
    "#);
    assert_eq!(restore(&station).await.header("etag"), Some("\"3\""));
    let restored = restore(&pile_path).await;
    assert_eq!(restored.header("etag"), Some("\"3\""));
    assert_eq!(app.get(&pile_path).await.json(), restored.json());
    assert_eq!(restored.json()["createdAt"], before["createdAt"]);
    assert_eq!(restored.json()["chargePointId"], "CP-1");
    assert_eq!(restore("/api/v1/piles/0192f0b0-0000-7000-8000-000000000000").await.status, 404);
    assert_eq!(restore("/api/v1/stations/0192f0b0-0000-7000-8000-000000000000").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_restore_a_pile_whose_device_is_assigned_elsewhere() {
    let app = TestApp::start().await;
    let old = app.pile("CP-1").await;
    assert_eq!(app.delete(&old).await.status, 204);
    let new = app.pile("CP-1").await;
    let restore =
        || Answer::to(app.request(Method::POST, &format!("{old}/restore")).header("if-match", "\"2\""));
    assert_snapshot!(restore().await.snapshot(), @r#"
    409 Conflict
    content-type: application/problem+json

    {
      "code": "CHARGE_POINT_ID_CONFLICT",
      "detail": "CP-1 is the charge point of another pile",
      "instance": "/api/v1/piles/[id 1]/restore",
      "status": 409,
      "title": "The charge point is assigned to another pile",
      "type": "https://charging.example/problems/charge-point-id-conflict"
    }
    "#);
    assert_eq!(app.delete(&new).await.status, 204);
    assert_eq!(restore().await.status, 200);
    assert_eq!(app.delete(&old).await.status, 204);
    assert_eq!(restore().await.json()["code"], "VERSION_MISMATCH");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_every_edit_in_the_audit() {
    let app = TestApp::start().await;
    let path = app.pile("CP-1").await;
    patch(&app, &path, &json!({ "model": "DC-60", "ratedPowerKw": 60 })).await;
    assert_snapshot!(app.get(&format!("{path}/audit?limit=1")).await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "items": [
        {
          "action": "updated",
          "after": {
            "chargePointId": "CP-1",
            "connectors": [],
            "currentType": null,
            "model": "DC-60",
            "name": null,
            "ratedPowerKw": 60.0,
            "serialNumber": null,
            "vendor": null
          },
          "at": "[now]",
          "before": {
            "chargePointId": "CP-1",
            "connectors": [],
            "currentType": null,
            "model": "DC-120",
            "name": null,
            "ratedPowerKw": 120.0,
            "serialNumber": null,
            "vendor": null
          },
          "by": "anonymous",
          "changed": [
            "model",
            "ratedPowerKw"
          ],
          "version": 2
        }
      ],
      "nextCursor": "[cursor]"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_through_the_edits_of_a_pile() {
    let app = TestApp::start().await;
    let path = app.pile("CP-1").await;
    patch(&app, &path, &json!({ "model": "DC-60" })).await;
    app.delete(&path).await;
    app.post(&format!("{path}/restore"), &json!({})).await;
    let audit = format!("{path}/audit");
    let shown = |page: &Value| -> Vec<Value> {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|edit| {
                let model = |side: &str| edit[side]["model"].clone();
                json!([edit["version"], edit["action"], model("before"), model("after")])
            })
            .collect()
    };
    let page = app.get(&format!("{audit}?limit=3")).await.json();
    assert_eq!(
        shown(&page),
        [
            json!([4, "restored", null, "DC-60"]),
            json!([3, "retired", "DC-60", null]),
            json!([2, "updated", "DC-120", "DC-60"]),
        ]
    );
    let cursor = page["nextCursor"].as_str().unwrap();
    let page = app.get(&format!("{audit}?limit=3&cursor={cursor}")).await.json();
    assert_eq!(shown(&page), [json!([1, "created", null, "DC-120"])]);
    assert_eq!(page["nextCursor"], Value::Null);
    assert_eq!(app.get(&format!("{audit}?cursor=AQ")).await.json()["code"], "INVALID_CURSOR");
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_edits_of_a_retired_station() {
    let app = TestApp::start().await;
    let station = create_station(&app).await;
    app.put(&station, &json!({ "name": "South" })).await;
    app.delete(&station).await;
    let edits = app.get(&format!("{station}/audit")).await.json();
    let edits: Vec<_> = edits["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| json!([edit["action"], edit["before"]["name"], edit["after"]["name"], edit["changed"]]))
        .collect();
    let changed = json!(["address", "facilities", "latitude", "longitude", "name", "openingHours"]);
    assert_eq!(
        edits,
        [
            json!(["retired", "South", null, []]),
            json!(["updated", "North", "South", changed]),
            json!(["created", null, "North", []]),
        ]
    );
    assert_eq!(
        app.get("/api/v1/piles/0192f0b0-0000-7000-8000-000000000000/audit").await.json()["code"],
        "PILE_NOT_FOUND"
    );
    assert_eq!(app.get("/api/v1/stations/0192f0b0-0000-7000-8000-000000000000/audit").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_no_edits_of_an_asset_older_than_the_audit() {
    let app = TestApp::start().await;
    let path = app.pile("CP-1").await;
    app.database.execute("delete from asset_edits").await;
    assert_eq!(app.get(&format!("{path}/audit")).await.json(), json!({ "items": [], "nextCursor": null }));
}
