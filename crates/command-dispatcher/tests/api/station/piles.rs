//! The piles of a batch, with their commands or refusals.

use super::{app, mixed_station, station};
use crate::fleet::Device;
use insta::assert_snapshot;
use serde_json::json;
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn lists_piles_with_their_commands_or_refusals() {
    let app = app(&[]).await;
    let (station, online) = mixed_station(&app).await;
    let order = app.order(station, "reset", json!({"type": "Hard"})).await;
    app.finished(&order).await;
    let piles = format!("command-batches/{}/piles", order.text("batchId"));
    assert_snapshot!(app.get(&piles).await, @r#"
    200 OK
    {
      "items": [
        {
          "chargePointId": "CP",
          "code": "PILE_OFFLINE",
          "commandId": null,
          "detail": "no gateway is known for CP",
          "pileId": "[id]",
          "state": "refused"
        },
        {
          "chargePointId": "CP",
          "code": "PILE_OFFLINE",
          "commandId": null,
          "detail": "CP is offline",
          "pileId": "[id]",
          "state": "refused"
        },
        {
          "chargePointId": "CP",
          "code": null,
          "commandId": "[id]",
          "detail": null,
          "pileId": "[id]",
          "state": "published"
        },
        {
          "chargePointId": "CP",
          "code": null,
          "commandId": "[id]",
          "detail": null,
          "pileId": "[id]",
          "state": "published"
        }
      ],
      "nextCursor": null
    }
    "#);
    let listed = app.get(&piles).await;
    let command = listed.body["items"][3]["commandId"].as_str().unwrap();
    let command = app.get(&format!("commands/{command}")).await;
    assert_eq!(command.body["payload"], json!({"type": "Hard"}));
    assert_eq!(command.text("pileId"), online[0].id.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_piles_in_pages_and_by_state() {
    let app = app(&[]).await;
    let (station, _piles) = station(&app, 5).await;
    app.pile_in(station, Device::default()).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 100})).await;
    app.finished(&order).await;
    let piles = format!("command-batches/{}/piles", order.text("batchId"));
    let mut seen = BTreeSet::new();
    let mut query = "?limit=4".to_owned();
    for expected in [4, 2] {
        let page = app.get(&format!("{piles}{query}")).await;
        let items = page.body["items"].as_array().unwrap();
        assert_eq!(items.len(), expected);
        seen.extend(items.iter().map(|item| item["pileId"].to_string()));
        query = format!("?limit=4&cursor={}", page.body["nextCursor"].as_str().unwrap_or_default());
    }
    assert_eq!(seen.len(), 6);
    let refused = app.get(&format!("{piles}?state=refused")).await;
    assert_eq!(refused.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.get(&format!("{piles}?state=waiting")).await.body["items"], json!([]));

    let first = app.get(&format!("{piles}?limit=1")).await;
    let elsewhere = app.order(station, "reset", json!({})).await;
    let foreign =
        format!("command-batches/{}/piles?cursor={}", elsewhere.text("batchId"), first.text("nextCursor"));
    assert_eq!(app.get(&foreign).await.text("code"), "INVALID_CURSOR");
    assert_snapshot!(app.get(&format!("{piles}?state=lost")).await, @r#"
    400 Bad Request
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "state",
          "message": "must be one of waiting, refused, cancelled, accepted, published, unknown, confirmed, rejected, failed, expired"
        }
      ],
      "instance": "/api/v1/command-batches/[id]/piles",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}
