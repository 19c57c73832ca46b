//! What other producers put into a log: headers without a value, transactions, batches that claim too much. Good records are read,
//! what cannot be read is named, and reading goes on. The batches are made by hand, on the wire.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what helpers of a test cannot do fails the test"
)]

mod kafka_settings;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use runtime::{
    kafka::{FetchError, Kafka, NewRecord, PartitionReader},
    settings::KafkaSettings,
};
use testkit::TestTopic;
use testkit::kafka_wire::{Batch, Connection};

const PATIENCE: Duration = Duration::from_secs(20);
/// What a batch may unpack to here.
const MAX_UNPACKED: usize = 1 << 20;
/// What an answer may have.
const MAX_RESPONSE: usize = 64 << 10;

#[expect(clippy::disallowed_methods, reason = "the stack under test is named by the environment")]
fn broker() -> String {
    let brokers = std::env::var("KAFKA_BROKERS")
        .expect("KAFKA_BROKERS is not set: run `make test`, which brings up the stack");
    brokers.split(',').next().unwrap().to_owned()
}

async fn kafka_and_topic() -> (Kafka, TestTopic) {
    let kafka = Kafka::new(&KafkaSettings {
        max_response_bytes: MAX_RESPONSE,
        max_unpacked_bytes: MAX_UNPACKED,
        ..kafka_settings::plain(vec![broker()])
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

/// What lies from the beginning up to `end`: the offsets of records, and ranges that cannot be read.
async fn all(reader: &PartitionReader, end: i64) -> (Vec<i64>, Vec<(i64, i64)>) {
    let (mut records, mut ranges, mut next) = (Vec::new(), Vec::new(), 0);
    let begun = Instant::now();
    while next < end {
        match reader.fetch(next, Duration::from_millis(200), 1 << 20).await {
            Ok(fetched) => {
                assert!(fetched.next_offset >= next);
                next = fetched.next_offset;
                records.extend(fetched.records.iter().map(|record| record.offset));
                let found = fetched.unreadable.iter();
                ranges.extend(found.map(|range| (range.first_offset, range.last_offset)));
            }
            Err(FetchError::Unavailable(_)) if begun.elapsed() < PATIENCE => {}
            Err(error) => panic!("at offset {next}: {error:?}"),
        }
        assert!(begun.elapsed() < PATIENCE, "it stands still at {next}");
    }
    (records, ranges)
}

#[tokio::test]
async fn a_header_without_value_costs_nothing() {
    let (kafka, topic) = kafka_and_topic().await;
    publish(&kafka, &topic, "before").await;
    let batch = Batch { records: 3, null_header: true, ..Batch::default() };
    Connection::open(&broker()).produce(&topic, None, &batch);
    publish(&kafka, &topic, "after").await;
    assert_eq!(all(&kafka.reader(&topic, 0), 5).await, (vec![0, 1, 2, 3, 4], vec![]));
}

#[tokio::test]
async fn transactions_count_when_they_are_committed() {
    let (kafka, topic) = kafka_and_topic().await;
    let reader = kafka.reader(&topic, 0);
    let transaction = format!("runtime-{}", uuid::Uuid::now_v7());
    let mut connection = Connection::open(&broker());
    publish(&kafka, &topic, "before").await;
    for commits in [true, false, true] {
        let producer = connection.begin(&transaction, &topic);
        let batch = Batch { records: 2, producer: Some(producer), ..Batch::default() };
        connection.produce(&topic, Some(&transaction), &batch);
        // While it is open, nothing of it can be read, and nothing behind it.
        let end = reader.latest_offset().await.unwrap();
        publish(&kafka, &topic, "meanwhile").await;
        assert_eq!(reader.latest_offset().await.unwrap(), end);
        match commits {
            true => connection.commit(&transaction, producer),
            false => connection.abort(&transaction, producer),
        }
        // The marker is written after the answer.
        while reader.latest_offset().await.unwrap() < end + 4 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    // Of each four: two of the transaction, one meanwhile, and the marker.
    assert_eq!(all(&reader, 13).await, (vec![0, 1, 2, 3, 7, 9, 10, 11], vec![]));
}

#[tokio::test]
#[cfg_attr(feature = "librdkafka", ignore = "librdkafka unpacks a batch to whatever size it has")]
async fn a_small_batch_that_unpacks_to_too_much_is_stepped_over() {
    let (kafka, topic) = kafka_and_topic().await;
    publish(&kafka, &topic, "before").await;
    let packed = |records| Batch { records, value: vec![b' '; 20_000], gzip: true, ..Batch::default() };
    let mut connection = Connection::open(&broker());
    connection.produce(&topic, None, &packed(100));
    connection.produce(&topic, None, &packed(20));
    let (records, ranges) = all(&kafka.reader(&topic, 0), 121).await;
    assert_eq!(ranges, [(1, 100)]);
    assert_eq!(records.len(), 21);
}

#[tokio::test]
#[cfg_attr(feature = "librdkafka", ignore = "librdkafka refuses the answer for ever")]
async fn a_batch_larger_than_an_answer_may_be_is_stepped_over() {
    let (kafka, topic) = kafka_and_topic().await;
    publish(&kafka, &topic, "before").await;
    let large = Batch { records: 10, value: vec![b'x'; MAX_RESPONSE / 8], ..Batch::default() };
    Connection::open(&broker()).produce(&topic, None, &large);
    publish(&kafka, &topic, "after").await;
    assert_eq!(all(&kafka.reader(&topic, 0), 12).await, (vec![0, 11], vec![(1, 10)]));
}

#[cfg(feature = "librdkafka")]
#[tokio::test]
async fn what_librdkafka_cannot_read_is_never_stepped_over() {
    let (kafka, topic) = kafka_and_topic().await;
    publish(&kafka, &topic, "before").await;
    let large = Batch { records: 10, value: vec![b'x'; MAX_RESPONSE / 8], ..Batch::default() };
    Connection::open(&broker()).produce(&topic, None, &large);
    publish(&kafka, &topic, "after").await;
    let reader = kafka.reader(&topic, 0);
    let before = reader.fetch(0, PATIENCE, 1 << 20).await.unwrap();
    assert_eq!((before.records.len(), before.next_offset), (1, 1));
    for _ in 0..2 {
        let error = reader.fetch(1, Duration::ZERO, 1 << 20).await.unwrap_err();
        assert!(matches!(error, FetchError::Unavailable(_)), "{error:?}");
    }
    assert_eq!(reader.fetch(11, PATIENCE, 1 << 20).await.unwrap().records.len(), 1);
}
