//! Authorization: every route without a token, with a token of another scope, and with its own
//! scope.

use crate::app::TestApp;
use dev_issuer::Issuer;

const SEND: &str = "commands:send";
const READ: &str = "commands:read";

/// Every route of the service, and the scope that it requires.
pub const ROUTES: [(&str, &str, &str); 23] = [
    ("POST", "piles/ID/commands/start-transaction", SEND),
    ("POST", "piles/ID/commands/stop-transaction", SEND),
    ("POST", "piles/ID/commands/reset", SEND),
    ("POST", "piles/ID/commands/unlock-connector", SEND),
    ("POST", "piles/ID/commands/change-availability", SEND),
    ("POST", "piles/ID/commands/trigger-message", SEND),
    ("POST", "piles/ID/commands/change-configuration", SEND),
    ("GET", "piles/ID/commands", READ),
    ("GET", "commands", READ),
    ("GET", "commands/ID", READ),
    ("POST", "commands/ID/cancel", SEND),
    ("POST", "stations/ID/commands/reset", SEND),
    ("POST", "stations/ID/commands/change-availability", SEND),
    ("POST", "stations/ID/commands/reset/preview", SEND),
    ("POST", "stations/ID/commands/change-availability/preview", SEND),
    ("POST", "stations/ID/commands/trigger-message", SEND),
    ("POST", "stations/ID/commands/trigger-message/preview", SEND),
    ("POST", "stations/ID/commands/change-configuration", SEND),
    ("POST", "stations/ID/commands/change-configuration/preview", SEND),
    ("GET", "command-batches", READ),
    ("GET", "command-batches/ID", READ),
    ("POST", "command-batches/ID/cancel", SEND),
    ("GET", "command-batches/ID/piles", READ),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_for_its_scope() {
    let issuer = Issuer::generate().unwrap();
    let app = protected(&issuer).await;
    testkit::assert_scopes(app.root(), &issuer, &ROUTES, &command_dispatcher::openapi()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_malformed_request_bypasses_authentication() {
    let app = protected(&Issuer::generate().unwrap()).await;
    testkit::auth_bypass::assert_no_bypass(app.root().trim_start_matches("http://"), &ROUTES).await;
}

/// The service; it accepts only tokens of `issuer`.
pub async fn protected(issuer: &Issuer) -> TestApp {
    let file = std::env::temp_dir().join(testkit::unique("jwks"));
    std::fs::write(&file, issuer.jwks()).unwrap();
    let settings =
        [("auth.mode", "jwt"), ("auth.issuer", Issuer::NAME), ("auth.jwks_file", file.to_str().unwrap())];
    TestApp::with(&settings).await
}
