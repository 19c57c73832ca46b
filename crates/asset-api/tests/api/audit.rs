//! The audit over all resources: what is recorded, filters, and pages.

use crate::app::{TestApp, id, pile};
use crate::tariffs::lists::flat;
use serde_json::{Value, json};

/// Type, action and caller of each entry that `query` selects.
async fn listed(app: &TestApp, query: &str) -> Vec<Value> {
    let page = app.get(&format!("/api/v1/audit{query}")).await;
    assert_eq!(page.status, 200, "{query}: {}", page.text());
    let page = page.json();
    assert_eq!(page["nextCursor"], Value::Null, "{query}");
    let entries = page["items"].as_array().unwrap().iter();
    entries.map(|entry| json!([entry["thingType"], entry["action"], entry["by"]])).collect()
}

fn entry(thing_type: &str, action: &str) -> Value {
    json!([thing_type, action, "anonymous"])
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_everything_that_callers_did() {
    let app = TestApp::start().await;
    let station = app.station().await;
    let made = app.post(&format!("{station}/piles"), &pile("CP-1")).await;
    let pile = made.header("location").unwrap().to_owned();
    app.delete(&pile).await;
    let tariff = app.tariff(&flat("1")).await;
    let binding = app.bind(&tariff, &json!({ "level": "platform" })).await;
    let ended = app.post(&format!("{binding}/end"), &json!({})).await;
    assert_eq!(ended.status, 200, "{}", ended.text());
    app.put(&format!("{tariff}/draft"), &flat("2")).await;
    app.put(&format!("{tariff}/draft"), &flat("3")).await;
    app.delete(&format!("{tariff}/draft")).await;
    let expected = [
        entry("tariffVersion", "discarded"),
        entry("tariffVersion", "updated"),
        entry("tariffVersion", "created"),
        entry("tariffBinding", "ended"),
        entry("tariffBinding", "created"),
        entry("tariffVersion", "published"),
        entry("tariffVersion", "created"),
        entry("tariff", "created"),
        entry("pile", "retired"),
        entry("pile", "created"),
        entry("station", "created"),
    ];
    assert_eq!(listed(&app, "").await, expected);

    assert_eq!(listed(&app, "?thingType=pile").await, expected[8..10]);
    assert_eq!(listed(&app, "?thingType=station").await, expected[10..]);
    assert_eq!(listed(&app, "?thingType=tariff").await, expected[7..8]);
    assert_eq!(listed(&app, "?thingType=tariffBinding&action=ended").await, expected[3..4]);
    assert_eq!(listed(&app, &format!("?thingId={}", id(&pile))).await, expected[8..10]);
    let of_tariff: Vec<Value> = expected
        .iter()
        .filter(|entry| entry[0] == "tariff" || entry[0] == "tariffVersion")
        .cloned()
        .collect();
    assert_eq!(listed(&app, &format!("?thingId={}", id(&tariff))).await, of_tariff);
    assert_eq!(listed(&app, &format!("?thingId={}", id(&binding))).await, expected[3..5]);
    assert_eq!(listed(&app, "?action=retired").await, expected[8..9]);
    assert_eq!(listed(&app, "?by=anonymous").await, expected);
    assert_eq!(listed(&app, "?by=somebody").await, Vec::<Value>::new());
    assert_eq!(listed(&app, "?thingType=session").await, Vec::<Value>::new());

    let published = app.get("/api/v1/audit?action=published").await.json();
    let published = &published["items"][0];
    assert_eq!(published["thingId"], id(&tariff));
    assert_eq!((&published["version"], &published["changed"]), (&Value::Null, &json!(["effectiveFrom"])));
    assert_eq!(published["after"]["number"], 1);
    let ended = app.get("/api/v1/audit?thingType=tariffBinding&action=ended").await.json();
    assert_eq!(ended["items"][0]["changed"], json!(["effectiveUntil"]));
    assert_eq!(ended["items"][0]["before"]["subject"], json!({ "level": "platform" }));
    let retired = app.get("/api/v1/audit?action=retired").await.json();
    assert_eq!((&retired["items"][0]["version"], &retired["items"][0]["after"]), (&json!(2), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_what_an_import_wrote_before_it_failed() {
    let app = TestApp::start().await;
    // The 501st row, the first of the second transaction, cannot be written.
    app.database
        .execute(
            "create function refuse_station() returns trigger language plpgsql as $$
             begin raise exception 'full'; end $$;
             create trigger refuse_station before insert on stations for each row when (new.name = 'Station 501')
             execute function refuse_station()",
        )
        .await;
    let rows: String = (1..=600).map(|number| format!("Station {number}\n")).collect();
    let send = async |query: &str| {
        let request = app.request(reqwest::Method::POST, &format!("/api/v1/stations/import{query}"));
        let request = request.header("content-type", "text/csv").body(format!("name\n{rows}"));
        request.send().await.unwrap().status().as_u16()
    };
    assert!(send("?mode=best-effort").await >= 500);
    let page = app.get("/api/v1/audit?thingType=import").await.json();
    let counts = json!({
        "of": "stations", "mode": "best-effort", "rows": 500, "created": 500, "updated": 0, "unchanged": 0,
        "failed": 0, "interrupted": true,
    });
    assert_eq!(page["items"][0]["after"], counts);
    assert_eq!(app.database.json("(select count(*) from stations)").await, 500);
    assert!(send("").await >= 500);
    assert_eq!(listed(&app, "?thingType=import").await.len(), 1, "an atomic import wrote nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_imports_and_batches() {
    let app = TestApp::start().await;
    let csv = "name\nNorth\nSouth\n";
    let import = app.request(reqwest::Method::POST, "/api/v1/stations/import");
    let import = import.header("content-type", "text/csv").body(csv).send().await.unwrap();
    let report: Value = import.json().await.unwrap();
    assert_eq!(report["issuedBy"], "anonymous");
    let page = app.get("/api/v1/audit?thingType=import").await.json();
    assert_eq!(page["items"][0]["thingId"], report["importId"]);
    assert_eq!(page["items"][0]["action"], "imported");
    let counts = json!({
        "of": "stations", "mode": "atomic", "rows": 2, "created": 2, "updated": 0, "unchanged": 0, "failed": 0,
    });
    assert_eq!(page["items"][0]["after"], counts);
    assert_eq!(listed(&app, "?thingType=station").await.len(), 2, "the rows have entries of their own");
    let dry = app.request(reqwest::Method::POST, "/api/v1/stations/import?dryRun=true");
    let dry: Value =
        dry.header("content-type", "text/csv").body(csv).send().await.unwrap().json().await.unwrap();
    assert_eq!((&dry["issuedBy"], &dry["importId"]), (&json!("anonymous"), &Value::Null));
    assert_eq!(listed(&app, "?thingType=import").await.len(), 1);

    let station = app.station().await;
    app.database
        .execute(&format!(
            "insert into command_batches (id, station_id, name, command, rate_per_second, piles, created_at, expires_at)
             values ('0192f0c1-0000-7000-8000-00000000000b', '{}', 'Reset', '{{}}', 1, 3, now(), now() + interval '1 hour')",
            id(&station)
        ))
        .await;
    let page = app.get("/api/v1/audit?thingType=commandBatch").await.json();
    let batch = &page["items"][0];
    assert_eq!(batch["thingId"], "0192f0c1-0000-7000-8000-00000000000b");
    assert_eq!((&batch["action"], &batch["by"]), (&json!("created"), &json!("unknown")));
    assert_eq!(batch["after"], json!({ "stationId": id(&station), "name": "Reset", "piles": 3 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_every_entry_once() {
    let app = TestApp::start().await;
    // Many entries at one instant, as an import writes them, among others.
    app.database
        .execute(
            "insert into asset_edits (asset_id, version, action, edited_at, edited_by)
             select gen_random_uuid(), v, 'updated', timestamptz '2026-03-01T09:00:00.5Z' + (n / 10) * interval '1 ms', 'a' || n % 2
             from generate_series(1, 25) n, generate_series(1, 2) v",
        )
        .await;
    for (filter, expected) in
        [("", 50), ("&by=a1", 26), ("&from=2026-03-01T09:00:00.501Z&until=2026-03-01T09:00:00.502Z", 20)]
    {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = app.get(&format!("/api/v1/audit?limit=7{filter}{cursor}")).await.json();
            seen.extend(page["items"].as_array().unwrap().iter().map(|entry| {
                (
                    entry["at"].as_str().unwrap().to_owned(),
                    entry["thingId"].to_string(),
                    entry["version"].to_string(),
                )
            }));
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), expected, "{filter}");
        assert!(seen.is_sorted_by(|one, other| one > other), "{filter}: {seen:?}");
    }
    for wrong in ["cursor=AQ", "from=yesterday", "action=edited", "thingType=vehicle", "thingId=1", "by="] {
        assert_eq!(app.get(&format!("/api/v1/audit?{wrong}")).await.status, 400, "{wrong}");
    }
}
