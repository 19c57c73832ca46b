//! The assignment of charge points to piles.

use crate::app::{TestApp, pile};
use insta::assert_snapshot;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;

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
      "detail": "CP-1 is in use",
      "instance": "/api/v1/stations/[id 1]/piles",
      "status": 409,
      "title": "The charge point id is in use",
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
