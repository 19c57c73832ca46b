//! All services and a gateway as processes that export traces and metrics, and one connected
//! device.

use crate::services::{free_address, ready, start, terminate};
use reqwest::{Client, RequestBuilder};
use serde_json::json;
use system_tests::{COMMAND_PARTITIONS, PATIENT_MS, Platform, create_topic};
use testkit::collector::Collector;
use testkit::{TestTopic, unique};
use tokio::process::Child;

/// The services by name, in the order in which they are started.
pub const SERVICES: [&str; 4] = ["asset-api", "command-dispatcher", "event-ingestor", "gateway-simulator"];

/// The running processes.
pub struct Fleet {
    running: Vec<Child>,
    admins: Vec<String>,
    assets: String,
    commands: String,
    client: Client,
    /// The path of the station.
    pub station: String,
    /// The path of its pile.
    pub pile: String,
    _feed: TestTopic,
}

impl Fleet {
    /// Starts the processes, exporting to `collector`; the device is online when this returns.
    pub async fn start(platform: &Platform, collector: &Collector) -> Self {
        let topics = &platform.simulator_settings.topics;
        let (prefix, pods, partitions) = (unique("SIM"), unique("pod"), COMMAND_PARTITIONS.to_string());
        let (assets, commands, feed) = (free_address(), free_address(), TestTopic::new("feed"));
        create_topic(&platform.kafka, &feed, 1).await;
        let admins = SERVICES.map(|_| free_address()).to_vec();
        let own: [&[(&str, &str)]; 4] = [
            &[("CHARGING__HTTP__LISTEN", &assets)],
            &[
                ("CHARGING__HTTP__LISTEN", &commands),
                ("CHARGING__DISPATCH__TOPIC", &topics.commands),
                ("CHARGING__DISPATCH__PARTITIONS", &partitions),
                ("CHARGING__REDIS__COMMAND_TIMEOUT_MS", PATIENT_MS),
                ("CHARGING__DISPATCH__PUBLISH_TIMEOUT_MS", PATIENT_MS),
            ],
            &[("CHARGING__INGEST__TOPIC", &topics.events), ("CHARGING__FEED__TOPIC", &feed)],
            &[
                ("CHARGING__TOPICS__EVENTS", &topics.events),
                ("CHARGING__TOPICS__COMMANDS", &topics.commands),
                ("CHARGING__FLEET__CHARGE_POINTS", "1"),
                ("CHARGING__FLEET__ID_PREFIX", &prefix),
                ("CHARGING__GATEWAY__PODS", "1"),
                ("CHARGING__GATEWAY__POD_PREFIX", &pods),
                ("CHARGING__LIFE__SESSIONS_PER_HOUR", "0"),
                ("CHARGING__LIFE__FAULTS_PER_DAY", "0"),
                ("CHARGING__REDIS__COMMAND_TIMEOUT_MS", PATIENT_MS),
            ],
        ];
        let mut running = Vec::new();
        for ((name, own), admin) in SERVICES.iter().zip(own).zip(&admins) {
            let common = [
                ("CHARGING__ADMIN__LISTEN", admin.as_str()),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint),
                ("OTEL_BSP_SCHEDULE_DELAY", "100"),
            ];
            running.push(start(name, &platform.database, &[&common, own].concat()));
            ready(admin).await;
        }
        let client = Client::new();
        let (station, pile) = register(platform, &format!("{prefix}000000")).await;
        platform.pile("the device to be available", &pile, |pile| pile["status"] == "Available").await;
        Self { running, admins, assets, commands, client, station, pile, _feed: feed }
    }

    /// A request for a command to the service process.
    pub fn command(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("http://{}{path}", self.commands))
    }

    /// A request for the outcome of a command or a batch of commands.
    pub fn commanded(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("http://{}{path}", self.commands))
    }

    /// A request for an asset.
    pub fn asset(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("http://{}{path}", self.assets))
    }

    /// The content of `/metrics` of each of [`SERVICES`].
    pub async fn metrics(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for admin in &self.admins {
            let answer = self.client.get(format!("http://{admin}/metrics")).send().await.unwrap();
            texts.push(answer.text().await.unwrap());
        }
        texts
    }

    /// Stops all processes in order.
    pub async fn stop(self) {
        for service in self.running {
            terminate(service).await;
        }
    }
}

/// Registers a pile with `device`; returns the paths of its station and of the pile.
async fn register(platform: &Platform, device: &str) -> (String, String) {
    let station = platform.post_asset("/api/v1/stations", &json!({ "name": "站" })).await.body;
    let station = format!("/api/v1/stations/{}", station["id"].as_str().unwrap());
    let pile =
        json!({ "chargePointId": device, "model": "DC-120", "ratedPowerKw": 120, "currentType": "DC" });
    let answer = platform.post_asset(&format!("{station}/piles"), &pile).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    (station, format!("/api/v1/piles/{}", answer.body["id"].as_str().unwrap()))
}
