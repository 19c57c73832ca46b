//! A dispatcher as a process, and piles that can be commanded: one for each partition, always ready
//! for a reset.

use crate::services::{free_address, ready, start};
use runtime::kafka::Kafka;
use runtime::redis::Redis;
use std::num::NonZeroU16;
use std::time::Duration;
use system_tests::create_topic;
use testkit::{TestDatabase, eventually, unique};
use tokio::process::Child;
use uuid::Uuid;
use wire::routing::RoutingHash;

/// The deadline of requests, much longer than the sum of the time-outs below that one fault can cause, also
/// when the dispatcher is suspended meanwhile.
pub const DEADLINE: Duration = Duration::from_secs(15);
/// The metric of how long brokers throttled the dispatcher.
const THROTTLED: &str = "kafka_throttled_seconds_total{request=\"produce\"}";
/// How long gateways hold their devices.
const HOLD: Duration = Duration::from_secs(600);

/// The servers of the dispatcher.
pub struct Servers {
    /// `host:port` of the brokers.
    pub brokers: String,
    /// The URL of Redis for the dispatcher.
    pub redis: String,
    /// The URL of the database for the dispatcher, if it differs.
    pub database: Option<String>,
    /// The topic of commands, and its number of partitions.
    pub topic: (String, i32),
}

/// The dispatcher; killed when dropped.
pub struct Site {
    /// The database of the commands.
    pub database: TestDatabase,
    /// The servers.
    pub servers: Servers,
    /// For each partition a URL that resets a pile.
    pub resets: Vec<String>,
    admin: String,
    _dispatcher: Child,
}

impl Servers {
    /// The shared servers.
    pub fn shared(topic: &str, partitions: i32) -> Self {
        Self {
            brokers: testkit::kafka_brokers(),
            redis: testkit::redis_url(),
            database: None,
            topic: (topic.to_owned(), partitions),
        }
    }

    pub fn kafka(&self) -> Kafka {
        Kafka::new(&chaos::campaign::kafka_settings(&self.brokers).unwrap()).unwrap()
    }

    pub async fn create_topic(&self) {
        let (topic, partitions) = &self.topic;
        create_topic(&self.kafka(), topic, *partitions).await;
    }
}

impl Site {
    /// Starts the dispatcher and waits until it is ready.
    pub async fn open(database: TestDatabase, servers: Servers) -> Self {
        let (http, admin) = (free_address(), free_address());
        let (topic, partitions) = (&servers.topic.0, servers.topic.1.to_string());
        let deadline = DEADLINE.as_millis().to_string();
        let settings = [
            ("DATABASE_URL", servers.database.as_deref().unwrap_or(&database.url)),
            ("REDIS_URL", servers.redis.as_str()),
            ("KAFKA_BROKERS", servers.brokers.as_str()),
            ("CHARGING__HTTP__LISTEN", http.as_str()),
            ("CHARGING__ADMIN__LISTEN", admin.as_str()),
            ("CHARGING__HTTP__REQUEST_DEADLINE_MS", deadline.as_str()),
            ("CHARGING__DATABASE__CONNECT_TIMEOUT_MS", "500"),
            ("CHARGING__DATABASE__STATEMENT_TIMEOUT_MS", "1000"),
            ("CHARGING__KAFKA__CONNECT_TIMEOUT_MS", "1000"),
            ("CHARGING__KAFKA__REQUEST_TIMEOUT_MS", "1000"),
            ("CHARGING__DISPATCH__PUBLISH_TIMEOUT_MS", "1500"),
            // No command expires while the test compares.
            ("CHARGING__DISPATCH__COMMAND_TTL_S", "3600"),
            ("CHARGING__DISPATCH__TOPIC", topic.as_str()),
            ("CHARGING__DISPATCH__PARTITIONS", partitions.as_str()),
        ];
        let dispatcher = start("command-dispatcher", &database, &settings);
        ready(&admin).await;
        let mut resets = Vec::new();
        for partition in 0..servers.topic.1 {
            let pile = pile(&database, &gateway_of(partition, servers.topic.1)).await;
            resets.push(format!("http://{http}/api/v1/piles/{pile}/commands/reset"));
        }
        Self { database, servers, resets, admin, _dispatcher: dispatcher }
    }

    /// Waits until its metrics show that a broker throttled it.
    pub async fn throttled(&self) {
        eventually("a metric to show that the broker throttles", || async {
            let metrics =
                reqwest::get(format!("http://{}/metrics", self.admin)).await.unwrap().text().await.unwrap();
            let line = metrics.lines().find(|line| line.starts_with(THROTTLED)).unwrap();
            line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() > 0.0
        })
        .await;
    }
}

/// The id of a gateway that reads this partition.
fn gateway_of(partition: i32, partitions: i32) -> String {
    let partitions = NonZeroU16::try_from(u16::try_from(partitions).unwrap()).unwrap();
    let mut names = (0..).map(|number| format!("gateway-{number}"));
    names.find(|name| RoutingHash::Fnv1a32.partition(name, partitions) == partition).unwrap()
}

/// A pile whose device is online at `gateway`, and was last seen long ago: only Redis has its
/// route.
async fn pile(database: &TestDatabase, gateway: &str) -> Uuid {
    let (station, pile, device) = (Uuid::now_v7(), Uuid::now_v7(), unique("CP"));
    database
        .execute(&format!(
            "insert into stations (id, name, status, created_at, updated_at, version)
             values ('{station}', 'Site', 'Open', now(), now(), 1);
             insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at,
                                updated_at, version)
             values ('{pile}', '{station}', '{device}', 'DC-120', 120, 'DC', now(), now(), 1);
             insert into charge_points (charge_point_id, online, last_seen_at)
             values ('{device}', true, now() - interval '1 day');
             insert into connectors (charge_point_id, connector_id, status) values ('{device}', 1, 'Available');"
        ))
        .await;
    let overrides = [("redis.url", testkit::redis_url())];
    let overrides = overrides.each_ref().map(|(key, value)| (*key, value.as_str()));
    let settings: gateway_simulator::Settings =
        runtime::settings::parse(gateway_simulator::settings::DEFAULTS, &overrides).unwrap();
    let redis = Redis::connect(&settings.redis).unwrap();
    let key = format!("conn:{device}");
    eventually("the route to be written", || async { redis.set_with_ttl(&key, gateway, HOLD).await.is_ok() })
        .await;
    pile
}
