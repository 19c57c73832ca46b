//! Imports that report their progress as lines.

use super::{HEADER, devices, station};
use crate::answer::Answer;
use crate::app::{TestApp, settings};
use diesel_async::SimpleAsyncConnection as _;
use insta::assert_snapshot;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::fmt::Write as _;
use testkit::TestDatabase;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn follow(app: &TestApp, query: &str, rows: &str) -> RequestBuilder {
    let request = app.request(Method::POST, &format!("/api/v1/piles/import{query}"));
    let request = request.header("content-type", "text/csv").header("accept", "application/x-ndjson");
    request.body(format!("{HEADER}\n{rows}"))
}

fn received_lines(answer: &Answer) -> Vec<Value> {
    answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `count` rows of piles in the station `at`.
fn rows(at: &str, count: u32) -> String {
    let mut rows = String::new();
    for number in 0..count {
        writeln!(rows, "{at},CP-{number},,DC-120,120,DC,").unwrap();
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_the_progress_of_an_import() {
    let app = TestApp::start().await;
    let at = station(&app).await;
    let rows = rows(&at, 5_000);
    let answer = Answer::to(follow(&app, "", &rows)).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("application/x-ndjson")));
    assert!(answer.text().ends_with("}\n"));
    let mut lines = received_lines(&answer);
    let last = lines.pop().unwrap();
    assert_eq!(
        last,
        json!({"report": {
            "dryRun": false, "mode": "atomic", "applied": true, "issuedBy": "anonymous",
            "importId": last["report"]["importId"], "rows": 5_000, "created": 5_000, "updated": 0, "unchanged": 0,
            "failed": 0, "errors": [], "errorsLeftOut": 0,
        }})
    );
    assert_eq!(lines[0], json!({"progress": {"phase": "checking", "rows": 0, "bytes": 0}}));
    let place = |line: &Value| {
        let line = &line["progress"];
        let is_writing = match line["phase"].as_str().unwrap() {
            "checking" => false,
            "writing" => true,
            other => panic!("{other}"),
        };
        (is_writing, line["rows"].as_u64().unwrap(), line["bytes"].as_u64().unwrap())
    };
    let places: Vec<_> = lines.iter().map(place).collect();
    assert!(places.is_sorted() && places.contains(&(true, 0, 0)), "{places:?}");
    let most = u64::try_from(HEADER.len() + 1 + rows.len()).unwrap();
    assert!(places.iter().all(|(_, rows, bytes)| *rows <= 5_000 && *bytes <= most), "{places:?}");

    // A dry run and a best-effort import each have one phase.
    for (query, phase) in [("?dryRun=true", "checking"), ("?mode=best-effort", "writing")] {
        let lines = received_lines(&Answer::to(follow(&app, query, &rows)).await);
        let (last, progress) = lines.split_last().unwrap();
        assert_eq!(last["report"]["unchanged"], 5_000);
        assert!(progress.iter().all(|line| line["progress"]["phase"] == phase), "{progress:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_prefer_json_receive_one_report() {
    let app = TestApp::start().await;
    for accept in ["*/*", "application/json, application/x-ndjson;q=0.5", "application/*;q=0.9", "rubbish"] {
        let request = app.request(Method::POST, "/api/v1/piles/import").header("content-type", "text/csv");
        let answer = Answer::to(request.header("accept", accept).body(HEADER)).await;
        assert_eq!(
            (answer.header("content-type"), &answer.json()["rows"]),
            (Some("application/json"), &json!(0))
        );
    }
    let request = app.request(Method::POST, "/api/v1/piles/import").header("content-type", "text/csv");
    let answer = Answer::to(request.header("accept", "application/x-ndjson, */*;q=0.1").body(HEADER)).await;
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_before_the_import_starts_are_plain_problems() {
    let database = TestDatabase::new().await;
    let mut settings = settings(&database);
    settings.import.max_concurrent = 0;
    let app = TestApp::start_with(database, settings).await;
    assert_snapshot!(Answer::to(follow(&app, "", "")).await.snapshot(), @r#"
    503 Service Unavailable
    content-type: application/problem+json
    retry-after: 5

    {
      "code": "TOO_MANY_IMPORTS",
      "instance": "/api/v1/piles/import",
      "status": 503,
      "title": "Too many imports are running",
      "type": "https://charging.example/problems/too-many-imports"
    }
    "#);
    let app = TestApp::start().await;
    let header = follow(&app, "", "").body("modle\n");
    for (request, status) in [(header, 400), (follow(&app, "?mode=some", ""), 400)] {
        let answer = Answer::to(request).await;
        let kind = answer.header("content-type");
        assert_eq!((answer.status.as_u16(), kind), (status, Some("application/problem+json")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_the_last_line() {
    let database = TestDatabase::new().await;
    let mut settings = settings(&database);
    settings.import.work_timeout_ms = 0;
    let app = TestApp::start_with(database, settings).await;
    let at = station(&app).await;
    let answer = Answer::to(follow(&app, "", &rows(&at, 2_000))).await;
    let lines = received_lines(&answer);
    let last = &lines.last().unwrap()["problem"];
    assert_eq!((answer.status.as_u16(), &last["code"]), (200, &json!("REQUEST_DEADLINE_EXCEEDED")));
    assert_eq!((&last["status"], &last["instance"]), (&json!(503), &json!("/api/v1/piles/import")));
    assert_eq!(devices(&app).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_continues_when_its_client_disconnects() {
    let app = TestApp::start().await;
    let at = station(&app).await;
    // Nothing can be written before the client has disconnected.
    let mut holder = app.database.pool.connection().await.unwrap();
    holder.batch_execute("begin; lock table piles in share mode").await.unwrap();
    let mut client = tokio::net::TcpStream::connect(app.address()).await.unwrap();
    let body = format!("{HEADER}\n{}", rows(&at, 3));
    let head = format!(
        "POST /api/v1/piles/import HTTP/1.1\r\nhost: x\r\naccept: application/x-ndjson\r\ncontent-type: text/csv\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    client.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut begin = [0; 15];
    client.read_exact(&mut begin).await.unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200 OK");
    drop(client);
    let waits = "select count(*) > 0 from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock' and query like '%insert into piles%'";
    testkit::eventually("the import waits for the lock", async || app.database.json(waits).await == true)
        .await;
    assert_eq!(devices(&app).await.len(), 0);
    holder.batch_execute("commit").await.unwrap();
    testkit::eventually("the import completes", async || devices(&app).await.len() == 3).await;
}
