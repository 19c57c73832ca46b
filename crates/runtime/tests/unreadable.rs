//! Logs with records from other producers: headers without a value, transactions, batches that
//! claim too much. Valid records are read, unreadable ranges are reported, and reading continues.
//! The batches are built by hand, at the level of the protocol.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failing test helper fails the test"
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

const PATIENCE: Duration = Duration::from_secs(90);
/// Largest unpacked size of a batch in these tests.
const MAX_UNPACKED: usize = 1 << 20;
/// Largest response in these tests.
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
    testkit::eventually("the topic to be created", || async {
        kafka.create_topic(&topic, 1).await.is_ok() || kafka.partitions(&topic).await.is_ok()
    })
    .await;
    (kafka, topic)
}

async fn publish(kafka: &Kafka, topic: &str, text: &str) {
    let record = NewRecord {
        key: None,
        value: Some(text.as_bytes().to_vec()),
        headers: BTreeMap::new(),
        timestamp: runtime::clock::now(),
    };
    kafka.writer(topic).publish(0, vec![record], PATIENCE).await.unwrap();
}

/// Reads from the beginning up to `end`: the offsets of records, and the unreadable ranges.
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
        assert!(begun.elapsed() < PATIENCE, "reading does not advance from offset {next}");
    }
    (records, ranges)
}

#[tokio::test]
async fn reads_records_with_a_header_without_value() {
    let (kafka, topic) = kafka_and_topic().await;
    publish(&kafka, &topic, "before").await;
    let batch = Batch { records: 3, null_header: true, ..Batch::default() };
    Connection::open(&broker()).produce(&topic, None, &batch);
    publish(&kafka, &topic, "after").await;
    assert_eq!(all(&kafka.reader(&topic, 0), 5).await, (vec![0, 1, 2, 3, 4], vec![]));
}

#[tokio::test]
async fn delivers_only_committed_transactions() {
    let (kafka, topic) = kafka_and_topic().await;
    let reader = kafka.reader(&topic, 0);
    let transaction = format!("runtime-{}", uuid::Uuid::now_v7());
    let mut connection = Connection::open(&broker());
    publish(&kafka, &topic, "before").await;
    for commits in [true, false, true] {
        let producer = connection.begin(&transaction, &topic);
        let batch = Batch { records: 2, producer: Some(producer), ..Batch::default() };
        connection.produce(&topic, Some(&transaction), &batch);
        // While the transaction is open, neither its records nor those after them can be read.
        let end = reader.latest_offset().await.unwrap();
        publish(&kafka, &topic, "meanwhile").await;
        assert_eq!(reader.latest_offset().await.unwrap(), end);
        match commits {
            true => connection.commit(&transaction, producer),
            false => connection.abort(&transaction, producer),
        }
        // The marker is written after the response.
        while reader.latest_offset().await.unwrap() < end + 4 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    // Four offsets per transaction: two of its records, one record published meanwhile, and the
    // marker.
    assert_eq!(all(&reader, 13).await, (vec![0, 1, 2, 3, 7, 9, 10, 11], vec![]));
}

#[tokio::test]
#[cfg_attr(feature = "librdkafka", ignore = "librdkafka unpacks a batch of any size")]
async fn skips_a_batch_that_unpacks_to_more_than_the_limit() {
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
#[cfg_attr(feature = "librdkafka", ignore = "librdkafka refuses the response permanently")]
async fn skips_a_batch_above_the_response_limit() {
    let (kafka, topic) = kafka_and_topic().await;
    publish(&kafka, &topic, "before").await;
    let large = Batch { records: 10, value: vec![b'x'; MAX_RESPONSE / 8], ..Batch::default() };
    Connection::open(&broker()).produce(&topic, None, &large);
    publish(&kafka, &topic, "after").await;
    assert_eq!(all(&kafka.reader(&topic, 0), 12).await, (vec![0, 11], vec![(1, 10)]));
}

#[cfg(feature = "librdkafka")]
#[tokio::test]
async fn librdkafka_never_skips_a_batch_above_the_response_limit() {
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
