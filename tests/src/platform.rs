//! The platform of one test: its services, its gateway, its database and its topics.

use crate::ingestor::Ingestor;
use crate::services::{clients, serve_assets, serve_commands, simulator_settings};
use crate::{COMMAND_PARTITIONS, EVENT_PARTITIONS, PATIENT_MS, create_topic};
use dev_issuer::Issuer;
use domain::ids::ChargePointId;
use gateway_simulator::{DeviceSpec, Simulator, SimulatorSettings};
use runtime::kafka::Kafka;
use runtime::redis::Redis;
use runtime::{Context, Shutdown};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use testkit::{TestDatabase, TestTopic, eventually_some, unique};

/// The platform of one test.
pub struct Platform {
    /// Its database.
    pub database: TestDatabase,
    /// A client of its broker.
    pub kafka: Kafka,
    /// A client of the Redis with the route keys.
    pub redis: Redis,
    /// Its gateway.
    pub simulator: Simulator,
    /// The topics and the manners of its gateway.
    pub simulator_settings: SimulatorSettings,
    redis_url: String,
    client: reqwest::Client,
    _deleted_at_the_end: [TestTopic; 2],
    assets: SocketAddr,
    commands: SocketAddr,
}

/// A response.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body; null if it is empty.
    pub body: Value,
}

impl Platform {
    /// Starts everything except ingestors. `adapt` may change the gateway's manners.
    ///
    /// # Panics
    /// When the stack cannot be reached.
    pub async fn start(adapt: impl FnOnce(&mut SimulatorSettings)) -> Self {
        Self::start_with(&[], adapt).await
    }

    /// The same; command-dispatcher has these settings.
    ///
    /// # Panics
    /// When the stack cannot be reached.
    pub async fn start_with(dispatcher: &[(&str, &str)], adapt: impl FnOnce(&mut SimulatorSettings)) -> Self {
        Self::start_on(TestDatabase::new().await, dispatcher, adapt).await
    }

    /// The same as a cell, with route keys of its own.
    ///
    /// # Panics
    /// When the stack cannot be reached.
    pub async fn start_cell(
        database: TestDatabase,
        redis_url: &str,
        adapt: impl FnOnce(&mut SimulatorSettings),
    ) -> Self {
        Self::start_with_servers(database, redis_url, &[], adapt).await
    }

    /// The same on a database of the test.
    ///
    /// # Panics
    /// When the stack cannot be reached.
    pub async fn start_on(
        database: TestDatabase,
        dispatcher: &[(&str, &str)],
        adapt: impl FnOnce(&mut SimulatorSettings),
    ) -> Self {
        Self::start_with_servers(database, &testkit::redis_url(), dispatcher, adapt).await
    }

    async fn start_with_servers(
        database: TestDatabase,
        redis_url: &str,
        dispatcher: &[(&str, &str)],
        adapt: impl FnOnce(&mut SimulatorSettings),
    ) -> Self {
        let simulator_settings = simulator_settings(adapt);
        let (kafka, redis) = clients(redis_url);
        create_topic(&kafka, &simulator_settings.topics.events, EVENT_PARTITIONS).await;
        create_topic(&kafka, &simulator_settings.topics.commands, COMMAND_PARTITIONS.into()).await;
        let assets = serve_assets(&database, &simulator_settings.topics.events, &[]).await;
        let commands =
            serve_commands(&database, redis_url, &simulator_settings.topics.commands, dispatcher).await;
        let shutdown = Shutdown::new(Duration::from_secs(1));
        let simulator = Simulator::start(simulator_settings.clone(), kafka.clone(), redis.clone(), shutdown)
            .await
            .unwrap();
        let client = reqwest::Client::new();
        let topics = &simulator_settings.topics;
        let deleted = [TestTopic::named(&topics.events), TestTopic::named(&topics.commands)];
        Self {
            database,
            kafka,
            redis,
            simulator,
            simulator_settings,
            redis_url: redis_url.to_owned(),
            client,
            _deleted_at_the_end: deleted,
            assets,
            commands,
        }
    }

    /// Starts a replica of the ingestor, which does not relay the feed.
    ///
    /// # Panics
    /// When its settings are invalid.
    #[must_use]
    pub fn ingest(&self) -> Ingestor {
        self.ingest_with(&[("feed.enabled", "false")])
    }

    /// Starts a replica of the ingestor with these settings.
    ///
    /// # Panics
    /// When its settings are invalid.
    #[must_use]
    pub fn ingest_with(&self, settings: &[(&str, &str)]) -> Ingestor {
        let brokers = testkit::kafka_brokers();
        let mut overrides = vec![
            ("database.url", self.database.url.as_str()),
            ("kafka.brokers", &brokers),
            ("ingest.topic", &self.simulator_settings.topics.events),
            ("ingest.lease_ms", "2000"),
            ("database.max_connections", "4"),
            ("database.connect_timeout_ms", PATIENT_MS),
            ("kafka.connect_timeout_ms", PATIENT_MS),
        ];
        overrides.extend_from_slice(settings);
        let settings = runtime::settings::parse(event_ingestor::DEFAULTS, &overrides).unwrap();
        let context = Context::new("event-ingestor");
        let task = tokio::spawn(event_ingestor::serve(settings, context.clone()));
        Ingestor { context, task }
    }

    /// Starts replicas of both HTTP services that require tokens of the keys in `jwks_file`;
    /// returns their addresses. They have no rate limits.
    pub async fn ask_for_tokens(&self, jwks_file: &Path) -> [SocketAddr; 2] {
        let own = [
            ("auth.mode", "jwt"),
            ("auth.issuer", Issuer::NAME),
            ("auth.jwks_file", jwks_file.to_str().unwrap()),
            ("auth.requests_per_s", "100000"),
            ("auth.burst", "100000"),
        ];
        let topics = &self.simulator_settings.topics;
        let assets = serve_assets(&self.database, &topics.events, &own).await;
        [assets, serve_commands(&self.database, &self.redis_url, &topics.commands, &own).await]
    }

    /// The same for browsers whose pages come from `page`, an origin that leads to asset-api, and
    /// whose users sign in at `provider`; returns the addresses of asset-api, of command-dispatcher, and of
    /// another asset-api with what is off by default: `tiles` of the map, and the approval of publications.
    ///
    /// # Panics
    /// When the services do not start.
    pub async fn show_console(
        &self,
        jwks_file: &Path,
        provider: &str,
        page: &str,
        tiles: &str,
    ) -> [SocketAddr; 3] {
        let own = [
            ("auth.mode", "jwt"),
            ("auth.issuer", provider),
            ("auth.jwks_file", jwks_file.to_str().unwrap()),
        ];
        let topics = &self.simulator_settings.topics;
        let dispatcher = [own.as_slice(), &[("http.cors_origins", page)]].concat();
        let commands = serve_commands(&self.database, &self.redis_url, &topics.commands, &dispatcher).await;
        let origin = format!("http://{commands}");
        let console = [
            ("console.dispatcher_origin", origin.as_str()),
            ("console.sign_in_client_id", "console"),
            ("console.sign_in_parameters", "resource=https://platform.example"),
            ("console.sign_in_accepts_tokens", "true"),
        ];
        let plain = [own.as_slice(), &console].concat();
        let off_by_default = [
            ("console.map_tiles", tiles),
            ("console.map_attribution", "© 测试瓦片"),
            ("tariffs.publish_approval", "true"),
        ];
        let extended = [plain.as_slice(), &off_by_default].concat();
        let assets = serve_assets(&self.database, &topics.events, &plain).await;
        [assets, commands, serve_assets(&self.database, &topics.events, &extended).await]
    }

    /// Starts a replica of command-dispatcher that probes silent devices, with `own` settings. The
    /// platform's other replica does not probe.
    pub async fn ask_devices(&self, own: &[(&str, &str)]) -> SocketAddr {
        let topics = &self.simulator_settings.topics;
        let asks = [
            ("presence.probe_message", "BootNotification"),
            ("presence.ingest_topic", topics.events.as_str()),
        ];
        let own = [asks.as_slice(), own].concat();
        serve_commands(&self.database, &self.redis_url, &topics.commands, &own).await
    }

    /// Registers a pile with a new device; returns the pile's path and the device.
    ///
    /// # Panics
    /// When it cannot be registered.
    pub async fn register(&self) -> (String, ChargePointId) {
        let device = ChargePointId::parse(&unique("CP")).unwrap();
        (self.register_device(&device).await, device)
    }

    /// Registers a pile with `device`; returns the pile's path.
    ///
    /// # Panics
    /// When it cannot be registered.
    pub async fn register_device(&self, device: &ChargePointId) -> String {
        let station = self.post_asset("/api/v1/stations", &json!({ "name": "站" })).await.body;
        let piles = format!("/api/v1/stations/{}/piles", station["id"].as_str().unwrap());
        let pile =
            json!({ "chargePointId": device, "model": "DC-120", "ratedPowerKw": 120, "currentType": "DC" });
        let answer = self.post_asset(&piles, &pile).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        format!("/api/v1/piles/{}", answer.body["id"].as_str().unwrap())
    }

    /// Connects a device with one connector to the gateway.
    ///
    /// # Panics
    /// When the gateway cannot publish its events.
    pub async fn connect(&self, device: &ChargePointId) {
        self.simulator.connect(DeviceSpec::new(device.clone()).with_connectors(1)).await.unwrap();
    }

    /// The URL of `path` at asset-api.
    #[must_use]
    pub fn asset_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.assets)
    }

    /// Sends a POST request to asset-api.
    pub async fn post_asset(&self, path: &str, body: &Value) -> Answer {
        self.answer(self.client.post(self.asset_url(path)).json(body)).await
    }

    /// Sends a PUT request to asset-api.
    pub async fn put_asset(&self, path: &str, body: &Value) -> Answer {
        self.answer(self.client.put(self.asset_url(path)).json(body)).await
    }

    /// Sends a DELETE request to asset-api.
    pub async fn delete_asset(&self, path: &str) -> Answer {
        self.answer(self.client.delete(self.asset_url(path))).await
    }

    /// Sends a GET request to asset-api.
    pub async fn asset(&self, path: &str) -> Answer {
        self.answer(self.client.get(self.asset_url(path))).await
    }

    /// Sends a command to the pile at `path`.
    pub async fn command(&self, path: &str, name: &str, body: &Value) -> Answer {
        let url = format!("http://{}{path}/commands/{name}", self.commands);
        self.answer(self.client.post(url).json(body)).await
    }

    /// The command whose id is in `accepted`, the response to its POST.
    pub async fn recorded_command(&self, accepted: &Answer) -> Value {
        let id = accepted.body["commandId"].as_str().unwrap_or_default();
        self.answer(self.client.get(format!("http://{}/api/v1/commands/{id}", self.commands))).await.body
    }

    /// Waits until the pile at `path` is as `wanted`; returns it.
    pub async fn pile(&self, what: &str, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually_some(what, || async {
            let pile = self.asset(path).await.body;
            wanted(&pile).then_some(pile)
        })
        .await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let body = response.bytes().await.unwrap();
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        Answer { status, body }
    }
}
