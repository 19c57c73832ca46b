//! Search and filters for stations and piles, and the availability of stations.

use crate::app::{TestApp, pile};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// `CP-1` has a free and a charging connector, `CP-2` is offline, `CP-3` was never connected.
const LIVE_STATE: &str = "
    insert into charge_points (charge_point_id, online, last_seen_at)
    values ('CP-1', true, clock_timestamp()), ('CP-2', false, '2026-07-25T10:10:00Z');
    insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at,
                            status_partition, status_offset, status_event)
    select device, n, status, '2026-07-25T10:00:00Z', '2026-07-25T10:00:00Z', 0, n, n
    from (values ('CP-1', 1, 'Charging'), ('CP-1', 2, 'Available'), ('CP-2', 1, 'Available')) c (device, n, status)";

/// Creates two stations: one in Shanghai with all three piles, one far away without piles. Returns
/// the path of the first.
async fn sites(app: &TestApp) -> String {
    let far = json!({ "name": "East Cape", "operatorId": "op-1", "latitude": -37.7, "longitude": 178.5 });
    app.post("/api/v1/stations", &far).await;
    let near = json!({ "name": "人民广场站", "address": "上海市黄浦区", "operatorId": "op-7", "status": "Closed",
                       "latitude": 31.23, "longitude": 121.47 });
    let station = app.post("/api/v1/stations", &near).await.header("location").unwrap().to_owned();
    app.database.execute(LIVE_STATE).await;
    for device in ["CP-1", "CP-2", "CP-3"] {
        let mut body = pile(device);
        body["connectors"] = json!([{ "connectorId": 1, "type": "GB_DC", "maxPowerKw": 120 }]);
        body["name"] = json!(format!("{device}号桩"));
        app.post(&format!("{station}/piles"), &body).await;
    }
    station
}

async fn found(app: &TestApp, path: &str, field: &str) -> Vec<Value> {
    let page = app.get(path).await.json();
    page["items"].as_array().expect(path).iter().map(|item| item[field].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_the_availability_of_a_station() {
    let app = TestApp::start().await;
    let station = sites(&app).await;
    assert_snapshot!(app.get(&format!("{station}/availability")).await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "byType": [
        {
          "connectors": {
            "Available": 1
          },
          "type": null
        },
        {
          "connectors": {
            "Charging": 1,
            "Offline": 1,
            "Unknown": 1
          },
          "type": "GB_DC"
        }
      ],
      "confidence": {
        "live": 2,
        "unknown": 1
      },
      "connectors": {
        "Available": 1,
        "Charging": 1,
        "Offline": 1,
        "Unknown": 1
      },
      "piles": {
        "Available": 1,
        "Offline": 1,
        "Unknown": 1
      },
      "stationId": "[id 1]"
    }
    "#);
    let counts = json!({
        "piles": { "Available": 1, "Offline": 1, "Unknown": 1 },
        "connectors": { "Available": 1, "Charging": 1, "Offline": 1, "Unknown": 1 },
        "confidence": { "live": 2, "unknown": 1 },
    });
    assert_eq!(app.get(&station).await.json()["availability"], counts);
    let page = app.get("/api/v1/stations").await.json();
    assert_eq!(page["items"][0]["availability"], counts);
    assert_eq!(page["items"][1]["availability"], json!({ "piles": {}, "connectors": {}, "confidence": {} }));
    assert_eq!(app.put(&station, &json!({ "name": "a" })).await.json()["availability"], counts);
    let nowhere = "/api/v1/stations/0192f0b0-0000-7000-8000-000000000000/availability";
    assert_eq!(app.get(nowhere).await.json()["code"], "STATION_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_stations_by_their_fields() {
    let app = TestApp::start().await;
    sites(&app).await;
    let (here, far) = ("人民广场站", "East Cape");
    for (query, expected) in [
        ("q=人民", vec![here]),
        ("q=黄浦+广场", vec![here]),
        ("q=cape", vec![far]),
        ("operatorId=op-1", vec![far]),
        ("operatorId=op", vec![]),
        ("status=Closed", vec![here]),
        ("availableOnly=true", vec![here]),
        ("availableOnly=false", vec![here, far]),
        ("availableOnly=true&status=Open", vec![]),
        ("retired=true", vec![]),
    ] {
        assert_eq!(found(&app, &format!("/api/v1/stations?{query}"), "name").await, expected, "{query}");
    }
    app.delete(&format!(
        "/api/v1/stations/{}",
        found(&app, "/api/v1/stations?q=cape", "id").await[0].as_str().unwrap()
    ))
    .await;
    assert_eq!(found(&app, "/api/v1/stations?retired=true", "name").await, [far]);
    assert!(found(&app, "/api/v1/stations?retired=true", "retiredAt").await[0].is_string());
    assert_eq!(found(&app, "/api/v1/stations", "name").await, [here]);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_piles_by_their_live_state() {
    let app = TestApp::start().await;
    sites(&app).await;
    for (query, expected) in [
        ("status=Available", vec!["CP-1"]),
        ("status=Charging", vec![]),
        ("status=Offline", vec!["CP-2"]),
        ("status=Unknown", vec!["CP-3"]),
        ("online=true", vec!["CP-1"]),
        ("online=false", vec!["CP-3", "CP-2"]),
        ("q=2号", vec!["CP-2"]),
        ("q=cp-&limit=2", vec!["CP-3", "CP-2"]),
        ("q=cp-&online=true", vec!["CP-1"]),
    ] {
        assert_eq!(
            found(&app, &format!("/api/v1/piles?{query}"), "chargePointId").await,
            expected,
            "{query}"
        );
    }
    let first = app.get("/api/v1/piles?q=cp-&limit=2").await.json();
    let next = format!("/api/v1/piles?q=cp-&limit=2&cursor={}", first["nextCursor"].as_str().unwrap());
    assert_eq!(found(&app, &next, "chargePointId").await, ["CP-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_the_nearest_station_first() {
    let app = TestApp::start().await;
    for (name, longitude) in [("c", -179.9), ("a", 179.95), ("b", -179.96), ("z", 170.0)] {
        app.post("/api/v1/stations", &json!({ "name": name, "latitude": 0, "longitude": longitude })).await;
    }
    app.station().await;
    let near = "/api/v1/stations?near=0,179.96&radiusM=20000";
    assert_eq!(found(&app, near, "name").await, ["a", "b", "c"]);
    assert_eq!(found(&app, near, "distanceM").await, [1112.0, 8895.6, 15567.3]);
    let first = app.get(&format!("{near}&limit=2")).await.json();
    let cursor = first["nextCursor"].as_str().unwrap();
    let next = app.get(&format!("{near}&limit=2&cursor={cursor}")).await.json();
    assert_eq!((&next["items"][0]["name"], &next["nextCursor"]), (&json!("c"), &Value::Null));
    assert_eq!(found(&app, "/api/v1/stations?near=0,179.96", "name").await, ["a", "b"]);
    assert_eq!(found(&app, "/api/v1/stations?near=0,179.96&q=b", "name").await, ["b"]);
    assert!(app.get("/api/v1/stations").await.json()["items"][0].get("distanceM").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_all_faults_of_a_query() {
    let app = TestApp::start().await;
    let query = "near=91,0&radiusM=0&status=Shut&availableOnly=maybe&retired=true&q=%00&city=x";
    assert_snapshot!(app.get(&format!("/api/v1/stations?{query}")).await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "q",
          "message": "must not contain control characters"
        },
        {
          "field": "status",
          "message": "must be one of Planned, Open, Closed"
        },
        {
          "field": "availableOnly",
          "message": "must be true or false"
        },
        {
          "field": "retired",
          "message": "cannot be combined with near"
        },
        {
          "field": "radiusM",
          "message": "must be a number from 1 to 500000"
        },
        {
          "field": "near",
          "message": "latitude must be within ±90 and longitude within ±180 degrees"
        },
        {
          "field": "city",
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
async fn refuses_an_invalid_place() {
    let app = TestApp::start().await;
    for near in
        ["near=31.2", "near=a,b", "near=31.2,121.4,5", "radiusM=5", "near=nan,0", "near=1,2&radiusM=500001"]
    {
        assert_eq!(
            app.get(&format!("/api/v1/stations?{near}")).await.json()["code"],
            "INVALID_REQUEST",
            "{near}"
        );
    }
    let by_age = "/api/v1/stations?near=1,2&cursor=AQ";
    assert_eq!(app.get(by_age).await.json()["code"], "INVALID_CURSOR");
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_invalid_status() {
    let app = TestApp::start().await;
    assert_snapshot!(app.get("/api/v1/piles?status=Gone&online=1").await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "status",
          "message": "must be one of Unknown, Offline, Available, Preparing, Reserved, Finishing, SuspendedEV, SuspendedEVSE, Charging, Unavailable, Faulted"
        },
        {
          "field": "online",
          "message": "must be true or false"
        }
      ],
      "instance": "/api/v1/piles",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}
