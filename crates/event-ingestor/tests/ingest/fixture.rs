//! A test's own database and topic, and replicas that use them.

use event_ingestor::{DEFAULTS, ResumeCommand, Settings};
use runtime::Context;
use runtime::kafka::{Kafka, NewRecord, TopicWriter};
use std::collections::BTreeMap;
use std::time::Duration;
use storage::ingest::dead_letters::{self, DeadLetter};
use storage::ingest::partitions::{self, PartitionState};
use testkit::{TestDatabase, TestTopic, eventually, eventually_some};
use tokio::task::JoinHandle;

const PUBLISH: Duration = Duration::from_secs(60);
/// A time-out that is long enough on a busy machine.
const PATIENT_MS: &str = "20000";

/// The environment of a test.
pub struct Fixture {
    pub database: TestDatabase,
    pub topic: TestTopic,
    writer: TopicWriter,
}

/// A running replica.
pub struct Running {
    context: Context,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Fixture {
    pub async fn new(partitions: i32) -> Self {
        let database = TestDatabase::new().await;
        let topic = TestTopic::new("events");
        let kafka = Kafka::new(&settings(&database, &topic, &[]).kafka).unwrap();
        eventually("the topic to be created", || async {
            kafka.create_topic(&topic, partitions).await.is_ok() || kafka.partitions(&topic).await.is_ok()
        })
        .await;
        let writer = kafka.writer(&topic);
        Self { database, topic, writer }
    }

    /// Deletes the topic and creates it again, empty, with this number of partitions.
    pub async fn recreate_topic(&mut self, partitions: i32) {
        let kafka = Kafka::new(&settings(&self.database, &self.topic, &[]).kafka).unwrap();
        let (created, topic) = (&kafka, &*self.topic);
        eventually("the topic to be deleted", || async move { created.delete_topic(topic).await.is_ok() })
            .await;
        eventually("the topic to be created", || async move {
            created.create_topic(topic, partitions).await.is_ok()
        })
        .await;
        self.writer = kafka.writer(&self.topic);
    }

    /// Runs `event-ingestor go-on` with `arguments`.
    pub async fn resume(&self, arguments: &str) -> anyhow::Result<()> {
        let arguments: Vec<_> = arguments.split_whitespace().map(str::to_owned).collect();
        let settings = settings(&self.database, &self.topic, &[]);
        event_ingestor::resume(
            settings,
            Context::new("event-ingestor"),
            ResumeCommand::parse(&arguments).unwrap(),
        )
        .await
    }

    /// Why partition 0 is halted, if it is, once a replica owns it.
    pub async fn halted(&self) -> Option<String> {
        let rows = "select halted_because from ingest_partitions where partition = 0 and halted_at_offset = next_offset";
        self.rows(rows).await.get(0)?.get("halted_because")?.as_str().map(str::to_owned)
    }

    /// Waits until partition 0 is halted for `reason`.
    pub async fn wait_for_halt(&self, reason: &str) {
        eventually("the partition to be halted", || async { self.halted().await.as_deref() == Some(reason) })
            .await;
    }

    /// Starts a replica.
    pub fn start(&self) -> Running {
        self.start_with(&[])
    }

    pub fn start_with_lease(&self, lease_ms: u64) -> Running {
        self.start_with(&[("ingest.lease_ms", &lease_ms.to_string())])
    }

    /// Starts a replica with these settings.
    pub fn start_with(&self, overrides: &[(&str, &str)]) -> Running {
        let context = Context::new("event-ingestor");
        let settings = settings(&self.database, &self.topic, overrides);
        let task = tokio::spawn(event_ingestor::serve(settings, context.clone()));
        Running { context, task }
    }

    /// Appends records to a partition, keyed as gateways do; returns the offset of the last.
    pub async fn publish(&self, partition: i32, values: &[impl AsRef<[u8]>]) -> i64 {
        let now = chrono::SubsecRound::trunc_subsecs(runtime::clock::now(), 3);
        let record = |value: &[u8]| NewRecord {
            key: Some(b"CP-1".to_vec()),
            value: Some(value.to_vec()),
            headers: BTreeMap::new(),
            timestamp: now,
        };
        let records = values.iter().map(|value| record(value.as_ref())).collect();
        self.append(partition, records).await
    }

    /// The epoch of partition 0, once a replica holds it with an epoch greater than `epoch`.
    pub async fn owned_after(&self, epoch: i64) -> i64 {
        eventually_some("the partition to be taken", || async {
            let state = self.partitions().await.into_iter().next()?;
            (state.owner.is_some() && state.epoch > epoch).then_some(state.epoch)
        })
        .await
    }

    pub async fn append(&self, partition: i32, records: Vec<NewRecord>) -> i64 {
        self.writer.publish(partition, records, PUBLISH).await.unwrap().into_iter().max().unwrap()
    }

    pub async fn partitions(&self) -> Vec<PartitionState> {
        let mut connection = self.database.pool.connection().await.unwrap();
        partitions::list(&mut connection, &self.topic).await.unwrap()
    }

    /// Waits until everything up to `offset` of `partition` is written.
    pub async fn written(&self, partition: i32, offset: i64) {
        eventually("the partition to be read", || async {
            let states = self.partitions().await;
            states.iter().any(|state| state.partition == partition && state.next_offset > offset)
        })
        .await;
    }

    pub async fn dead_letters(&self) -> Vec<DeadLetter> {
        let mut connection = self.database.pool.connection().await.unwrap();
        dead_letters::list_of_topic(&mut connection, &self.topic, 100).await.unwrap()
    }

    /// The number of partitions of each live replica, once `replicas` of them share all partitions
    /// fairly.
    pub async fn shared_out(&self, replicas: usize) -> Vec<usize> {
        eventually_some("the partitions to be shared out", || async {
            let states = self.partitions().await;
            let mut counts: BTreeMap<_, usize> = BTreeMap::new();
            for state in &states {
                *counts.entry(state.owner?).or_default() += 1;
            }
            let counts: Vec<usize> = counts.into_values().collect();
            let fair = counts.iter().max()? - counts.iter().min()? <= 1;
            (counts.len() == replicas && fair).then_some(counts)
        })
        .await
    }

    /// The rows of a query, as JSON.
    pub async fn rows(&self, sql: &str) -> serde_json::Value {
        self.database.json(&format!("select coalesce(json_agg(r), '[]') from ({sql}) r")).await
    }
}

impl Running {
    /// Stops the replica as SIGTERM does.
    pub async fn stop(self) {
        self.context.shutdown.request();
        self.task.await.unwrap().unwrap();
    }

    /// Ends the replica as a crash does: it releases nothing.
    pub async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

fn settings(database: &TestDatabase, topic: &str, overrides: &[(&str, &str)]) -> Settings {
    let brokers = testkit::kafka_brokers();
    let mut all = vec![
        ("database.url", database.url.as_str()),
        ("kafka.brokers", &brokers),
        ("ingest.topic", topic),
        ("database.max_connections", "4"),
        ("database.connect_timeout_ms", PATIENT_MS),
        ("kafka.connect_timeout_ms", PATIENT_MS),
        ("ingest.discover_interval_ms", "500"),
        // Tests of the feed use their own topics.
        ("feed.enabled", "false"),
    ];
    all.extend_from_slice(overrides);
    runtime::settings::parse(DEFAULTS, &all).unwrap()
}
