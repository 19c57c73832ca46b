//! The list of all commands.

use crate::app::TestApp;
use crate::fleet::Device;
use serde_json::{Value, json};

/// The devices of a list of commands, in its order.
fn devices(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["chargePointId"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_listed_over_the_fleet_and_filtered() {
    let app = TestApp::start().await;
    let free = Device::online(&[(1, "Available")]);
    let (station, first) = (app.station().await, app.pile(free).await);
    let second = app.pile_in(station, free).await;
    let [one, two] = [&first, &second].map(|pile| pile.charge_point_id.as_str());
    let started = app.command(first.id, "start-transaction", json!({ "idTag": "T", "connectorId": 1 })).await;
    for pile in [second.id, first.id] {
        app.command(pile, "reset", json!({})).await;
    }
    let began = app.settled(&started.command_id().to_string()).await;
    let issued_at = began.text("issuedAt").to_owned();
    let (pile, until) = (first.id, issued_at.as_str());
    for (query, expected) in [
        (String::new(), vec![one, two, one]),
        (format!("stationId={station}"), vec![two]),
        (format!("pileId={pile}"), vec![one, one]),
        (format!("pileId={pile}&commandName=Reset"), vec![one]),
        ("commandName=RemoteStartTransaction&status=published&issuedBy=anonymous".to_owned(), vec![one]),
        ("issuedBy=order-service".to_owned(), vec![]),
        ("status=cancelled".to_owned(), vec![]),
        (format!("from={until}"), vec![one, two, one]),
        (format!("until={until}"), vec![]),
    ] {
        let list = app.get(&format!("commands?{query}")).await;
        assert_eq!((list.status.as_u16(), devices(&list.body)), (200, expected), "{query}");
        assert_eq!(list.body["nextCursor"], Value::Null, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_log_have_each_command_once() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    for _ in 0..3 {
        app.command(pile.id, "reset", json!({})).await;
    }
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("commands?limit=1{cursor}")).await.body;
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["commandId"].to_string()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let all = app.get("commands").await.body;
    let all: Vec<_> =
        all["items"].as_array().unwrap().iter().map(|item| item["commandId"].to_string()).collect();
    assert_eq!((ids.len(), &ids), (3, &all));
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_filters_of_the_log_are_named() {
    let app = TestApp::with(&[]).await;
    let id = uuid::Uuid::now_v7();
    for (query, field) in [
        ("status=lost".to_owned(), "status"),
        ("commandName=Explode".to_owned(), "commandName"),
        ("from=yesterday".to_owned(), "from"),
        (format!("stationId={id}&pileId={id}"), "pileId"),
        ("actor=me".to_owned(), "actor"),
    ] {
        let answer = app.get(&format!("commands?{query}")).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["errors"][0]["field"]),
            (400, &json!(field)),
            "{query}"
        );
    }
}
