//! Repeated and concurrent orders with one idempotency key.

use super::{app, station};
use crate::answer::Answer;
use serde_json::json;
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_order_returns_the_same_batch() {
    let app = app(&[]).await;
    let (station, piles) = station(&app, 2).await;
    let first = app.keyed_order(station, "order-1", json!({"statuses": ["Available", "Charging"]})).await;
    app.finished(&first).await;
    let again = app.keyed_order(station, "order-1", json!({"statuses": ["Charging", "Available"]})).await;
    assert_eq!((again.status, &again.location, &again.body), (first.status, &first.location, &first.body));
    assert!(again.is_replay && !first.is_replay);
    app.assert_each_commanded_once(&piles).await;

    let other = app.keyed_order(station, "order-1", json!({"type": "Hard"})).await;
    assert_eq!((other.status.as_u16(), other.text("code")), (422, "IDEMPOTENCY_KEY_REUSED"));
    let pile = app.post(&format!("piles/{}/commands/reset", piles[0].id));
    let pile = pile.header("Idempotency-Key", "order-1").json(&json!({})).send().await.unwrap();
    let pile = Answer::read(pile).await;
    assert_eq!((pile.status.as_u16(), pile.text("code")), (422, "IDEMPOTENCY_KEY_REUSED"));
    let pile = app.post(&format!("piles/{}/commands/reset", piles[0].id));
    assert_eq!(
        pile.header("Idempotency-Key", "order-2").json(&json!({})).send().await.unwrap().status(),
        202
    );
    let station = app.keyed_order(station, "order-2", json!({})).await;
    assert_eq!((station.status.as_u16(), station.text("code")), (422, "IDEMPOTENCY_KEY_REUSED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_orders_with_one_key_create_one_batch() {
    let app = app(&[]).await;
    let (station, piles) = station(&app, 3).await;
    let twins = (0..10).map(|_| app.keyed_order(station, "order-1", json!({})));
    let answers = futures_util::future::join_all(twins).await;
    assert!(answers.iter().all(|answer| answer.status == 202));
    assert_eq!(answers.iter().filter(|answer| !answer.is_replay).count(), 1);
    let ids: BTreeSet<_> = answers.iter().map(|answer| answer.text("batchId")).collect();
    assert_eq!(ids.len(), 1);
    app.finished(&answers[0]).await;
    app.assert_each_commanded_once(&piles).await;
}
