//! Who may do what: every route, without a token, with another scope, and with its own.

use crate::app::TestApp;
use dev_issuer::Issuer;
use reqwest::Method;

/// Every scope that there is.
const ALL: [&str; 4] = ["assets:read", "assets:write", "commands:send", "operations"];
const SEND: &str = "commands:send";

/// What the service answers, and the scope that it needs.
const ROUTES: [(&str, &str, &str); 13] = [
    ("POST", "piles/ID/commands/start-transaction", SEND),
    ("POST", "piles/ID/commands/stop-transaction", SEND),
    ("POST", "piles/ID/commands/reset", SEND),
    ("POST", "piles/ID/commands/unlock-connector", SEND),
    ("POST", "piles/ID/commands/change-availability", SEND),
    ("POST", "piles/ID/commands/trigger-message", SEND),
    ("POST", "piles/ID/commands/change-configuration", SEND),
    ("GET", "piles/ID/commands", SEND),
    ("GET", "commands/ID", SEND),
    ("POST", "stations/ID/commands/reset", SEND),
    ("POST", "stations/ID/commands/change-availability", SEND),
    ("GET", "command-batches/ID", SEND),
    ("GET", "command-batches/ID/piles", SEND),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_for_its_scope() {
    let issuer = Issuer::generate().unwrap();
    let app = protected(&issuer).await;
    let token = |scopes: &str| issuer.sign(&Issuer::claims("tester", scopes)).unwrap();
    let id = uuid::Uuid::now_v7().to_string();
    for (method, path, scope) in ROUTES {
        let ask = async |token: Option<String>| {
            let method: Method = method.parse().unwrap();
            let request = app.request(method, &format!("/api/v1/{}", path.replace("ID", &id)));
            let request = token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth);
            request.send().await.unwrap().status().as_u16()
        };
        let others: Vec<&str> = ALL.into_iter().filter(|other| *other != scope).collect();
        assert_eq!(ask(None).await, 401, "{method} {path}");
        assert_eq!(ask(Some(token(&others.join(" ")))).await, 403, "{method} {path}");
        let with = ask(Some(token(scope))).await;
        assert!(![401, 403, 500].contains(&with), "{method} {path}: {with}");
    }
}

/// The service, for those with a token of `issuer`.
async fn protected(issuer: &Issuer) -> TestApp {
    let file = std::env::temp_dir().join(testkit::unique("jwks"));
    std::fs::write(&file, issuer.jwks()).unwrap();
    let settings =
        [("auth.mode", "jwt"), ("auth.issuer", Issuer::NAME), ("auth.jwks_file", file.to_str().unwrap())];
    TestApp::with(&settings).await
}
