//! The audit of edits.

use super::{create_station, patch};
use crate::app::TestApp;
use insta::assert_snapshot;
use serde_json::{Value, json};

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
          "reason": null,
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
