//! The reliability ledger: totals by profile and group, their export, and exclusions.

use crate::answer::Answer;
use crate::app::{TestApp, id};
use reqwest::Method;
use serde_json::{Value, json};

const EXCLUSIONS: &str = "/api/v1/reliability/exclusions";

/// The June of `docs/reliability.md` on one day: 720 hours in all, of which 8 are a fault, 8 are excluded
/// because of the grid, and 4 as maintenance. Another pile was up for a day.
async fn fixture() -> (TestApp, [String; 2]) {
    let app = TestApp::start().await;
    let piles = [app.pile("CP-1").await, app.pile("CP-2").await];
    for (device, pile, seconds) in [
        ("CP-1", &piles[0], "2520000, 28800, 0, 0, 0, 14400, 28800, 0, 0, 1, 1, 28800, 120, 117"),
        ("CP-2", &piles[1], "86400, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0"),
    ] {
        let pile = id(pile);
        let row = format!(
            "insert into reliability_days (charge_point_id, connector_id, began_at, day, pile_id, station_id, up_s, faulted_s,
                                           unavailable_s, offline_s, unknown_s, maintenance_s, grid_s, vandalism_s,
                                           third_party_s, failures, repairs, repair_s, starts_accepted, starts_charging)
             select '{device}', 1, '2026-06-01T16:00:00Z', '2026-06-02', id, station_id, {seconds} from piles where id = '{pile}'"
        );
        app.database.execute(&row).await;
    }
    (app, piles)
}

async fn listed(app: &TestApp, query: &str) -> Value {
    let answer = app.get(&format!("/api/v1/reliability?from=2026-06-01&until=2026-07-01{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_both_profiles_of_the_same_days() {
    let (app, piles) = fixture().await;
    let pile = id(&piles[0]);
    for (profile, percent, uptime, counted) in
        [("nevi", 98.8888, 2_563_200, 2_592_000), ("availability", 98.87, 2_520_000, 2_548_800)]
    {
        let page = listed(&app, &format!("&groupBy=connector&pileId={pile}&profile={profile}")).await;
        let expected = json!({
            "stationId": null, "pileId": pile, "connectorId": 1, "operatorId": null, "firstDay": "2026-06-02",
            "lastDay": "2026-06-02", "profile": profile, "uptimePercent": percent, "uptimeS": uptime, "countedS": counted,
            "upS": 2_520_000, "faultedS": 28_800, "unavailableS": 0, "offlineS": 0, "unknownS": 0,
            "excludedS": { "maintenance": 14_400, "grid": 28_800, "vandalism": 0, "thirdParty": 0 },
            "failures": 1, "repairs": 1, "meanTimeToRepairS": 28_800, "startsAccepted": 120, "startsCharging": 117,
            "startSuccessPercent": 97.5,
        });
        assert_eq!(page, json!({ "items": [expected], "nextCursor": null, "computedUntil": "2026-06-03" }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_ledger_is_computed_until_no_day() {
    let app = TestApp::start().await;
    let expected = json!({ "items": [], "nextCursor": null, "computedUntil": null });
    assert_eq!(listed(&app, "").await, expected);
    assert_eq!(listed(&app, "&groupBy=operator").await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_exports_have_the_same_totals() {
    let (app, _) = fixture().await;
    let whole = listed(&app, "&groupBy=pile").await;
    let first = listed(&app, "&groupBy=pile&limit=1").await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = listed(&app, &format!("&groupBy=pile&limit=1&cursor={cursor}")).await;
    assert_eq!(json!([first["items"][0], second["items"][0]]), whole["items"]);
    assert_eq!(second["nextCursor"], Value::Null);
    let other =
        format!("/api/v1/reliability?from=2026-06-01&until=2026-07-01&groupBy=station&cursor={cursor}");
    assert_eq!(app.get(&other).await.json()["code"], "INVALID_CURSOR", "a cursor of another grouping");
    let export = "/api/v1/reliability/export?from=2026-06-01&until=2026-07-01&groupBy=pile";
    let lines = app.get(&format!("{export}&format=ndjson")).await;
    let lines: Vec<Value> = lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let totals: Vec<_> = lines.iter().filter_map(|line| line.get("total")).collect();
    assert_eq!(json!(totals), whole["items"]);
    assert_eq!(lines[2], json!({ "end": { "outcome": "complete", "rows": 2, "nextCursor": null } }));
    let csv = app.get(export).await;
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"reliability.csv\""));
    assert_eq!(csv.text().split("\r\n").filter(|row| !row.is_empty()).count(), 4);
}

/// Ten years of 70 connectors, of which the ledger has the first and the last day.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_period_has_shorter_pages_and_a_complete_export() {
    let app = TestApp::start().await;
    let pile = app.pile("CP-1").await;
    let row = format!(
        "insert into reliability_days (charge_point_id, connector_id, began_at, day, pile_id, station_id, up_s, faulted_s,
                                       unavailable_s, offline_s, unknown_s, maintenance_s, grid_s, vandalism_s,
                                       third_party_s, failures, repairs, repair_s, starts_accepted, starts_charging)
         select 'CP-1', number, day - interval '8 hours', day, id, station_id, 86400, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
         from piles, generate_series(1, 70) number, unnest(array['2016-06-01', '2026-06-01']::date[]) day
         where id = '{}'",
        id(&pile)
    );
    app.database.execute(&row).await;
    let query = "from=2000-01-01&until=2030-01-01&groupBy=connector";
    let (mut connectors, mut sizes, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/api/v1/reliability?{query}&limit=200{cursor}")).await.json();
        let items = page["items"].as_array().unwrap();
        sizes.push(items.len());
        for item in items {
            assert_eq!((&item["upS"], &item["firstDay"]), (&json!(172_800), &json!("2016-06-01")));
            connectors.push(item["connectorId"].as_i64().unwrap());
        }
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!((sizes, connectors), (vec![60, 10], (1..=70).collect()));
    let export = app.get(&format!("/api/v1/reliability/export?{query}&format=ndjson")).await;
    assert_eq!(export.text().lines().count(), 71);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_periods_that_are_missing_or_reversed() {
    let app = TestApp::start().await;
    for (query, fields) in [
        ("", vec!["from", "until"]),
        ("from=2026-06-01&until=2026-06-01", vec!["until"]),
        ("from=2026-06-02&until=2026-06-01", vec!["until"]),
        ("from=2026-06-31&until=2026-07-01&groupBy=x&profile=y", vec!["from", "groupBy", "profile"]),
    ] {
        let refused = app.get(&format!("/api/v1/reliability?{query}")).await;
        assert_eq!(refused.status, 400, "{query}");
        let errors = refused.json()["errors"].as_array().unwrap().clone();
        let mut named: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
        named.sort_unstable();
        assert_eq!(named, fields, "{query}");
    }
}

fn outage(pile: &str) -> Value {
    json!({ "pileId": id(pile), "connectorId": 1, "from": "2026-06-05T03:00:00Z", "until": "2026-06-05T11:00:00Z",
            "reason": "grid", "note": "feeder outage" })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exclusion_is_entered_listed_audited_and_withdrawn_once() {
    let (app, piles) = fixture().await;
    let entered = app.post(EXCLUSIONS, &outage(&piles[0])).await;
    assert_eq!(entered.status, 201, "{}", entered.text());
    let path = entered.header("location").unwrap().to_owned();
    let mut expected = entered.json();
    assert_eq!((&expected["createdBy"], &expected["withdrawnAt"]), (&json!("anonymous"), &Value::Null));
    assert_eq!(app.get(&path).await.json(), expected);
    let of_pile = format!("{EXCLUSIONS}?pileId={}&withdrawn=false", id(&piles[0]));
    assert_eq!(app.get(&of_pile).await.json()["items"], json!([expected]));
    let withdrawal = json!({ "withdrawalNote": "on our side of the meter" });
    let withdrawn = app.post(&format!("{path}/withdraw"), &withdrawal).await.json();
    for (name, value) in [
        ("withdrawnAt", withdrawn["withdrawnAt"].clone()),
        ("withdrawnBy", json!("anonymous")),
        ("withdrawalNote", json!("on our side of the meter")),
    ] {
        expected[name] = value;
    }
    assert_eq!(withdrawn, expected);
    let again = app.post(&format!("{path}/withdraw"), &withdrawal).await;
    assert_eq!((again.status.as_u16(), &again.json()["code"]), (409, &json!("EXCLUSION_WITHDRAWN")));
    assert_eq!(app.get(&of_pile).await.json()["items"], json!([]));
    let audit = app.get("/api/v1/audit?thingType=reliabilityExclusion").await.json();
    let entries = audit["items"].as_array().unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["cancelled", "created"]);
    assert_eq!(entries[1]["after"]["note"], "feeder outage");
    assert_eq!(entries[0]["after"]["withdrawalNote"], "on our side of the meter");
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_exclusions_without_a_place_a_time_or_a_reason() {
    let (app, piles) = fixture().await;
    let station = app.station().await;
    let change = |name: &str, value: Value| {
        let mut body = outage(&piles[0]);
        body[name] = value;
        body
    };
    for (body, field) in [
        (change("stationId", json!(id(&station))), "pileId"),
        (change("pileId", Value::Null), "connectorId"),
        (change("until", json!("2026-06-05T03:00:00Z")), "until"),
        (change("until", json!("2027-06-07T03:00:00Z")), "until"),
        (change("reason", json!("weather")), "reason"),
        (change("note", json!(" ")), "note"),
        (
            json!({ "from": "2026-06-05T03:00:00Z", "until": "2026-06-06T03:00:00Z", "reason": "grid", "note": "n" }),
            "stationId",
        ),
    ] {
        let refused = app.post(EXCLUSIONS, &body).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["errors"][0]["field"]),
            (400, &json!(field)),
            "{body}"
        );
    }
    let nowhere = "0192f0c1-0000-7000-8000-000000000001";
    let missing = app.post(EXCLUSIONS, &change("pileId", json!(nowhere))).await;
    assert_eq!((missing.status.as_u16(), &missing.json()["code"]), (404, &json!("PILE_NOT_FOUND")));
    let missing = app.get(&format!("{EXCLUSIONS}/{nowhere}")).await;
    assert_eq!((missing.status.as_u16(), &missing.json()["code"]), (404, &json!("EXCLUSION_NOT_FOUND")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_enters_one_exclusion() {
    let (app, piles) = fixture().await;
    let enter = async || {
        let request = app.request(Method::POST, EXCLUSIONS).header("idempotency-key", "outage-118");
        Answer::to(request.json(&outage(&piles[0]))).await
    };
    let (first, again) = (enter().await, enter().await);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.json(), again.json());
    assert_eq!(app.get(EXCLUSIONS).await.json()["items"].as_array().unwrap().len(), 1);
}
