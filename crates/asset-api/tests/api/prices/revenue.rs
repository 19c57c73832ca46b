//! Energy and revenue by day and month: those of the latest receipts.

use super::receipts::check_all;
use super::sessions::recorded;
use crate::app::TestApp;
use serde_json::{Value, json};

const SUMMER: &str = "from=2026-06-01&until=2026-08-01";

async fn listed(app: &TestApp, query: &str) -> Value {
    let answer = app.get(&format!("/api/v1/revenue?{SUMMER}{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_what_the_receipts_came_to() {
    let app = recorded().await;
    assert_eq!(listed(&app, "").await["items"], json!([]), "no receipt is written yet");
    check_all(&app).await;
    let money = |amount: &str| json!({ "amount": amount, "currency": "CNY" });
    let band = |wh: f64, electricity: &str, service: &str| json!({ "energyWh": wh, "electricity": money(electricity), "service": money(service) });
    let priced = json!({
        "startsOn": "2026-07-25", "operatorId": null, "stationId": null, "sessions": 1, "energyWh": 20_000.0,
        "revenue": {
            "currency": "CNY",
            "bands": { "sharp": band(5_000.0, "6.17", "4.00"), "peak": band(0.0, "0.00", "0.00"),
                       "flat": band(0.0, "0.00", "0.00"), "valley": band(15_000.0, "4.74", "12.00") },
            "electricity": money("10.91"), "service": money("16.00"), "sessionFee": money("0.00"),
            "chargingTime": money("0.00"), "occupancy": money("7.50"), "total": money("34.41"), "tax": money("0.00"),
            "totalWithTax": money("34.41"),
        },
    });
    let days = listed(&app, "").await;
    assert_eq!(days["items"][0], priced);
    let shown = |page: &Value| -> Vec<Value> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| json!([item["startsOn"], item["sessions"], item["revenue"]["currency"]])).collect()
    };
    assert_eq!(
        shown(&days),
        [json!(["2026-07-25", 1, "CNY"]), json!(["2026-07-25", 2, null]), json!(["2026-06-25", 1, null])]
    );
    let months = listed(&app, "&unit=month").await;
    assert_eq!(
        shown(&months),
        [json!(["2026-07-01", 1, "CNY"]), json!(["2026-07-01", 2, null]), json!(["2026-06-01", 1, null])]
    );
    let stations = listed(&app, "&groupBy=station").await;
    assert_eq!(
        shown(&stations),
        [json!(["2026-07-25", 1, "CNY"]), json!(["2026-07-25", 1, null]), json!(["2026-06-25", 1, null])]
    );
    let station = stations["items"][0]["stationId"].as_str().unwrap();
    assert_eq!(shown(&listed(&app, &format!("&stationId={station}")).await), shown(&stations));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_exports_have_the_same_periods() {
    let app = recorded().await;
    check_all(&app).await;
    let whole = listed(&app, "").await["items"].clone();
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = listed(&app, &format!("&limit=1&cursor={cursor}")).await;
        paged.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["nextCursor"].as_str() else { break };
        next.clone_into(&mut cursor);
    }
    assert_eq!(json!(paged), whole);
    let other = app.get(&format!("/api/v1/revenue?{SUMMER}&groupBy=station&cursor={cursor}")).await;
    assert_eq!(other.json()["code"], "INVALID_CURSOR", "a cursor of another grouping");
    let export = format!("/api/v1/revenue/export?{SUMMER}");
    let lines = app.get(&format!("{export}&format=ndjson")).await;
    let lines: Vec<Value> = lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let periods: Vec<_> = lines.iter().filter_map(|line| line.get("period")).collect();
    assert_eq!(json!(periods), whole);
    assert_eq!(lines[3], json!({ "end": { "outcome": "complete", "rows": 3, "nextCursor": null } }));
    let csv = app.get(&export).await;
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"revenue.csv\""));
    assert_eq!(csv.text().split("\r\n").filter(|row| !row.is_empty()).count(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_periods_that_are_missing_reversed_or_too_long() {
    let app = TestApp::start().await;
    for (query, fields) in [
        ("", vec!["from", "until"]),
        ("from=2026-06-01&until=2026-06-01", vec!["until"]),
        ("from=2026-06-01&until=2027-06-03", vec!["until"]),
        ("from=2026-06-01&until=2037-06-01&unit=month", vec!["until"]),
        ("from=2026-06-31&until=2026-07-01&groupBy=x&unit=y", vec!["from", "groupBy", "unit"]),
    ] {
        let refused = app.get(&format!("/api/v1/revenue?{query}")).await;
        assert_eq!(refused.status, 400, "{query}");
        let errors = refused.json()["errors"].as_array().unwrap().clone();
        let mut named: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
        named.sort_unstable();
        assert_eq!(named, fields, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn energy_is_that_of_the_receipts_without_money() {
    let app = recorded().await;
    let energy = async |query: &str| app.get(&format!("/api/v1/energy?{query}")).await.json();
    assert_eq!(energy(SUMMER).await, json!({ "sessions": 0, "energyWh": 0.0 }), "no receipt is written yet");
    check_all(&app).await;
    for days in [SUMMER, "from=2026-07-25&until=2026-07-26"] {
        let listed = app.get(&format!("/api/v1/revenue?{days}")).await.json();
        let sum = |field: &str| {
            listed["items"].as_array().unwrap().iter().filter_map(|item| item[field].as_f64()).sum::<f64>()
        };
        let shown = energy(days).await;
        assert_eq!(
            [&shown["sessions"], &shown["energyWh"]].map(Value::as_f64),
            ["sessions", "energyWh"].map(|field| Some(sum(field)))
        );
        assert!(sum("energyWh") >= 20_000.0, "{listed}");
    }
    let refused = app.get("/api/v1/energy?from=2026-06-01&until=2027-06-03&unit=month").await;
    let named: Vec<_> =
        refused.json()["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!((refused.status.as_u16(), json!(named)), (400, json!(["until", "unit"])));
}
