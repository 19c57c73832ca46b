//! Starts the services and clients of a test with its settings.

use crate::{COMMAND_PARTITIONS, PATIENT_MS};
use gateway_simulator::SimulatorSettings;
use runtime::Context;
use runtime::kafka::Kafka;
use runtime::redis::Redis;
use std::net::SocketAddr;
use testkit::{TestDatabase, eventually, unique};

pub(crate) fn simulator_settings(adapt: impl FnOnce(&mut SimulatorSettings)) -> SimulatorSettings {
    let mut settings = SimulatorSettings::default();
    settings.topics.events = unique("events");
    settings.topics.commands = unique("commands");
    settings.behaviour.reboot_ms = 50;
    settings.behaviour.finishing_ms = 50;
    settings.life.meter_interval_s = 1;
    adapt(&mut settings);
    settings
}

pub(crate) fn clients(redis_url: &str) -> (Kafka, Redis) {
    let overrides = [
        ("kafka.brokers", testkit::kafka_brokers()),
        ("kafka.connect_timeout_ms", PATIENT_MS.to_owned()),
        ("kafka.request_timeout_ms", PATIENT_MS.to_owned()),
        ("redis.url", redis_url.to_owned()),
        ("redis.connect_timeout_ms", PATIENT_MS.to_owned()),
        ("redis.command_timeout_ms", PATIENT_MS.to_owned()),
    ];
    let overrides = overrides.each_ref().map(|(key, value)| (*key, value.as_str()));
    let settings: gateway_simulator::Settings =
        runtime::settings::parse(gateway_simulator::settings::DEFAULTS, &overrides).unwrap();
    (Kafka::new(&settings.kafka).unwrap(), Redis::connect(&settings.redis).unwrap())
}

/// Long time-outs for a busy machine.
const PATIENT: [(&str, &str); 3] = [
    ("http.request_deadline_ms", "50000"),
    ("database.connect_timeout_ms", "20000"),
    ("database.statement_timeout_ms", "20000"),
];

pub(crate) async fn serve_assets(database: &TestDatabase, events: &str, own: &[(&str, &str)]) -> SocketAddr {
    let overrides = [
        ("http.listen", "127.0.0.1:0"),
        ("database.url", database.url.as_str()),
        ("freshness.ingest_topic", events),
        ("freshness.ingest_lag_s", "5"),
    ];
    let settings =
        runtime::settings::parse(asset_api::DEFAULTS, &[&PATIENT, &overrides[..], own].concat()).unwrap();
    let context = Context::new("asset-api");
    tokio::spawn(asset_api::serve(settings, context.clone()));
    ready(&context).await
}

pub(crate) async fn serve_commands(
    database: &TestDatabase,
    redis_url: &str,
    topic: &str,
    own: &[(&str, &str)],
) -> SocketAddr {
    let (brokers, partitions) = (testkit::kafka_brokers(), COMMAND_PARTITIONS.to_string());
    let overrides = [
        ("http.listen", "127.0.0.1:0"),
        ("database.url", database.url.as_str()),
        ("kafka.brokers", brokers.as_str()),
        ("redis.url", redis_url),
        ("kafka.connect_timeout_ms", PATIENT_MS),
        ("redis.connect_timeout_ms", PATIENT_MS),
        ("redis.command_timeout_ms", PATIENT_MS),
        ("dispatch.publish_timeout_ms", "20000"),
        ("dispatch.topic", topic),
        ("dispatch.partitions", partitions.as_str()),
        // Devices are probed only where a test requests it.
        ("presence.probe_message", "off"),
    ];
    let settings =
        runtime::settings::parse(command_dispatcher::DEFAULTS, &[&PATIENT, &overrides[..], own].concat())
            .unwrap();
    let context = Context::new("command-dispatcher");
    tokio::spawn(command_dispatcher::serve(settings, context.clone()));
    ready(&context).await
}

/// The address of the service, once all its dependencies are reached.
async fn ready(context: &Context) -> SocketAddr {
    let address = context.http_address().await;
    eventually("the service to be ready", || async { context.health.report().await.ready }).await;
    address
}
