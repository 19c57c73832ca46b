//! Exports of sessions: whole lists as CSV and NDJSON, with limits and a last line that states the
//! outcome.

use crate::answer::Answer;
use crate::app::{TestApp, settings};
use reqwest::Method;
use serde_json::{Value, json};
use std::num::NonZeroUsize;
use testkit::TestDatabase;

const EXPORT: &str = "/api/v1/sessions/export";

/// This many ended sessions of `CP-1`, one per minute; five of each six have the token `RFID1`. Two
/// begin at the same instant.
fn sessions(count: usize) -> String {
    format!(
        "set statement_timeout = '2min';
         insert into sessions (id, charge_point_id, connector_id, id_tag, started_at, meter_start_wh, ended_at, end_reason,
                               meter_stop_wh)
         select gen_random_uuid(), 'CP-1', 1, case when n % 6 > 0 then 'RFID1' else 'RFID2' end, at, n, at + interval '30 s',
                'EVDisconnected', n + 0.5
         from generate_series(1, {count}) n,
              lateral (select timestamptz '2026-01-01' + greatest(n, 2) * interval '1 min' as at) began;
         analyze sessions"
    )
}

/// The service with `count` sessions and changed settings.
async fn start(count: usize, change: impl FnOnce(&mut asset_api::Settings)) -> TestApp {
    let database = TestDatabase::new().await;
    database.execute(&sessions(count)).await;
    let mut settings = settings(&database);
    change(&mut settings);
    TestApp::start_with(database, settings).await
}

/// The sessions of an NDJSON export, and its last line.
fn lines(text: &str) -> (Vec<Value>, Value) {
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let end = lines.pop().unwrap()["end"].take();
    assert!(end.is_object(), "{text:.300}");
    (lines.into_iter().map(|mut line| line["session"].take()).collect(), end)
}

async fn ndjson(app: &TestApp, query: &str) -> (Vec<Value>, Value) {
    let answer = app.get(&format!("{EXPORT}?format=ndjson{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    lines(answer.text())
}

/// The sessions of the list, page by page.
async fn listed(app: &TestApp, query: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/api/v1/sessions?limit=200&cursor={cursor}{query}")).await.json();
        all.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["nextCursor"].as_str() else { return all };
        next.clone_into(&mut cursor);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_the_same_sessions_as_the_list() {
    let app = start(1_300, |_| {}).await;
    for query in ["", "&idTag=RFID1", "&state=open", "&startedUntil=2026-01-01T10:00:00Z"] {
        let expected = listed(&app, query).await;
        let (exported, end) = ndjson(&app, query).await;
        assert_eq!(exported, expected, "{query}");
        assert_eq!(end, json!({ "outcome": "complete", "rows": expected.len(), "nextCursor": null }));
    }
    let accept = app.request(Method::GET, EXPORT).header("accept", "application/x-ndjson, text/csv;q=0.5");
    let answer = Answer::to(accept).await;
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let estimated: usize = answer.header("x-estimated-rows").unwrap().parse().unwrap();
    assert!((1_000..=1_600).contains(&estimated), "{estimated}");
    let wrong = app.get(&format!("{EXPORT}?format=xml&state=half")).await;
    assert_eq!(wrong.status, 400);
    assert_eq!(app.get(&format!("{EXPORT}?cursor=AAAA")).await.json()["code"], "INVALID_CURSOR");
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_csv_that_a_spreadsheet_does_not_run() {
    let app = start(501, |_| {}).await;
    app.database
        .execute(
            "insert into sessions (id, charge_point_id, connector_id, transaction_id, id_tag, started_at, ended_at, end_reason)
             values ('0192f0c1-0000-7000-8000-000000000001', 'CP-9', 2, '-634', '=1+1', '2027-01-01', '2027-01-02',
                     '@SUM(A1), \"x\"')",
        )
        .await;
    let answer = app.get(EXPORT).await;
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"sessions.csv\""));
    let rows: Vec<&str> = answer.text().split_terminator("\r\n").collect();
    assert_eq!(rows.len(), 1 + 502 + 1);
    assert!(
        rows[0].starts_with("id,pileId,") && rows[0].ends_with(",exportOutcome,nextCursor"),
        "{}",
        rows[0]
    );
    assert_eq!(
        rows[1],
        "0192f0c1-0000-7000-8000-000000000001,,,,CP-9,2,'-634,'=1+1,,,2027-01-01T00:00:00Z,event,2027-01-02T00:00:00Z,\
         \"'@SUM(A1), \"\"x\"\"\",,,,,,,,,,,,,,,,"
    );
    assert!(rows[2].ends_with(",EVDisconnected,,501.0,501.5,0.5,,,,,,,,,,,,"), "{}", rows[2]);
    assert_eq!(rows[503], ",,,,,,,,,,,,,,,,,,,,,,,,,,,,complete,");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_reaches_a_limit_continues_from_its_cursor() {
    let limited =
        |settings: &mut asset_api::Settings| settings.export.max_rows = NonZeroUsize::new(700).unwrap();
    let app = start(1_300, limited).await;
    let expected = listed(&app, "").await;
    let (mut exported, end) = ndjson(&app, "").await;
    assert_eq!((&end["outcome"], &end["rows"]), (&json!("rowLimit"), &json!(700)));
    let (rest, last) = ndjson(&app, &format!("&cursor={}", end["nextCursor"].as_str().unwrap())).await;
    exported.extend(rest);
    assert_eq!(last, json!({ "outcome": "complete", "rows": 600, "nextCursor": null }));
    assert_eq!(exported, expected);

    let app = start(1_300, |settings| settings.export.timeout_ms = 0).await;
    let answer = app.get(EXPORT).await;
    let last = answer.text().split_terminator("\r\n").last().unwrap().to_owned();
    let cursor = last.strip_prefix(",,,,,,,,,,,,,,,,,,,,,,,,,,,,timeLimit,").unwrap();
    let (rest, end) = ndjson(&app, &format!("&cursor={cursor}")).await;
    assert_eq!((rest.len(), &end["outcome"]), (500, &json!("timeLimit")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_fails_half_way_says_so_and_frees_its_slot() {
    let app = start(60_000, |settings| settings.export.max_concurrent = 1).await;
    let path = format!("{EXPORT}?format=ndjson");
    let abandoned = app.request(Method::GET, &path).send().await.unwrap();
    let busy = app.get(&path).await;
    assert_eq!((busy.status.as_u16(), &busy.json()["code"]), (503, &json!("TOO_MANY_EXPORTS")));
    assert_eq!(busy.header("retry-after"), Some("5"));
    drop(abandoned);
    let mut half = testkit::eventually_some("the slot is free", async || {
        let response = app.request(Method::GET, &path).send().await.unwrap();
        (response.status() == 200).then_some(response)
    })
    .await;
    let mut bytes = half.chunk().await.unwrap().unwrap().to_vec();
    // The service reads further pages only as this client takes them.
    app.database.execute("alter table sessions rename to elsewhere").await;
    while let Some(piece) = half.chunk().await.unwrap() {
        bytes.extend_from_slice(&piece);
    }
    let (mut exported, end) = lines(std::str::from_utf8(&bytes).unwrap());
    assert_eq!((&end["outcome"], &end["rows"]), (&json!("failed"), &json!(exported.len())));
    assert_eq!(app.get(&path).await.status, 500, "a failure before the first row is a problem");
    app.database.execute("alter table elsewhere rename to sessions").await;
    let (rest, last) = ndjson(&app, &format!("&cursor={}", end["nextCursor"].as_str().unwrap())).await;
    exported.extend(rest);
    assert_eq!((exported.len(), &last["outcome"]), (60_000, &json!("complete")));
    assert!(exported.is_sorted_by(|one, next| {
        let key = |session: &Value| (session["startedAt"].clone(), session["id"].clone());
        let (one, next) = (key(one), key(next));
        (one.0.as_str(), one.1.as_str()) > (next.0.as_str(), next.1.as_str())
    }));
}
