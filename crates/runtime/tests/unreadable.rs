//! Batches that the Kafka client cannot decode are met, named and stepped over. They are made by hand, on the wire.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what helpers of a test cannot do fails the test"
)]

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use runtime::{
    kafka::{FetchError, Kafka, NewRecord, PartitionReader},
    settings::{KafkaCompression, KafkaSettings, SaslMechanism},
};
use testkit::TestTopic;
use testkit::kafka_wire::{Batch, Connection};

const PATIENCE: Duration = Duration::from_secs(20);

#[expect(clippy::disallowed_methods, reason = "the stack under test is named by the environment")]
fn broker() -> String {
    let brokers = std::env::var("KAFKA_BROKERS")
        .expect("KAFKA_BROKERS is not set: run `make test`, which brings up the stack");
    brokers.split(',').next().unwrap().to_owned()
}

async fn kafka_and_topic() -> (Kafka, TestTopic) {
    let kafka = Kafka::new(&KafkaSettings {
        brokers: vec![broker()],
        connect_timeout_ms: 3_000,
        request_timeout_ms: 5_000,
        connection_idle_ms: 240_000,
        max_response_bytes: 16 << 20,
        compression: KafkaCompression::None,
        tls: false,
        ca_file: None,
        sasl_mechanism: SaslMechanism::None,
        sasl_username: String::new(),
        sasl_password: String::new().into(),
    })
    .unwrap();
    let topic = TestTopic::new("runtime-unreadable");
    kafka.create_topic(&topic, 1).await.unwrap();
    (kafka, topic)
}

async fn publish(kafka: &Kafka, topic: &str, text: &str) {
    let record = NewRecord {
        key: None,
        value: Some(text.as_bytes().to_vec()),
        headers: BTreeMap::new(),
        timestamp: chrono::DateTime::UNIX_EPOCH,
    };
    kafka.writer(topic).publish(0, vec![record], PATIENCE).await.unwrap();
}

/// The offsets a fetch brings, or `None` where the batch cannot be read.
async fn offsets(reader: &PartitionReader, offset: i64) -> Option<Vec<i64>> {
    let end = Instant::now() + PATIENCE;
    loop {
        match reader.fetch(offset, Duration::from_millis(200), 1 << 20).await {
            Ok(fetched) if !fetched.records.is_empty() => {
                return Some(fetched.records.iter().map(|record| record.offset).collect());
            }
            Err(FetchError::Unreadable { offset: named, .. }) => {
                assert_eq!(named, offset);
                return None;
            }
            Ok(_) | Err(FetchError::Unavailable(_)) if Instant::now() < end => {}
            outcome => panic!("at offset {offset}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn a_header_without_value() {
    let (kafka, topic) = kafka_and_topic().await;
    publish(&kafka, &topic, "before").await;
    let poisoned = Batch { records: 3, null_header: true, ..Batch::default() };
    Connection::open(&broker()).produce(&topic, None, &poisoned);
    publish(&kafka, &topic, "after").await;

    let reader = kafka.reader(&topic, 0);
    assert_eq!(offsets(&reader, 0).await, Some(vec![0]), "what lies before the batch is delivered");
    assert_eq!(offsets(&reader, 1).await, None);
    assert_eq!(reader.next_readable(1).await.unwrap(), 4);
    assert_eq!(offsets(&reader, 4).await, Some(vec![4]));
}

#[tokio::test]
async fn the_marker_of_a_transaction() {
    let (kafka, topic) = kafka_and_topic().await;
    publish(&kafka, &topic, "before").await;
    let transaction = format!("runtime-{}", uuid::Uuid::now_v7());
    let mut connection = Connection::open(&broker());
    let producer = connection.begin(&transaction, &topic);
    let batch = Batch { records: 2, producer: Some(producer), ..Batch::default() };
    connection.produce(&topic, Some(&transaction), &batch);
    connection.commit(&transaction, producer);
    let reader = kafka.reader(&topic, 0);
    // The marker is written after the answer.
    while reader.latest_offset().await.unwrap() < 4 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    publish(&kafka, &topic, "after").await;

    assert_eq!(offsets(&reader, 1).await, Some(vec![1, 2]));
    assert_eq!(offsets(&reader, 3).await, None);
    assert_eq!(reader.next_readable(3).await.unwrap(), 4);
    assert_eq!(offsets(&reader, 4).await, Some(vec![4]));
}

#[tokio::test]
async fn an_unreadable_end_of_the_log() {
    let (kafka, topic) = kafka_and_topic().await;
    publish(&kafka, &topic, "before").await;
    Connection::open(&broker()).produce(&topic, None, &Batch { null_header: true, ..Batch::default() });

    let reader = kafka.reader(&topic, 0);
    assert_eq!(offsets(&reader, 1).await, None);
    assert_eq!(reader.next_readable(1).await.unwrap(), 2, "the end of the log is a place to go on from");
    publish(&kafka, &topic, "after").await;
    assert_eq!(offsets(&reader, 2).await, Some(vec![2]));
}
