//! Restoring retired stations and piles.

use super::create_station;
use crate::answer::Answer;
use crate::app::{TestApp, pile};
use insta::assert_snapshot;
use reqwest::Method;

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
      "detail": "CP-1 is in use",
      "instance": "/api/v1/piles/[id 1]/restore",
      "status": 409,
      "title": "The charge point id is in use",
      "type": "https://charging.example/problems/charge-point-id-conflict"
    }
    "#);
    assert_eq!(app.delete(&new).await.status, 204);
    assert_eq!(restore().await.status, 200);
    assert_eq!(app.delete(&old).await.status, 204);
    assert_eq!(restore().await.json()["code"], "VERSION_MISMATCH");
}
