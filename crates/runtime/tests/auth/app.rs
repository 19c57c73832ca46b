//! The service under test, and tokens for it.

use dev_issuer::Issuer;
use reqwest::{RequestBuilder, StatusCode};
use runtime::Context;
use runtime::auth::{AuthSettings, Caller, Reach, Scope};
use runtime::http::Routes;
use runtime::openapi::{About, Operation};
use runtime::settings::{self, HttpSettings};
use serde::Deserialize;
use serde_json::Value;

const READ: Scope = Scope::new("assets:read");
const ABOUT: About = About { title: "test", description: "A test.", version: "1" };
const OPERATE: Scope = Scope::new("operations");

#[derive(Deserialize)]
struct Settings {
    http: HttpSettings,
    auth: AuthSettings,
}

/// A service with one resource, stopped when dropped.
pub struct App {
    pub root: String,
    context: Context,
    pub client: reqwest::Client,
}

impl App {
    pub async fn start(own: &[(&str, &str)]) -> Self {
        Self::try_start(own).await.unwrap()
    }

    pub async fn try_start(own: &[(&str, &str)]) -> anyhow::Result<Self> {
        let plain = [
            ("http.listen", "127.0.0.1:0"),
            ("auth.mode", "jwt"),
            ("auth.issuer", Issuer::NAME),
            ("auth.audience", Issuer::AUDIENCE),
        ];
        let all = [&plain, own].concat();
        let settings: Settings = settings::parse(include_str!("../../examples/smallest.toml"), &all)?;
        let context = Context::new("test");
        runtime::http::serve(&settings.http, &settings.auth, &context, ABOUT, routes)?;
        let root = format!("http://{}", context.http_address().await);
        Ok(Self { root, context, client: reqwest::Client::new() })
    }

    pub fn get(&self) -> RequestBuilder {
        self.client.get(format!("{}/whoami", self.root))
    }

    /// Status, code or subject, and detail of the response.
    pub async fn with(&self, token: &str) -> (u16, String, String) {
        response_of(self.get().bearer_auth(token)).await
    }

    pub async fn detail(&self, token: &str) -> String {
        let (status, code, detail) = self.with(token).await;
        assert_eq!((status, code.as_str()), (401, "UNAUTHENTICATED"), "{detail}");
        detail
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.context.shutdown.request();
    }
}

fn routes(routes: &mut Routes<'_>) {
    let whoami = |caller: Caller| async move { caller.subject().to_owned() };
    let operators = |caller: Caller| async move {
        caller.operators().ids().map_or_else(|| "all".to_owned(), |ids| ids.join(" "))
    };
    let operation = |id, scope, reach| Operation::new(id, "Tests", scope, reach, "Return the caller");
    routes
        .resource("/whoami", |on| {
            on.get(operation("whoAmI", READ, Reach::Everyone), whoami)
                .post(operation("whoAmIReally", OPERATE, Reach::Everyone), whoami)
        })
        .resource("/operators", |on| on.get(operation("listMyOperators", READ, Reach::Operator), operators))
        .resource("/platform", |on| on.get(operation("getPlatform", READ, Reach::Platform), operators));
}

pub async fn response_of(request: RequestBuilder) -> (u16, String, String) {
    let response = request.send().await.unwrap();
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED {
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
    }
    let text = response.text().await.unwrap();
    match serde_json::from_str::<Value>(&text) {
        Ok(problem) => {
            let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
            (status.as_u16(), text("code"), text("detail"))
        }
        Err(_) => (status.as_u16(), text, String::new()),
    }
}

/// A token of a caller with `scopes`, valid for an hour.
pub fn signed(issuer: &Issuer, scopes: &str) -> String {
    issuer.sign(&claims_with(scopes)).unwrap()
}

pub fn claims_with(scopes: &str) -> Value {
    Issuer::claims("tester", scopes)
}

/// A file with the keys of `issuer`.
pub fn file(issuer: &Issuer) -> String {
    testkit::jwks_file(issuer).to_str().unwrap().to_owned()
}

pub async fn app_of(issuer: &Issuer) -> App {
    App::start(&[("auth.jwks_file", &file(issuer)), ("auth.requests_per_s", "1000"), ("auth.burst", "1000")])
        .await
}
