//! Authorization: every route without a token, with another scope, and with its own scope.

use crate::app::TestApp;
use asset_api::Settings;
use dev_issuer::Issuer;
use reqwest::Method;
use runtime::auth::AuthMode;

const READ: &str = "assets:read";
const WRITE: &str = "assets:write";
const OPERATE: &str = "operations";
const READ_AUDIT: &str = "audit:read";
const READ_ISSUES: &str = "issues:read";
const WRITE_ISSUES: &str = "issues:write";
const READ_TARIFFS: &str = "tariffs:read";
const WRITE_TARIFFS: &str = "tariffs:write";

/// All routes of the service, and the scope that each requires.
pub const ROUTES: [(&str, &str, &str); 91] = [
    ("GET", "stations", READ),
    ("POST", "stations", WRITE),
    ("POST", "stations/import", WRITE),
    ("GET", "stations/ID", READ),
    ("PUT", "stations/ID", WRITE),
    ("DELETE", "stations/ID", WRITE),
    ("GET", "stations/ID/piles", READ),
    ("POST", "stations/ID/piles", WRITE),
    ("GET", "feed", READ),
    ("GET", "piles", READ),
    ("POST", "piles/import", WRITE),
    ("GET", "piles/ID", READ),
    ("PUT", "piles/ID", WRITE),
    ("DELETE", "piles/ID", WRITE),
    ("GET", "dead-letters", OPERATE),
    ("POST", "dead-letters/replay", OPERATE),
    ("GET", "dead-letters/ID", OPERATE),
    ("POST", "dead-letters/ID/replay", OPERATE),
    ("PATCH", "stations/ID", WRITE),
    ("POST", "stations/ID/restore", WRITE),
    ("GET", "stations/ID/availability", READ),
    ("GET", "stations/ID/audit", READ),
    ("PATCH", "piles/ID", WRITE),
    ("POST", "piles/ID/restore", WRITE),
    ("GET", "piles/ID/audit", READ),
    ("POST", "piles/ID/replace-charge-point", WRITE),
    ("POST", "piles/ID/move", WRITE),
    ("GET", "piles/ID/placements", READ),
    ("GET", "piles/ID/sessions", READ),
    ("GET", "piles/ID/status-history", READ),
    ("GET", "sessions", READ),
    ("GET", "sessions/export", READ),
    ("GET", "sessions/ID", READ),
    ("POST", "sessions/ID/end", OPERATE),
    ("GET", "sessions/ID/audit", READ),
    ("GET", "sessions/ID/meter-samples", READ),
    ("GET", "reliability", READ),
    ("GET", "reliability/export", READ),
    ("GET", "reliability/exclusions", READ),
    ("POST", "reliability/exclusions", WRITE),
    ("GET", "reliability/exclusions/ID", READ),
    ("POST", "reliability/exclusions/ID/withdraw", WRITE),
    ("GET", "revenue", READ_TARIFFS),
    ("GET", "revenue/export", READ_TARIFFS),
    ("GET", "energy", READ),
    ("GET", "unregistered-charge-points", READ),
    ("GET", "fleet", READ),
    ("GET", "audit", READ_AUDIT),
    ("GET", "issues", READ_ISSUES),
    ("GET", "issues/counts", READ_ISSUES),
    ("GET", "issues/ID", READ_ISSUES),
    ("GET", "issues/ID/history", READ_ISSUES),
    ("GET", "issues/ID/devices", READ_ISSUES),
    ("POST", "issues/ID/acknowledge", WRITE_ISSUES),
    ("POST", "issues/ID/assign", WRITE_ISSUES),
    ("POST", "issues/ID/mute", WRITE_ISSUES),
    ("POST", "issues/ID/unmute", WRITE_ISSUES),
    ("GET", "maintenance-windows", READ_ISSUES),
    ("POST", "maintenance-windows", WRITE_ISSUES),
    ("GET", "maintenance-windows/ID", READ_ISSUES),
    ("POST", "maintenance-windows/ID/end", WRITE_ISSUES),
    ("GET", "ingest-partitions", OPERATE),
    ("GET", "tariffs", READ_TARIFFS),
    ("POST", "tariffs", WRITE_TARIFFS),
    ("POST", "tariffs/validate", READ_TARIFFS),
    ("GET", "tariffs/ID", READ_TARIFFS),
    ("PUT", "tariffs/ID", WRITE_TARIFFS),
    ("PATCH", "tariffs/ID", WRITE_TARIFFS),
    ("DELETE", "tariffs/ID", WRITE_TARIFFS),
    ("GET", "tariffs/ID/audit", READ_TARIFFS),
    ("GET", "tariffs/ID/draft", READ_TARIFFS),
    ("PUT", "tariffs/ID/draft", WRITE_TARIFFS),
    ("DELETE", "tariffs/ID/draft", WRITE_TARIFFS),
    ("POST", "tariffs/ID/draft/publish", WRITE_TARIFFS),
    ("PUT", "tariffs/ID/draft/proposal", WRITE_TARIFFS),
    ("DELETE", "tariffs/ID/draft/proposal", WRITE_TARIFFS),
    ("GET", "tariffs/ID/versions", READ_TARIFFS),
    ("GET", "tariffs/ID/versions/ID", READ_TARIFFS),
    ("GET", "tariffs/ID/versions/ID/ocpi", READ_TARIFFS),
    ("GET", "tariffs/ID/versions/ID/tcec", READ_TARIFFS),
    ("GET", "tariffs/ID/versions/ID/what-if", READ_TARIFFS),
    ("GET", "tariffs/bindings", READ_TARIFFS),
    ("POST", "tariffs/bindings", WRITE_TARIFFS),
    ("GET", "tariffs/bindings/ID", READ_TARIFFS),
    ("POST", "tariffs/bindings/ID/end", WRITE_TARIFFS),
    ("GET", "tariffs/price", READ_TARIFFS),
    ("GET", "tariffs/timetable", READ_TARIFFS),
    ("POST", "tariffs/quote", READ_TARIFFS),
    ("GET", "sessions/ID/quote", READ_TARIFFS),
    ("GET", "sessions/ID/receipt", READ_TARIFFS),
    ("GET", "sessions/ID/receipts", READ_TARIFFS),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_requires_its_scope() {
    let issuer = Issuer::generate().unwrap();
    let app = protected(&issuer).await;
    let root = format!("http://{}", app.address());
    testkit::assert_scopes(&root, &issuer, &ROUTES, &asset_api::openapi()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_every_request_without_a_valid_token() {
    let app = protected(&Issuer::generate().unwrap()).await;
    testkit::auth_bypass::assert_no_bypass(app.address(), &ROUTES).await;
}

/// Starts the service with `auth.mode = "jwt"`; it accepts tokens of `issuer`.
pub async fn protected(issuer: &Issuer) -> TestApp {
    protected_with(issuer, |_| {}).await
}

/// The same with adapted settings.
pub async fn protected_with(issuer: &Issuer, adapt: impl FnOnce(&mut Settings)) -> TestApp {
    let database = testkit::TestDatabase::new().await;
    let mut settings = crate::app::settings(&database);
    settings.auth.mode = AuthMode::Jwt;
    Issuer::NAME.clone_into(&mut settings.auth.issuer);
    settings.auth.jwks_file = testkit::jwks_file(issuer);
    adapt(&mut settings);
    TestApp::start_with(database, settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_names_the_editor() {
    let issuer = Issuer::generate().unwrap();
    let app = protected(&issuer).await;
    let token_of = |subject: &str| issuer.sign(&Issuer::claims(subject, "assets:read assets:write")).unwrap();
    let create = async |subject: &str| {
        let request = app.request(Method::POST, "/api/v1/stations").bearer_auth(token_of(subject));
        request.json(&serde_json::json!({"name": "North"})).send().await.unwrap()
    };
    for subject in ["operator-7", "操作员"] {
        let station: serde_json::Value = create(subject).await.json().await.unwrap();
        let path = format!("/api/v1/stations/{}/audit", station["id"].as_str().unwrap());
        let audit = app.request(Method::GET, &path).bearer_auth(token_of("auditor")).send().await.unwrap();
        let audit: serde_json::Value = audit.json().await.unwrap();
        assert_eq!(audit["items"][0]["by"], subject, "{audit}");
    }
    assert_eq!(create("tab\tbed").await.status(), 401);
    let import = app.request(Method::POST, "/api/v1/stations/import").bearer_auth(token_of("importer"));
    let id = "0192f0b0-0000-7000-8000-000000000001";
    let import = import.header("content-type", "text/csv").body(format!("id,name\n{id},South\n"));
    assert_eq!(import.send().await.unwrap().status(), 200);
    let audit = app.request(Method::GET, &format!("/api/v1/stations/{id}/audit"));
    let audit: serde_json::Value =
        audit.bearer_auth(token_of("auditor")).send().await.unwrap().json().await.unwrap();
    assert_eq!(audit["items"][0]["by"], "importer", "{audit}");
}
