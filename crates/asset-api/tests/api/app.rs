//! The service under test, with a client.

use crate::answer::Answer;
use asset_api::Settings;
use reqwest::{Method, RequestBuilder};
use runtime::Context;
use runtime::settings::{LogFormat, LogSettings};
use serde_json::{Value, json};
use testkit::TestDatabase;

/// The service with a database of its own; stopped when dropped.
pub struct TestApp {
    pub database: TestDatabase,
    context: Context,
    client: reqwest::Client,
    base: String,
}

/// The default settings with a free port, one worker, and a long time-out for a busy machine.
pub fn settings(database: &TestDatabase) -> Settings {
    let overrides =
        [("http.listen", "127.0.0.1:0"), ("http.workers", "1"), ("http.request_deadline_ms", "50000")];
    let mut settings: Settings = runtime::settings::parse(asset_api::DEFAULTS, &overrides).unwrap();
    settings.database = database.settings();
    settings
}

impl TestApp {
    /// Starts the service on a fresh database.
    pub async fn start() -> Self {
        let database = TestDatabase::new().await;
        let settings = settings(&database);
        Self::start_with(database, settings).await
    }

    /// Starts the service on a fresh database; it reads all lists from there.
    pub async fn start_without_station_map() -> Self {
        let database = TestDatabase::new().await;
        let mut settings = settings(&database);
        settings.station_map.enabled = false;
        Self::start_with(database, settings).await
    }

    /// Starts the service with these settings; returns when it listens.
    pub async fn start_with(database: TestDatabase, settings: Settings) -> Self {
        let quiet = LogSettings { format: LogFormat::Text, level: "runtime::telemetry=error".to_owned() };
        runtime::telemetry::init(&quiet).unwrap();
        let context = Context::new("asset-api");
        let service = tokio::spawn(asset_api::serve(settings, context.clone()));
        let address = tokio::select! {
            address = context.http_address() => address,
            ended = service => panic!("the service did not start: {ended:?}"),
        };
        Self { database, context, client: reqwest::Client::new(), base: format!("http://{address}") }
    }

    /// The address of the service, as `host:port`.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// A request to send with [`Answer::to`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::DELETE, path)).await
    }

    /// Creates a station; returns its path.
    pub async fn station(&self) -> String {
        let made = self.post("/api/v1/stations", &json!({ "name": "North" })).await;
        made.header("location").unwrap().to_owned()
    }

    /// Creates an active tariff and publishes `price_list` as its first version; returns its path.
    pub async fn tariff(&self, price_list: &Value) -> String {
        let details = json!({ "name": "Day", "currency": "CNY", "status": "Active" });
        let made = self.post("/api/v1/tariffs", &details).await;
        let path = made.header("location").unwrap().to_owned();
        self.publish(&path, price_list, &json!({})).await;
        path
    }

    /// Publishes `price_list` as the next version of the tariff at `path`.
    pub async fn publish(&self, path: &str, price_list: &Value, when: &Value) {
        let put = self.put(&format!("{path}/draft"), price_list).await;
        assert_eq!(put.status, 200, "{}", put.text());
        let published = self.post(&format!("{path}/draft/publish"), when).await;
        assert_eq!(published.status, 200, "{}", published.text());
    }

    /// Binds the tariff at `path` to `subject`; returns the path of the binding.
    pub async fn bind(&self, path: &str, subject: &Value) -> String {
        let body = json!({ "tariffId": id(path), "subject": subject });
        let made = self.post("/api/v1/tariffs/bindings", &body).await;
        assert_eq!(made.status, 201, "{}", made.text());
        made.header("location").unwrap().to_owned()
    }

    /// Creates a pile in a new station; returns its path.
    pub async fn pile(&self, charge_point_id: &str) -> String {
        let station = self.station().await;
        let made = self.post(&format!("{station}/piles"), &pile(charge_point_id)).await;
        made.header("location").unwrap().to_owned()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.context.shutdown.request();
    }
}

/// The id at the end of a path.
pub fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// The required fields of a pile.
pub fn pile(charge_point_id: &str) -> Value {
    json!({ "chargePointId": charge_point_id, "model": "DC-120", "ratedPowerKw": 120 })
}
