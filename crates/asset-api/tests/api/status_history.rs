//! The status history of a pile.

use crate::app::TestApp;
use insta::assert_snapshot;
use serde_json::{Value, json};

/// `CP-1` connected, its connectors became free, one became faulty and recovered, and the device
/// disconnected. The last two changes were recorded together a day later. There is also a change of
/// another device.
const HISTORY: &str = "
    insert into status_changes
      (charge_point_id, noted_at, place, at, connector_id, status, previous_status, error_code, vendor_error_code, online,
       gateway_id)
    values
      ('CP-1', '2026-07-25T10:00:00.000001Z', 0, '2026-07-25T10:00:00Z', null, null, null, null, null, true, 'pod-1'),
      ('CP-1', '2026-07-25T10:00:00.000001Z', 1, '2026-07-25T10:00:00Z', 1, 'Available', null, null, null, null, null),
      ('CP-1', '2026-07-25T10:00:01.000000Z', 0, '2026-07-25T09:59:00Z', 2, 'Available', null, null, null, null, null),
      ('CP-1', '2026-07-25T10:00:02.000000Z', 7, '2026-07-25T10:00:01Z', 1, 'Faulted', 'Available', 'GroundFailure', 'E7', null,
       null),
      ('CP-1', '2026-07-26T10:00:00.000000Z', 3, '2026-07-26T09:59:58Z', 1, 'Available', 'Faulted', null, null, null, null),
      ('CP-1', '2026-07-26T10:00:00.000000Z', 4, '2026-07-26T09:59:59Z', null, null, null, null, null, false, null),
      ('CP-2', '2026-07-26T10:00:00.000000Z', 9, '2026-07-26T09:59:59Z', 1, 'Reserved', null, null, null, null, null)";

/// Starts the service with a pile of `CP-1` and [`HISTORY`]; returns the path of the history.
async fn fixture() -> (TestApp, String) {
    let app = TestApp::start().await;
    let path = app.pile("CP-1").await;
    let mut connection = app.database.pool.connection().await.unwrap();
    for day in ["2026-07-25", "2026-07-26"] {
        storage::devices::status_changes::DAYS.ensure(&mut connection, day.parse().unwrap()).await.unwrap();
    }
    app.database.execute(HISTORY).await;
    (app, format!("{path}/status-history"))
}

/// A short text for each item of the page.
fn summaries(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    let what = |item: &Value| match item["kind"].as_str().unwrap() {
        "status" => format!("{} {}", item["connectorId"], item["status"].as_str().unwrap()),
        _ => format!("online {}", item["online"]),
    };
    items.map(what).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_the_history_of_a_pile_newest_first() {
    let (app, history) = fixture().await;
    assert_snapshot!(app.get(&format!("{history}?limit=3")).await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "items": [
        {
          "at": "2026-07-26T09:59:59Z",
          "confidence": "live",
          "gatewayId": null,
          "kind": "connectivity",
          "notedAt": "2026-07-26T10:00:00Z",
          "online": false
        },
        {
          "at": "2026-07-26T09:59:58Z",
          "connectorId": 1,
          "errorCode": null,
          "kind": "status",
          "notedAt": "2026-07-26T10:00:00Z",
          "previousStatus": "Faulted",
          "status": "Available",
          "vendorErrorCode": null
        },
        {
          "at": "2026-07-25T10:00:01Z",
          "connectorId": 1,
          "errorCode": "GroundFailure",
          "kind": "status",
          "notedAt": "2026-07-25T10:00:02Z",
          "previousStatus": "Available",
          "status": "Faulted",
          "vendorErrorCode": "E7"
        }
      ],
      "nextCursor": "[cursor]"
    }
    "#);
    let all = ["online false", "1 Available", "1 Faulted", "2 Available", "1 Available", "online true"];
    for limit in 1..=6 {
        let (mut seen, mut next) = (Vec::new(), format!("{history}?limit={limit}"));
        loop {
            let page = app.get(&next).await.json();
            seen.extend(summaries(&page));
            let Value::String(cursor) = &page["nextCursor"] else { break };
            next = format!("{history}?limit={limit}&cursor={cursor}");
        }
        assert_eq!(seen, all, "with pages of {limit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_the_history_by_connector() {
    let (app, history) = fixture().await;
    let of = |query: &str| {
        let path = format!("{history}?{query}");
        let app = &app;
        async move { app.get(&path).await.json() }
    };
    assert_eq!(summaries(&of("connectorId=1").await), ["1 Available", "1 Faulted", "1 Available"]);
    assert_eq!(summaries(&of("connectorId=2").await), ["2 Available"]);
    assert_eq!(of("connectorId=0").await, json!({ "items": [], "nextCursor": null }));
    let first = of("connectorId=1&limit=2").await;
    let cursor = first["nextCursor"].as_str().unwrap();
    assert_eq!(summaries(&of(&format!("connectorId=1&limit=2&cursor={cursor}")).await), ["1 Available"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_takes_no_history_to_another_pile() {
    let (app, history) = fixture().await;
    let pile = history.trim_end_matches("/status-history");
    assert_eq!(app.delete(pile).await.status, 204);
    let gone = app.get(&history).await;
    assert_eq!((gone.status.as_u16(), &gone.json()["code"]), (404, &json!("PILE_NOT_FOUND")));
    let other = app.pile("CP-1").await;
    let taken = app.get(&format!("{other}/status-history")).await.json();
    assert_eq!(summaries(&taken), [""; 0], "the changes happened while the device was in the first pile");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_pile_shows_its_history_to_those_who_ask_for_it() {
    let (app, history) = fixture().await;
    let asked = format!("{history}?retired=true");
    let before = app.get(&asked).await.json();
    assert_eq!(
        before,
        app.get(&history).await.json(),
        "the history of a pile that is not retired is the same"
    );
    assert_eq!(app.delete(history.trim_end_matches("/status-history")).await.status, 204);
    for plain in [history.clone(), format!("{history}?retired=false")] {
        let gone = app.get(&plain).await;
        assert_eq!((gone.status.as_u16(), &gone.json()["code"]), (404, &json!("PILE_NOT_FOUND")), "{plain}");
    }
    assert_eq!(app.get(&asked).await.json(), before);
    let second = app.get(&format!("{asked}&connectorId=2&limit=1")).await.json();
    assert_eq!(summaries(&second), ["2 Available"]);
    // What the device does in its next pile is not part of it.
    app.pile("CP-1").await;
    let mut connection = app.database.pool.connection().await.unwrap();
    storage::devices::status_changes::ensure_today(&mut connection).await.unwrap();
    app.database
        .execute(
            "insert into status_changes (charge_point_id, noted_at, place, at, connector_id, status)
             values ('CP-1', clock_timestamp(), 0, clock_timestamp(), 1, 'Charging')",
        )
        .await;
    assert_eq!(app.get(&asked).await.json(), before);
    let nowhere = "/api/v1/piles/0192f0b0-0000-7000-8000-000000000000/status-history?retired=true";
    assert_eq!(app.get(nowhere).await.json()["code"], "PILE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_invalid_queries_for_the_history() {
    let (app, history) = fixture().await;
    for nowhere in ["0192f0b0-0000-7000-8000-000000000000", "seven"] {
        let answer = app.get(&format!("/api/v1/piles/{nowhere}/status-history")).await;
        assert_eq!(answer.json()["code"], "PILE_NOT_FOUND");
    }
    assert_eq!(app.get(&format!("{history}?cursor=AQ")).await.json()["code"], "INVALID_CURSOR");
    let wrong = app.get(&format!("{history}?connectorId=one&limit=0&status=Faulted")).await.json();
    let fields: Vec<_> = wrong["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["limit", "connectorId", "status"], "{wrong}");
    let far = app.get(&format!("{history}?connectorId=1001")).await.json();
    assert_eq!(far["errors"][0]["message"], "must be a whole number from 0 to 1000");
    let maybe = app.get(&format!("{history}?retired=maybe")).await.json();
    assert_eq!(maybe["errors"], json!([{ "field": "retired", "message": "must be true or false" }]));
}
