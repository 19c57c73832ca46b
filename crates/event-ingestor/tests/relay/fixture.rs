//! A test's own database and feed topic, relays that use them, and a consumer.

use domain::feed::{ConnectorStatusChanged, FeedChange, FeedKind, FeedPosition, FeedSubject};
use domain::ids::{ChargePointId, ConnectorId};
use domain::status::ConnectorStatus;
use runtime::Context;
use runtime::kafka::{Kafka, ReceivedRecord};
use std::collections::BTreeMap;
use std::time::Duration;
use storage::{Connection, feed};
use testkit::{TestDatabase, TestTopic, eventually, eventually_some};
use tokio::task::JoinHandle;

pub const PARTITIONS: i32 = 3;

/// The environment of a test.
pub struct Fixture {
    pub database: TestDatabase,
    pub topic: TestTopic,
    pub kafka: Kafka,
}

/// A running event-ingestor that relays the feed.
pub struct Running {
    context: Context,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Fixture {
    /// Without the topic.
    pub async fn bare() -> Self {
        let database = TestDatabase::new().await;
        let topic = TestTopic::new("feed");
        let kafka = Kafka::new(&settings(&database, &topic, "400").kafka).unwrap();
        Self { database, topic, kafka }
    }

    pub async fn new() -> Self {
        let fixture = Self::bare().await;
        fixture.create_topic().await;
        fixture
    }

    pub async fn create_topic(&self) {
        eventually("the topic to be created", || async {
            self.kafka.create_topic(&self.topic, PARTITIONS).await.is_ok()
                || self.kafka.partitions(&self.topic).await.is_ok()
        })
        .await;
    }

    /// With a short lease: another relay soon takes over from one that has crashed.
    pub fn start(&self) -> Running {
        run(settings(&self.database, &self.topic, "400"))
    }

    /// With a lease that does not expire while the machine is busy: a relay that loses it publishes
    /// again what its successor publishes. Nor is a request given up, which is then repeated.
    pub fn start_with_long_lease(&self) -> Running {
        let mut patient = settings(&self.database, &self.topic, "60000");
        patient.kafka.request_timeout_ms = 60_000;
        run(patient)
    }

    /// The position of the relay, and whether a replica holds the lease.
    pub async fn position(&self) -> serde_json::Value {
        let query = format!(
            "select coalesce((select json_build_array(next_offset, owner is not null) from ingest_partitions
                              where topic = '{}'), '[]')",
            &*self.topic
        );
        self.database.json(&query).await
    }

    /// All published records, by partition.
    pub async fn consume(&self) -> Vec<Vec<ReceivedRecord>> {
        let mut published = Vec::new();
        for partition in 0..PARTITIONS {
            let reader = self.kafka.reader(&self.topic, partition);
            let mut records: Vec<ReceivedRecord> = Vec::new();
            loop {
                let offset = records.last().map_or(0, |record| record.offset + 1);
                let fetched = eventually_some("records of the feed", || async {
                    reader.fetch(offset, Duration::from_millis(100), 1 << 20).await.ok()
                })
                .await;
                let end = fetched.high_watermark;
                records.extend(fetched.records);
                if records.last().map_or(0, |record| record.offset + 1) >= end {
                    break;
                }
            }
            published.push(records);
        }
        published
    }
}

impl Running {
    /// Stops it as SIGTERM does.
    pub async fn stop(self) {
        self.context.shutdown.request();
        self.task.await.unwrap().unwrap();
    }

    /// Ends it as a crash does: it releases nothing.
    pub async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

fn run(settings: event_ingestor::Settings) -> Running {
    let context = Context::new("event-ingestor");
    let task = tokio::spawn(event_ingestor::serve(settings, context.clone()));
    Running { context, task }
}

fn settings(database: &TestDatabase, topic: &str, lease_ms: &str) -> event_ingestor::Settings {
    let overrides = [
        ("database.url", database.url.as_str()),
        ("kafka.brokers", &testkit::kafka_brokers()),
        // The topic has no events: only the relay works.
        ("ingest.topic", &testkit::unique("no-events")),
        ("ingest.lease_ms", lease_ms),
        ("feed.topic", topic),
        ("kafka.connect_timeout_ms", "20000"),
        ("database.connect_timeout_ms", "20000"),
        ("feed.poll_ms", "10"),
        ("feed.retention_h", "1"),
    ];
    runtime::settings::parse(event_ingestor::DEFAULTS, &overrides).unwrap()
}

/// Writes a chunk with the change `number` of each of `devices`.
pub async fn write(connection: &mut Connection, devices: &[String], number: usize) {
    let changes: Vec<FeedChange> = devices.iter().map(|device| change(device, number)).collect();
    feed::append(connection, &changes).await.unwrap();
}

fn change(device: &str, number: usize) -> FeedChange {
    FeedChange {
        subject: FeedSubject::ChargePoint(ChargePointId::parse(device).unwrap()),
        at: runtime::clock::now(),
        kind: FeedKind::ConnectorStatusChanged(ConnectorStatusChanged {
            connector_id: ConnectorId::WHOLE,
            status: ConnectorStatus::Faulted,
            previous_status: None,
            error_code: Some(number.to_string()),
            vendor_error_code: None,
            claimed_at: None,
        }),
    }
}

/// The numbers of each device's changes, as a consumer sees them that follows the documentation: it
/// skips ids that are not greater than the last one that it read from the partition.
pub fn consumed_once(published: &[Vec<ReceivedRecord>]) -> BTreeMap<String, Vec<usize>> {
    let mut numbers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for records in published {
        let mut last = FeedPosition::end_of(0);
        for record in records {
            let id: FeedPosition = header(record, "ce_id").parse().unwrap();
            if id <= last {
                continue;
            }
            last = id;
            let change = wire::feed::decode_change(record.value.as_deref().unwrap()).unwrap();
            assert_eq!(record.key.as_deref(), Some(change.key().as_bytes()));
            assert_eq!(header(record, "ce_subject"), change.key());
            assert_eq!(header(record, "ce_type"), change.kind.type_name());
            let FeedKind::ConnectorStatusChanged(body) = change.kind else { panic!("{:?}", change.kind) };
            numbers
                .entry(change.subject.to_string())
                .or_default()
                .push(body.error_code.unwrap().parse().unwrap());
        }
    }
    numbers
}

pub fn header<'a>(record: &'a ReceivedRecord, name: &str) -> &'a str {
    std::str::from_utf8(&record.headers[name]).unwrap()
}
