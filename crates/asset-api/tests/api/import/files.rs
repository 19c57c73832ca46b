//! Formats of files: what counts as a row, and in which line it begins.

use super::{HEADER, counts, csv, devices, lines, send, station};
use crate::app::{TestApp, pile, settings};
use serde_json::{Value, json};
use testkit::TestDatabase;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const NDJSON: &str = "application/x-ndjson";

/// The messages of the faults.
fn messages(report: &Value) -> Vec<&str> {
    report["errors"].as_array().unwrap().iter().map(|fault| fault["message"].as_str().unwrap()).collect()
}

fn at_lines(numbers: &[i64]) -> Vec<(i64, String)> {
    numbers.iter().map(|line| (*line, "row".to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_files_without_rows() {
    let app = TestApp::start().await;
    for (kind, body) in
        [("text/csv", HEADER), ("text/csv", &format!("\n{HEADER}\r\n\r\n")), (NDJSON, ""), (NDJSON, "\n \n")]
    {
        let answer = send(&app, "", kind, body.to_owned()).await;
        let report = answer.json();
        assert_eq!((counts(&answer), &report["rows"], &report["applied"]), ([0; 4], &json!(0), &json!(true)));
    }
    for header in [b"".as_slice(), b"\n\n", b"\xEF\xBB\xBF", b"stationId,\xFF\n", b"\"stationId\n"] {
        let answer = send(&app, "", "text/csv", header.to_vec()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["field"]), (400, &json!("header")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_csv_rows_by_their_first_line() {
    let app = TestApp::start().await;
    let at = station(&app).await;
    let mut file = b"\xEF\xBB\xBF".to_vec();
    file.extend(HEADER.as_bytes());
    // The row of line 2 continues to line 4, line 5 is blank, 6 is not UTF-8, 7 is valid, 8 has too
    // many fields, 9 is valid.
    file.extend(format!("\r\n{at},CP-2,\"a\r\nb\r\nc\",DC,1,DC,\r\n\r\n{at},CP-6,\"").into_bytes());
    file.extend(b"\xC3\x28");
    let rest = format!(
        "\",DC,1,DC,\r\n{at},CP-7,,DC,1,DC,\r\n{at},CP-8,,DC,1,DC,,\r\n{at},CP-9,\"\"\"9\"\"\",DC,1,DC,"
    );
    file.extend(rest.into_bytes());
    let answer = send(&app, "?mode=best-effort", "text/csv", file).await;
    let expected = vec![(2, "name".to_owned()), (6, "row".to_owned()), (8, "row".to_owned())];
    assert_eq!((lines(&answer), counts(&answer)), (expected, [2, 0, 0, 3]));
    let report = answer.json();
    assert_eq!(messages(&report)[1..], ["is not valid UTF-8", "has 8 fields, the header has 7"]);
    assert_eq!(devices(&app).await, ["CP-7", "CP-9"]);
    let nine = app.get("/api/v1/piles?chargePointId=CP-9").await.json();
    assert_eq!(nine["items"][0]["name"], "\"9\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_json_rows_by_their_line() {
    let app = TestApp::start().await;
    let at = station(&app).await;
    let row = |device: &str| {
        let mut row = pile(device);
        row["stationId"] = json!(at);
        row.to_string()
    };
    let mut file = format!("\u{feff}{}\r\n\n  \n{{\"a\": \n[]\n", row("CP-1")).into_bytes();
    file.extend(b"{\"name\": \"\xFF\"}\n");
    file.extend(format!("{{\"a\": 1, \"a\": 1}}\n{} {{}}\n{}", row("CP-8"), row("CP-9")).into_bytes());
    let answer = send(&app, "?mode=best-effort", NDJSON, file).await;
    assert_eq!((lines(&answer), counts(&answer)), (at_lines(&[4, 5, 6, 7, 8]), [2, 0, 0, 5]));
    let report = answer.json();
    assert!(messages(&report).iter().all(|message| message.contains(" at column ")), "{report}");
    assert_eq!(devices(&app).await, ["CP-1", "CP-9"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_a_body_without_content_length() {
    let database = TestDatabase::new().await;
    let mut settings = settings(&database);
    settings.import.max_body_bytes = 100_000;
    let app = TestApp::start_with(database, settings).await;
    let mut client = tokio::net::TcpStream::connect(app.address()).await.unwrap();
    let head = "POST /api/v1/piles/import HTTP/1.1\r\nhost: x\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let piece = format!("c350\r\n{}\r\n", "x".repeat(50_000));
    for _ in 0..3 {
        client.write_all(piece.as_bytes()).await.unwrap();
    }
    let mut begin = [0; 12];
    client.read_exact(&mut begin).await.unwrap();
    assert_eq!(&begin, b"HTTP/1.1 413");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_a_thousand_faults_and_counts_all() {
    let app = TestApp::start().await;
    let answer = csv(&app, "?dryRun=true", &"x\n".repeat(1_700)).await;
    let report = answer.json();
    assert_eq!((lines(&answer).len(), &report["errorsLeftOut"]), (1_000, &json!(700)));
    assert_eq!((counts(&answer), lines(&answer)[999].0), ([0, 0, 0, 1_700], 1_001));
}

/// A file with one pile that has a Chinese name, in the charset of `encode`.
fn spreadsheet(at: &str, encode: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    encode(&format!("{HEADER}\r\n{at},CP-1,联通人民广场1号桩,DC-120,120,DC,\r\n"))
}

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}

fn utf_16le(text: &str) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn converts_files_of_other_charsets() {
    let app = TestApp::start().await;
    let at = station(&app).await;
    let returns = |text: &str| text.replace("\r\n", "\r").into_bytes();
    for (query, kind, file) in [
        ("", "text/csv", spreadsheet(&at, gbk)),
        ("?charset=gb18030", "text/csv", spreadsheet(&at, gbk)),
        ("", "text/csv; charset=GBK", spreadsheet(&at, gbk)),
        ("?charset=gb2312", "text/csv; charset=utf-8", spreadsheet(&at, gbk)),
        ("", "text/csv", spreadsheet(&at, utf_16le)),
        ("?charset=utf-16", "text/csv", spreadsheet(&at, utf_16le)),
        ("", "text/csv", spreadsheet(&at, returns)),
    ] {
        let answer = send(&app, query, kind, file).await;
        assert_eq!(answer.status, 200, "{query} {kind}: {}", answer.json());
        assert!(lines(&answer).is_empty(), "{query} {kind}");
        let pile = app.get("/api/v1/piles?chargePointId=CP-1").await.json();
        assert_eq!(pile["items"][0]["name"], "联通人民广场1号桩", "{query} {kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_wrong_charset_as_one_problem() {
    let app = TestApp::start().await;
    let at = station(&app).await;
    let mut nonsense = HEADER.as_bytes().to_vec();
    nonsense.extend(b"\n\xFF\xFE\xFD,1,2,3,4,5,6".repeat(1_000));
    let row = format!("{at},CP-1,联通人民广场1号桩,DC-120,120,DC,\n");
    let many = gbk(&format!("{HEADER}\n{}", row.repeat(1_000)));
    for (query, file, message) in [
        (
            "",
            nonsense.clone(),
            "is neither valid UTF-8 nor valid GB18030: 1000 lines cannot be read, the first is line 2; ",
        ),
        ("?charset=utf-8", many, "is not valid UTF-8: 1000 lines cannot be read, the first is line 2; "),
        ("?charset=gbk", nonsense, "is not valid GBK"),
    ] {
        let answer = send(&app, query, "text/csv", file).await;
        let errors = answer.json()["errors"].clone();
        assert_eq!((answer.status.as_u16(), errors.as_array().unwrap().len()), (400, 1), "{query}");
        assert_eq!(errors[0]["field"], "body");
        assert!(errors[0]["message"].as_str().unwrap().starts_with(message), "{errors}");
    }
    let answer = send(&app, "?charset=klingon", "text/csv", row).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["field"]), (400, &json!("charset")));
}
