//! Checks that a service requires the right scope from its callers.

use crate::openapi;
use dev_issuer::Issuer;
use reqwest::{Client, Method};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// All scopes.
const SCOPES: [&str; 11] = [
    "assets:read",
    "assets:write",
    "audit:read",
    "commands:read",
    "commands:send",
    "drivers:read",
    "issues:read",
    "issues:write",
    "operations",
    "tariffs:read",
    "tariffs:write",
];

/// A new file with the keys of `issuer`, for `auth.jwks_file`.
#[must_use]
pub fn jwks_file(issuer: &Issuer) -> PathBuf {
    let path = std::env::temp_dir().join(crate::unique("jwks"));
    std::fs::write(&path, issuer.jwks()).unwrap();
    path
}

/// Checks that each of `routes` of the service at `root` refuses callers without a token of
/// `issuer` and callers with every scope but its own, and accepts others. A route is a method, a
/// path below `/api/v1/` in which `ID` is replaced by an id, and a scope. `routes` must be
/// complete: `document`, the service's OpenAPI document, has the same.
///
/// # Panics
/// When a route differs.
pub async fn assert_scopes(root: &str, issuer: &Issuer, routes: &[(&str, &str, &str)], document: &Value) {
    let listed: BTreeSet<_> = routes
        .iter()
        .map(|(method, path, scope)| (format!("{method} /api/v1/{path}"), (*scope).to_owned()))
        .collect();
    let documented =
        openapi::scopes(document).into_iter().map(|(name, scope)| (with_id(&name), scope)).collect();
    assert_eq!(listed, documented, "the tested routes and the documented ones");
    let client = Client::new();
    let token = |scopes: &str| issuer.sign(&Issuer::claims("tester", scopes)).unwrap();
    let id = uuid::Uuid::now_v7().to_string();
    for (method, path, scope) in routes {
        let status = async |token: Option<String>| {
            let method: Method = method.parse().unwrap();
            let request = client.request(method, format!("{root}/api/v1/{}", path.replace("ID", &id)));
            let request = token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth);
            request.send().await.unwrap().status().as_u16()
        };
        let others: Vec<&str> = SCOPES.into_iter().filter(|other| other != scope).collect();
        assert_eq!(status(None).await, 401, "{method} {path}");
        assert_eq!(status(Some(token(&others.join(" ")))).await, 403, "{method} {path}");
        let accepted = status(Some(token(scope))).await;
        assert!(![401, 403, 500].contains(&accepted), "{method} {path}: {accepted}");
    }
}

/// The path with `ID` in place of each `{name}`.
fn with_id(path: &str) -> String {
    let mut parts = path.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, part| path + "ID" + part.split_once('}').unwrap().1)
}
