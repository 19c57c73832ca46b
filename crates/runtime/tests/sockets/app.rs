//! The service under test, and requests to it.

use actix_web::HttpResponse;
use runtime::Context;
use runtime::auth::{AuthSettings, Reach, Scope};
use runtime::http::{JsonBody, Routes};
use runtime::openapi::{About, Operation};
use runtime::settings::{self, HttpSettings, LogFormat, LogSettings};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use testkit::raw_http::exchange;

const ABOUT: About = About { title: "test", description: "A test.", version: "1" };
const ANY: Scope = Scope::new("any");

#[derive(Deserialize)]
struct Settings {
    http: HttpSettings,
    auth: AuthSettings,
}

/// A service, stopped when dropped.
pub struct App {
    pub address: String,
    context: Context,
}

impl App {
    /// With short limits, except for idle connections, so that no connection ends for being idle.
    /// Not too short: many clients connect at once, on a busy machine.
    pub async fn start() -> Self {
        Self::with(&[("http.client_timeout_ms", "4000"), ("http.send_timeout_ms", "500")]).await
    }

    /// The same with limits that are shorter than the time of the slow handler; the framework's clock
    /// has half-second steps.
    pub async fn hasty() -> Self {
        Self::with(&[("http.client_timeout_ms", "1500"), ("http.send_timeout_ms", "500")]).await
    }

    /// With limits that no test reaches.
    pub async fn patient() -> Self {
        Self::with(&[("http.client_timeout_ms", "30000")]).await
    }

    async fn with(own: &[(&str, &str)]) -> Self {
        let settings: Settings = settings::parse(include_str!("../../examples/smallest.toml"), own).unwrap();
        let quiet = LogSettings { format: LogFormat::Text, level: "runtime::telemetry=error".to_owned() };
        runtime::telemetry::init(&quiet).unwrap();
        let context = Context::new("test");
        runtime::http::serve(&settings.http, &settings.auth, &context, ABOUT, routes).unwrap();
        let address = context.http_address().await.to_string();
        Self { address, context }
    }

    /// Asserts that the service still serves requests.
    pub async fn assert_serving(&self, after: &str) {
        let answer = exchange(&self.address, b"GET /hello HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(answer.expect("an answer").body, b"hello", "after {after}");
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.context.shutdown.request();
    }
}

fn operation(id: &'static str) -> Operation {
    Operation::new(id, "Tests", ANY, Reach::Everyone, "Return a body")
}

fn routes(routes: &mut Routes<'_>) {
    let echo = |JsonBody(body): JsonBody<Value>| async move { HttpResponse::Ok().json(body) };
    let slow = || async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        "slow"
    };
    routes
        .resource("/hello", |on| on.get(operation("hello"), || async { "hello" }))
        .resource("/slow", |on| on.get(operation("wait"), slow))
        .resource("/echo", |on| on.post(operation("echo"), echo));
}

/// A request with these header lines.
pub fn get(lines: &str) -> Vec<u8> {
    format!("GET /hello HTTP/1.1\r\nhost: x\r\n{lines}\r\n").into_bytes()
}

pub fn post(lines: &str, body: &str) -> Vec<u8> {
    let head = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    format!("{head}{lines}\r\n{body}").into_bytes()
}
