//! `POST /api/v1/piles/import`: imports of many piles from one file.

mod files;
mod progress;
mod stations;

use crate::answer::Answer;
use crate::app::{TestApp, pile, settings};
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;
use testkit::TestDatabase;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const HEADER: &str = "stationId,chargePointId,name,model,ratedPowerKw,currentType,connectors";

async fn send(app: &TestApp, query: &str, kind: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = app.request(Method::POST, &format!("/api/v1/piles/import{query}"));
    Answer::to(request.header("content-type", kind).body(body)).await
}

async fn csv(app: &TestApp, query: &str, rows: &str) -> Answer {
    send(app, query, "text/csv", format!("{HEADER}\n{rows}")).await
}

async fn station(app: &TestApp) -> String {
    app.station().await.rsplit('/').next().unwrap().to_owned()
}

async fn devices(app: &TestApp) -> Vec<String> {
    let listed = app.get("/api/v1/piles?limit=200").await.json();
    let items = listed["items"].as_array().unwrap();
    let mut found: Vec<_> =
        items.iter().map(|pile| pile["chargePointId"].as_str().unwrap().to_owned()).collect();
    found.sort();
    found
}

/// The counts `created`, `updated`, `unchanged` and `failed`.
fn counts(answer: &Answer) -> [i64; 4] {
    let report = answer.json();
    ["created", "updated", "unchanged", "failed"].map(|name| report[name].as_i64().unwrap())
}

/// The lines and fields of the faults.
fn lines(answer: &Answer) -> Vec<(i64, String)> {
    let report = answer.json();
    let errors = report["errors"].as_array().unwrap().iter();
    errors.map(|e| (e["line"].as_i64().unwrap(), e["field"].as_str().unwrap().to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_csv_as_spreadsheets_write_it() {
    let app = TestApp::start().await;
    let at = station(&app).await;
    let body = format!(
        "\u{feff}{HEADER}\r\n{at},CP-1,\"1号桩, \"\"A\"\"\",DC-120,120.5,DC,\"[{{\"\"connectorId\"\":1,\"\"type\"\":\"\"GB_DC\"\"}}]\"\r\n\
         \r\n{at},CP-2,,AC-7,7,,\r\n"
    );
    let answer = send(&app, "", "text/csv; charset=UTF-8", body).await;
    assert_snapshot!(answer.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "applied": true,
      "created": 2,
      "dryRun": false,
      "errors": [],
      "errorsLeftOut": 0,
      "failed": 0,
      "importId": "[id 1]",
      "issuedBy": "anonymous",
      "mode": "atomic",
      "rows": 2,
      "unchanged": 0,
      "updated": 0
    }
    "#);
    let found = app.get("/api/v1/piles?chargePointId=CP-1").await.json()["items"][0].clone();
    assert_eq!(found["name"], "1号桩, \"A\"");
    assert_eq!((&found["ratedPowerKw"], &found["stationId"]), (&json!(120.5), &json!(at)));
    assert_eq!((&found["connectors"][0]["type"], &found["currentType"]), (&json!("GB_DC"), &json!("DC")));
    let second = app.get("/api/v1/piles?chargePointId=CP-2").await.json();
    assert_eq!(second["items"][0]["currentType"], json!(null));
    let least = format!("stationId,chargePointId,model,ratedPowerKw\n{at},CP-2,AC-7,7\n");
    assert_eq!(counts(&send(&app, "", "text/csv", least).await), [0, 0, 1, 0]);
    let path = format!("/api/v1/piles/{}/audit", found["id"].as_str().unwrap());
    let audit = app.get(&path).await.json();
    assert_eq!((&audit["items"][0]["action"], &audit["items"][0]["version"]), (&json!("created"), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn import_replaces_a_pile_like_put() {
    let app = TestApp::start().await;
    let path = app.pile("CP-1").await;
    let at = app.get(&path).await.json()["stationId"].clone();
    let mut same = pile("CP-1");
    same["stationId"] = at.clone();
    let mut other = same.clone();
    other["name"] = json!("new");
    let send_one = async |row: &Value| send(&app, "", "application/x-ndjson", format!("\n{row}\n")).await;
    assert_eq!(counts(&send_one(&same).await), [0, 0, 1, 0]);
    assert_eq!(app.get(&path).await.json()["version"], 1);
    assert_eq!(counts(&send_one(&other).await), [0, 1, 0, 0]);
    let now = app.get(&path).await.json();
    assert_eq!((&now["version"], &now["name"]), (&json!(2), &json!("new")));
    let audit = app.get(&format!("{path}/audit")).await.json();
    assert_eq!(
        (&audit["items"][0]["before"]["name"], &audit["items"][0]["after"]["name"]),
        (&json!(null), &json!("new"))
    );
    // The feed contains the edit, after the creation of the pile and the station.
    let reported = app
        .database
        .json("select changes->0->'kind'->'data' from feed_chunks order by id desc limit 1")
        .await;
    let last = reported.as_array().map_or(&reported, |rows| &rows[0]);
    assert_eq!((&last["action"], &last["version"]), (&json!("updated"), &json!(2)));
    other["stationId"] = json!(station(&app).await);
    let elsewhere = send_one(&other).await;
    assert_eq!((counts(&elsewhere), lines(&elsewhere)), ([0, 0, 0, 1], vec![(2, "stationId".to_owned())]));
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_every_fault_with_its_line_and_writes_nothing() {
    let app = TestApp::start().await;
    let at = station(&app).await;
    let nowhere = "0192f0b0-0000-7000-8000-000000000000";
    let rows = format!(
        "{at},CP-1,,DC,1,DC,\n{at},CP 2,\"two\nlines\",,x,dc,no\n{at},CP-1,,DC,1,DC,\n{nowhere},CP-4,,DC,1,DC,\nx,CP-5,,DC,1,DC,\n{at},CP-6\n"
    );
    let answer = csv(&app, "", &rows).await;
    assert_eq!((counts(&answer), answer.json()["applied"].clone()), ([1, 0, 0, 5], json!(false)));
    let reported = lines(&answer);
    let reported: Vec<_> = reported.iter().map(|(line, field)| (*line, field.as_str())).collect();
    let third = ["chargePointId", "name", "model", "ratedPowerKw", "currentType", "connectors"]
        .map(|field| (3, field));
    let rest = [(5, "chargePointId"), (6, "stationId"), (7, "stationId"), (8, "row")];
    assert_eq!(reported, [third.as_slice(), &rest].concat());
    assert_eq!(devices(&app).await, [""; 0]);
    let answer = csv(&app, "?mode=best-effort", &rows).await;
    assert_eq!((counts(&answer), answer.json()["applied"].clone()), ([1, 0, 0, 5], json!(true)));
    assert_eq!(devices(&app).await, ["CP-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn dry_run_reports_the_same_and_writes_nothing() {
    let app = TestApp::start().await;
    let at = station(&app).await;
    for mode in ["atomic", "best-effort"] {
        let answer = csv(&app, &format!("?dryRun=true&mode={mode}"), &format!("{at},CP-1,,DC,1,DC,\n")).await;
        assert_eq!((counts(&answer), answer.json()["applied"].clone()), ([1, 0, 0, 0], json!(false)));
    }
    assert_eq!(devices(&app).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_unsupported_content_and_invalid_headers() {
    let app = TestApp::start().await;
    for kind in ["application/json", "text/csv; charset=klingon", "application/x-ndjson; charset=gbk"] {
        let answer = send(&app, "", kind, String::new()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (415, &json!("UNSUPPORTED_MEDIA_TYPE")));
    }
    let packed = app.request(Method::POST, "/api/v1/piles/import").header("content-type", "text/csv");
    assert_eq!(packed.header("content-encoding", "gzip").body("x").send().await.unwrap().status(), 415);
    let answer = send(&app, "", "text/csv", "stationId,chargePointId,modle,model,model\n".to_owned()).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["errors"],
        json!([
            { "field": "modle", "message": "is not recognized" }, { "field": "model", "message": "is given twice" },
            { "field": "ratedPowerKw", "message": "is required" },
        ])
    );
    assert_eq!(send(&app, "", "text/csv", String::new()).await.json()["errors"][0]["field"], "header");
    assert_eq!(csv(&app, "?mode=some&dryRun=1", "").await.json()["errors"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_rows_and_files() {
    let database = TestDatabase::new().await;
    let mut settings = settings(&database);
    settings.import.max_body_bytes = 200_000;
    settings.import.max_rows = 3;
    let app = TestApp::start_with(database, settings).await;
    let at = station(&app).await;
    let row = |id: &str| format!("{at},{id},,DC,1,DC,\n");
    let long = format!("{{\"name\": \"{}\"}}\n{{\"modle\": 1\n", "x".repeat(70_000));
    let answer = send(&app, "", "application/x-ndjson", long).await;
    assert_eq!(lines(&answer), [(1, "row".to_owned()), (2, "row".to_owned())]);
    let open = format!("{}\"{}", row("CP-1"), row("CP-2").repeat(2_000));
    let answer = csv(&app, "", &open).await;
    assert_eq!((lines(&answer), devices(&app).await.len()), (vec![(3, "row".to_owned())], 0));
    let four: String = ["CP-1", "CP-2", "CP-3", "CP-4"].map(row).concat();
    let answer = csv(&app, "", &four).await;
    assert_eq!((lines(&answer), devices(&app).await.len()), (vec![(5, "row".to_owned())], 0));
    let answer = csv(&app, "", &row("CP-1").repeat(5_000)).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (413, &json!("BODY_TOO_LARGE")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incomplete_upload_leaves_nothing() {
    let database = TestDatabase::new().await;
    let mut settings = settings(&database);
    settings.import.max_concurrent = 1;
    let app = TestApp::start_with(database, settings).await;
    let at = station(&app).await;
    let rows = format!("{HEADER}\n{at},CP-1,,DC,1,DC,\n");
    let head = "POST /api/v1/piles/import?mode=best-effort HTTP/1.1\r\nhost: x\r\ncontent-type: text/csv\r\ncontent-length: 100000\r\n\r\n";
    let again = async || csv(&app, "?dryRun=true", &format!("{at},CP-2,,DC,1,DC,\n")).await;
    // While the upload is incomplete, it occupies the only slot.
    let mut client = testkit::eventually_some("the upload has the only slot", async || {
        let mut client = tokio::net::TcpStream::connect(app.address()).await.unwrap();
        client.write_all(format!("{head}{rows}").as_bytes()).await.unwrap();
        // The first request gets the slot; if that was the other one, try again.
        (again().await.status == 503).then_some(client)
    })
    .await;
    client.shutdown().await.unwrap();
    client.read_to_end(&mut Vec::new()).await.unwrap();
    testkit::eventually("the slot is free again", async || again().await.status == 200).await;
    assert_eq!(devices(&app).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_all_of_thousands_of_rows_or_none() {
    let app = TestApp::start().await;
    let at = station(&app).await;
    let mut rows = String::new();
    for number in 0..20_000 {
        writeln!(rows, "{at},CP-{number},,DC-120,120,DC,").unwrap();
    }
    let bad = format!("{rows}{at},CP-0,,DC-120,120,DC,\n");
    assert_eq!(lines(&csv(&app, "", &bad).await), [(20_002, "chargePointId".to_owned())]);
    assert_eq!(devices(&app).await.len(), 0);
    assert_eq!(counts(&csv(&app, "", &rows).await), [20_000, 0, 0, 0]);
    assert_eq!(counts(&csv(&app, "", &rows).await), [0, 0, 20_000, 0]);
    let renamed = rows.replace(",,DC-120,", ",N,DC-120,");
    assert_eq!(counts(&csv(&app, "?mode=best-effort", &renamed).await), [0, 20_000, 0, 0]);
}
