//! Tokens of drivers: shown with the scope `drivers:read`, masked without it, in every form; and the
//! changes of the feed that each scope shows.

use crate::access::protected_with;
use crate::app::TestApp;
use crate::dead_letters::fixture::put_aside;
use dev_issuer::Issuer;
use domain::feed::{FeedChange, FeedSubject};
use domain::ids::ChargePointId;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

const SESSION: &str = "0192f0c1-0000-7000-8000-000000000001";
const TAG: &str = "04E91C5A2B3C80";
const MASK: &str = "****C80";

/// The service with a session of a driver, its receipt, and a token of its issuer.
struct Fixture {
    app: TestApp,
    issuer: Issuer,
}

impl Fixture {
    async fn new() -> Self {
        let issuer = Issuer::generate().unwrap();
        let app = protected_with(&issuer, |settings| settings.feed.poll_ms = 10).await;
        app.database
            .execute(&format!(
                "insert into sessions (id, charge_point_id, connector_id, id_tag, started_at, ended_at, end_reason)
                 values ('{SESSION}', 'CP-1', 1, '{TAG}', '2026-03-01T09:00:00Z', '2026-03-01T10:00:00Z', 'Local');
                 insert into session_receipts (session_id, number, issued_at, digest, content)
                 values ('{SESSION}', 1, now(), '00', '{{\"idTag\": \"{TAG}\", \"readings\": []}}')"
            ))
            .await;
        Self { app, issuer }
    }

    async fn get(&self, path: &str, scopes: &str) -> Response {
        let token = self.issuer.sign(&Issuer::claims("tester", scopes)).unwrap();
        self.app.request(Method::GET, path).bearer_auth(token).send().await.unwrap()
    }

    async fn text(&self, path: &str, scopes: &str) -> String {
        let response = self.get(path, scopes).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn masks_the_driver_in_sessions_exports_and_receipts() {
    let fixture = Fixture::new().await;
    for path in [
        "/api/v1/sessions",
        "/api/v1/sessions/export?format=csv",
        "/api/v1/sessions/export?format=ndjson",
        &format!("/api/v1/sessions/{SESSION}"),
        &format!("/api/v1/sessions/{SESSION}/receipt"),
        &format!("/api/v1/sessions/{SESSION}/receipts"),
    ] {
        let shown = fixture.text(path, "assets:read tariffs:read drivers:read").await;
        assert!(shown.contains(TAG) && !shown.contains(MASK), "{path}: {shown}");
        let masked = fixture.text(path, "assets:read tariffs:read").await;
        assert!(masked.contains(MASK) && !masked.contains(TAG), "{path}: {masked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_to_search_for_a_driver() {
    let fixture = Fixture::new().await;
    for path in ["sessions", "sessions/export"] {
        let path = format!("/api/v1/{path}?idTag={TAG}");
        let refused = fixture.get(&path, "assets:read").await;
        assert_eq!(refused.status(), 403, "{path}");
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["code"], "FORBIDDEN");
        let detail = "the parameter idTag needs the scope drivers:read, which the token lacks";
        assert_eq!(problem["detail"], detail);
        assert!(fixture.text(&path, "assets:read drivers:read").await.contains(SESSION));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hides_the_value_of_a_dead_letter() {
    let fixture = Fixture::new().await;
    let value = format!("{{\"payload\": {{\"idTag\": \"{TAG}\"}}");
    let letter = put_aside(&fixture.app, 1, "NOT_JSON", value.as_bytes()).await;
    let shown: Value = serde_json::from_str(&fixture.text(&letter, "operations drivers:read").await).unwrap();
    assert_eq!(shown["valueText"], value);
    let hidden: Value = serde_json::from_str(&fixture.text(&letter, "operations").await).unwrap();
    assert_eq!((&hidden["value"], &hidden["valueText"]), (&Value::Null, &Value::Null));
    assert_eq!((&hidden["key"], &hidden["reason"]), (&shown["key"], &json!("NOT_JSON")));
}

/// One change of each kind that has an audience of its own.
fn changes() -> Vec<FeedChange> {
    let session = json!({
        "sessionId": SESSION, "phase": "open", "connectorId": 1, "transactionId": null, "idTag": TAG, "reservationId": null,
        "commandId": null, "startedAt": "2026-03-01T09:00:00Z", "startedBy": "event", "meterStartWh": 0.0, "endedAt": null,
        "endReason": null, "meterStopWh": null,
    });
    let with = |name: &str, value: Value| {
        let mut body = session.clone();
        body[name] = value;
        body
    };
    let total = json!({ "amount": "1.50", "currency": "CNY" });
    let meter = json!({
        "readAt": "2026-03-01T09:10:00Z", "energyWh": 5.5, "powerW": null, "socPercent": null, "total": total, "unpriced": null,
    });
    let receipt = json!({
        "number": 1, "replaces": null, "issuedAt": "2026-03-01T10:10:00Z", "digest": "00", "energyWh": null, "total": total,
        "unpriced": null,
    });
    let command = json!({
        "commandId": SESSION, "pileId": SESSION, "name": "Reset", "state": "accepted", "gatewayId": "pod-1",
        "issuedAt": "2026-03-01T09:00:00Z", "expiresAt": "2026-03-01T09:01:00Z", "failure": null,
    });
    let tariff = json!({ "tariffId": SESSION, "action": "created", "version": 1, "prices": null });
    let issue = json!({
        "issueId": SESSION, "cause": "fault", "severity": "major", "gatewayId": null, "stationId": null, "pileId": null,
        "chargePointId": "CP-1", "connectorId": 1, "operatorId": null, "openedAt": "2026-03-01T09:00:00Z",
        "fact": { "at": "2026-03-01T09:00:00Z", "kind": "quiet", "seconds": 1 }, "recurrences": 0, "version": 1,
        "changedAt": "2026-03-01T09:00:00Z", "closedAt": null, "proof": null, "acknowledgedAt": null,
        "acknowledgedBy": null, "assignee": null, "mutedUntil": null,
    });
    [
        ("charging.session.changed.v1", session.clone()),
        ("charging.session.metered.v1", with("meter", meter)),
        ("charging.session.settled.v1", with("receipt", receipt)),
        ("charging.command.changed.v1", command),
        ("charging.tariff.changed.v1", tariff),
        ("charging.issue.opened.v1", issue),
    ]
    .into_iter()
    .map(|(name, data)| FeedChange {
        subject: FeedSubject::ChargePoint(ChargePointId::parse("CP-1").unwrap()),
        at: "2026-03-01T09:00:00Z".parse().unwrap(),
        kind: serde_json::from_value(json!({ "type": name, "data": data })).unwrap(),
    })
    .collect()
}

/// The types of the changes that a client with `scopes` receives, in short, with the token of the
/// driver and the total of a meter.
async fn followed(fixture: &Fixture, scopes: &str) -> Vec<(String, Value, Value)> {
    let mut response = fixture.get("/api/v1/feed?lastEventId=0-0", scopes).await;
    assert_eq!(response.status(), StatusCode::OK);
    let mut received = String::new();
    // The last change is one that everyone sees.
    while !received.contains("connectivity_changed") || !received.ends_with("\n\n") {
        received.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
    }
    let data = received.lines().filter_map(|line| line.strip_prefix("data: "));
    let events = data.map(|data| serde_json::from_str::<Value>(data).unwrap());
    let short = |event: Value| {
        let kind = event["type"].as_str().unwrap().split('.').skip(1).take(2).collect::<Vec<_>>().join(".");
        (kind, event["data"]["idTag"].clone(), event["data"]["meter"]["total"]["amount"].clone())
    };
    events.map(short).filter(|(kind, ..)| kind != "charge_point.connectivity_changed").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_shows_each_change_to_callers_with_its_scope() {
    let fixture = Fixture::new().await;
    {
        let mut connection = fixture.app.database.pool.connection().await.unwrap();
        storage::feed::append(&mut connection, &changes()).await.unwrap();
    }
    crate::follower::write(&fixture.app, &["CP-LAST"]).await;
    let change = |kind: &str, tag: Value, total: Value| (kind.to_owned(), tag, total);
    let none = || Value::Null;
    assert_eq!(
        followed(&fixture, "assets:read commands:read tariffs:read issues:read drivers:read").await,
        [
            change("session.changed", json!(TAG), none()),
            change("session.metered", json!(TAG), json!("1.50")),
            change("session.settled", json!(TAG), none()),
            change("command.changed", none(), none()),
            change("tariff.changed", none(), none()),
            change("issue.opened", none(), none()),
        ]
    );
    assert_eq!(
        followed(&fixture, "assets:read").await,
        [change("session.changed", json!(MASK), none()), change("session.metered", json!(MASK), none())]
    );
    assert_eq!(
        followed(&fixture, "assets:read commands:read drivers:read").await,
        [
            change("session.changed", json!(TAG), none()),
            change("session.metered", json!(TAG), none()),
            change("command.changed", none(), none()),
        ]
    );
    assert_eq!(
        followed(&fixture, "assets:read issues:read").await.last(),
        Some(&change("issue.opened", none(), none()))
    );
    for (filter, kind, scope) in [
        ("types", "command.changed", "commands:read"),
        ("types", "issue.opened", "issues:read"),
        ("alsoTypes", "issue.opened", "issues:read"),
    ] {
        let asked = fixture.get(&format!("/api/v1/feed?{filter}=charging.{kind}.v1"), "assets:read").await;
        assert_eq!(asked.status(), 403);
        let problem: Value = asked.json().await.unwrap();
        let detail =
            format!("changes of the type charging.{kind}.v1 need the scope {scope}, which the token lacks");
        assert_eq!(problem["detail"], detail);
    }
}
