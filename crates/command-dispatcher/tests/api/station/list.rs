//! The list of batches.

use super::*;

/// The ids of a page of batches.
fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|batch| batch["batchId"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_the_batches_of_a_station_with_their_progress() {
    let app = app(&[]).await;
    let (station, _piles) = station(&app, 2).await;
    let first = app.order(station, "reset", json!({})).await;
    let elsewhere = app.order(app.station().await, "reset", json!({})).await;
    let last = app.order(station, "change-availability", json!({"type": "Operative"})).await;
    let [first, elsewhere, last] = [first, elsewhere, last].map(|order| order.text("batchId").to_owned());

    let shown = testkit::eventually_some("both batches to be finished", || async {
        let list = app.get(&format!("command-batches?stationId={station}")).await.body;
        let batches = list["items"].as_array().unwrap();
        batches.iter().all(|batch| batch["sent"] == 2 && batch["finishedAt"].is_string()).then_some(list)
    })
    .await;
    assert_eq!((ids(&shown), &shown["nextCursor"]), (vec![last.as_str(), first.as_str()], &Value::Null));
    assert_eq!(shown["items"][0]["commandName"], "ChangeAvailability");
    assert_eq!(ids(&app.get("command-batches").await.body), [&last, &elsewhere, &first]);

    let page = app.get(&format!("command-batches?stationId={station}&limit=1")).await;
    assert_eq!(ids(&page.body), [&last]);
    let cursor = page.text("nextCursor");
    let rest = app.get(&format!("command-batches?stationId={station}&limit=1&cursor={cursor}")).await.body;
    assert_eq!((ids(&rest), &rest["nextCursor"]), (vec![first.as_str()], &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_query_of_the_list_is_named() {
    let app = TestApp::with(&[]).await;
    let answer = app.get("command-batches?stationId=north").await;
    assert_eq!((answer.status.as_u16(), &answer.body["errors"][0]["field"]), (400, &json!("stationId")));
    let answer = app.get("command-batches?cursor=x").await;
    assert_eq!(answer.text("code"), "INVALID_CURSOR");
}
