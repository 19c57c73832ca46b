//! The service as tests run it: in this process, with its own database, topic and devices.

use crate::answer::Answer;
use command_dispatcher::{DEFAULTS, Settings};
use diesel_async::SimpleAsyncConnection;
use runtime::Context;
use runtime::kafka::{Kafka, ReceivedRecord};
use runtime::redis::Redis;
use runtime::settings::{LogFormat, LogSettings};
use serde_json::Value;
use std::time::Duration;
use testkit::{TestDatabase, TestTopic};
use tokio::task::JoinHandle;

/// The partitions of a test's topic unless the test sets another number: few, so that the topic is
/// created quickly.
pub const PARTITIONS: i32 = 8;

/// Long time-outs for a busy machine; tests of outages override them with shorter ones.
const PATIENT: [(&str, &str); 10] = [
    ("http.listen", "127.0.0.1:0"),
    ("http.workers", "1"),
    ("http.request_deadline_ms", "50000"),
    ("database.connect_timeout_ms", "20000"),
    ("database.statement_timeout_ms", "20000"),
    ("redis.connect_timeout_ms", "20000"),
    ("redis.command_timeout_ms", "20000"),
    ("kafka.connect_timeout_ms", "20000"),
    ("dispatch.partitions", "8"),
    ("dispatch.publish_timeout_ms", "20000"),
];

/// The service and the servers that it uses; stopped when dropped.
pub struct TestApp {
    pub database: TestDatabase,
    pub redis: Redis,
    pub kafka: Kafka,
    pub topic: TestTopic,
    pub context: Context,
    pub served: JoinHandle<anyhow::Result<()>>,
    root: String,
    client: reqwest::Client,
}

impl TestApp {
    /// A service with a topic to publish to.
    pub async fn start() -> Self {
        let app = Self::with(&[]).await;
        app.create_topic(PARTITIONS).await;
        app
    }

    /// A service with these settings and without a topic.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let database = TestDatabase::new().await;
        let topic = TestTopic::new("commands");
        let real = settings_on(&database, &topic, &[("kafka.request_timeout_ms", "20000")]);
        let context = serve(settings_on(&database, &topic, settings));
        let app = Self {
            redis: Redis::connect(&real.redis).unwrap(),
            kafka: Kafka::new(&real.kafka).unwrap(),
            root: format!("http://{}", context.0.http_address().await),
            client: reqwest::Client::new(),
            served: context.1,
            context: context.0,
            database,
            topic,
        };
        app.wait_for_redis(settings).await;
        app
    }

    /// Starts another replica on the same database and topic; requests still go to the first.
    pub fn replica(&self, settings: &[(&str, &str)]) -> Replica {
        let (context, _served) = serve(settings_on(&self.database, &self.topic, settings));
        Replica { context }
    }

    /// Sends further requests to `replica`.
    pub async fn switch_to(&mut self, replica: &Replica) {
        self.root = format!("http://{}", replica.context.http_address().await);
        self.context = replica.context.clone();
    }

    /// Waits until the Redis connections of the test and the service, which are opened in the
    /// background, are ready.
    async fn wait_for_redis(&self, settings: &[(&str, &str)]) {
        let elsewhere = settings.iter().any(|(key, _)| *key == "redis.url");
        testkit::eventually("Redis to be connected", || async {
            let connected = Box::pin(self.redis.ping()).await.is_ok();
            connected && (elsewhere || self.context.health.report().await.checks["redis"] == "ok")
        })
        .await;
    }

    /// Creates the topic that the service publishes to.
    pub async fn create_topic(&self, partitions: i32) {
        // A slow broker may get several requests: one that timed out may have created it.
        testkit::eventually("the topic to be created", || async {
            self.kafka.create_topic(&self.topic, partitions).await.is_ok()
                || self.kafka.partitions(&self.topic).await.is_ok()
        })
        .await;
    }

    /// Sends a command to a pile; the id may be invalid.
    pub async fn command(&self, pile: impl ToString, name: &str, body: Value) -> Answer {
        let url = self.url(&format!("piles/{}/commands/{name}", pile.to_string()));
        Answer::read(self.client.post(url).json(&body).send().await.unwrap()).await
    }

    /// Sends a GET request.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::read(self.client.get(self.url(path)).send().await.unwrap()).await
    }

    /// Returns a command once the outcome of its publication is recorded.
    pub async fn settled(&self, id: &str) -> Answer {
        testkit::eventually_some("the outcome of the publication to be recorded", || async {
            let found = self.get(&format!("commands/{id}")).await;
            (found.status == 200 && found.text("status") != "accepted").then_some(found)
        })
        .await
    }

    /// The address of the service, as a URL.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// A POST request for the test to complete.
    pub fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.post(self.url(path))
    }

    /// Returns the records on a partition of the topic, as soon as there are any.
    pub async fn published(&self, partition: i32) -> Vec<ReceivedRecord> {
        let reader = self.kafka.reader(&self.topic, partition);
        testkit::eventually_some("a record on the partition", || async {
            let fetched = reader.fetch(0, Duration::from_millis(100), 1 << 20).await;
            fetched.ok().map(|fetched| fetched.records).filter(|records| !records.is_empty())
        })
        .await
    }

    /// Whether an SQL condition is true in the database.
    pub async fn holds(&self, condition: &str) -> bool {
        let mut connection = self.database.pool.connection().await.unwrap();
        let assertion = format!("do $$ begin assert ({condition}); end $$");
        connection.batch_execute(&assertion).await.is_ok()
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.root)
    }
}

/// Another replica; stopped when dropped.
pub struct Replica {
    context: Context,
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.context.shutdown.request();
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.context.shutdown.request();
    }
}

/// The settings of a service on `database` and `topic`, overridden by `own`.
pub fn settings_on(database: &TestDatabase, topic: &str, own: &[(&str, &str)]) -> Settings {
    let (redis_url, brokers) = (testkit::redis_url(), testkit::kafka_brokers());
    let places = [
        ("database.url", database.url.as_str()),
        ("redis.url", &redis_url),
        ("kafka.brokers", &brokers),
        ("dispatch.topic", topic),
    ];
    parse(&[&PATIENT, places.as_slice(), own].concat())
}

fn parse(settings: &[(&str, &str)]) -> Settings {
    runtime::settings::parse(DEFAULTS, settings).unwrap()
}

fn serve(settings: Settings) -> (Context, JoinHandle<anyhow::Result<()>>) {
    let quiet = LogSettings { format: LogFormat::Text, level: "runtime::telemetry=error".to_owned() };
    runtime::telemetry::init(&quiet).unwrap();
    let context = Context::new("command-dispatcher");
    let served = tokio::spawn(command_dispatcher::serve(settings, context.clone()));
    (context, served)
}
