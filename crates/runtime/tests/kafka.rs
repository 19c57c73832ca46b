//! The Kafka client against real brokers: published records are fetched, and failures are
//! classified.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failing test helper fails the test"
)]

mod kafka_settings;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::LazyLock,
    time::{Duration, Instant},
};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use futures_util::future::join_all;
use runtime::{
    kafka::{FetchError, Fetched, Kafka, KafkaError, NewRecord, PartitionReader, PublishError},
    settings::{KafkaCompression, KafkaSettings},
};
use testkit::TestTopic;

const PATIENCE: Duration = Duration::from_secs(60);

#[expect(clippy::disallowed_methods, reason = "the stack under test is named by the environment")]
fn brokers() -> Vec<String> {
    let brokers = std::env::var("KAFKA_BROKERS")
        .expect("KAFKA_BROKERS is not set: run `make test`, which brings up the stack");
    brokers.split(',').map(str::to_owned).collect()
}

fn settings(brokers: Vec<String>) -> KafkaSettings {
    KafkaSettings { compression: KafkaCompression::Snappy, ..kafka_settings::plain(brokers) }
}

fn kafka() -> Kafka {
    Kafka::new(&settings(brokers())).unwrap()
}

/// A topic for one test.
async fn topic(kafka: &Kafka, partitions: i32) -> TestTopic {
    let name = TestTopic::new("runtime");
    testkit::eventually("the topic to be created", || async {
        kafka.create_topic(&name, partitions).await.is_ok() || kafka.partitions(&name).await.is_ok()
    })
    .await;
    name
}

fn unique(prefix: &str) -> String {
    format!("{prefix}-{}", uuid::Uuid::now_v7())
}

/// The time of record 0. The broker may delete records of yesterday at any moment.
static BEGUN: LazyLock<DateTime<Utc>> = LazyLock::new(|| runtime::clock::now().trunc_subsecs(3));

fn record(number: u32) -> NewRecord {
    NewRecord {
        key: Some(format!("CP-{number}").into_bytes()),
        value: Some(format!("{{\"number\":{number}}}").into_bytes()),
        headers: BTreeMap::from([("ce_id".to_owned(), number.to_string().into_bytes())]),
        timestamp: *BEGUN + TimeDelta::milliseconds(number.into()),
    }
}

/// Fetches until records arrive, because electing the leaders of a new topic takes a moment.
async fn fetch(reader: &PartitionReader, offset: i64, max_bytes: usize) -> Fetched {
    let end = Instant::now() + PATIENCE;
    loop {
        match reader.fetch(offset, Duration::from_millis(200), max_bytes).await {
            Ok(fetched) if !fetched.records.is_empty() => return fetched,
            Ok(_) | Err(FetchError::Unavailable(_)) if Instant::now() < end => {}
            outcome => panic!("nothing at offset {offset}: {outcome:?}"),
        }
    }
}

fn offsets(fetched: &Fetched) -> Vec<i64> {
    fetched.records.iter().map(|record| record.offset).collect()
}

#[tokio::test]
async fn fetches_what_was_published() {
    let kafka = kafka();
    let topic = topic(&kafka, 3).await;
    assert_eq!(kafka.partitions(&topic).await.unwrap(), [0, 1, 2]);

    let tombstone = NewRecord { key: None, value: None, headers: BTreeMap::new(), timestamp: *BEGUN };
    let sent = vec![record(1), record(2), tombstone];
    let offsets = kafka.writer(&topic).publish(2, sent.clone(), PATIENCE).await.unwrap();
    assert_eq!(offsets, [0, 1, 2]);

    let reader = kafka.reader(&topic, 2);
    let fetched = fetch(&reader, 0, 1 << 20).await;
    assert_eq!(fetched.high_watermark, 3);
    let received: Vec<_> = fetched
        .records
        .into_iter()
        .map(|record| NewRecord {
            key: record.key,
            value: record.value,
            headers: record.headers,
            timestamp: record.timestamp,
        })
        .collect();
    assert_eq!(received, sent);
    assert_eq!(reader.earliest_offset().await.unwrap(), 0);
    assert_eq!(reader.latest_offset().await.unwrap(), 3);
}

#[tokio::test]
async fn publishes_to_several_partitions_at_once() {
    let kafka = kafka();
    let topic = topic(&kafka, 3).await;
    let writer = kafka.writer(&topic);
    for round in 0..2_u32 {
        let records = (0..3).map(|partition| (partition, vec![record(2 * round), record(2 * round + 1)]));
        let mut outcomes = writer.publish_many(records.collect(), PATIENCE).await;
        outcomes.sort_by_key(|(partition, _)| *partition);
        assert!(matches!(outcomes.as_slice(), [(0, Ok(())), (1, Ok(())), (2, Ok(()))]), "{outcomes:?}");
    }
    let unknown = vec![(0, vec![record(4)]), (9, vec![record(4)]), (1, vec![record(4)])];
    let outcomes = writer.publish_many(unknown, Duration::from_secs(6)).await;
    for (partition, outcome) in outcomes {
        match partition {
            9 => assert!(matches!(outcome, Err(PublishError::Refused(_))), "{outcome:?}"),
            _ => outcome.unwrap(),
        }
    }
    for (partition, end) in [(0, 5), (1, 5), (2, 4)] {
        let reader = kafka.reader(&topic, partition);
        assert_eq!(reader.latest_offset().await.unwrap(), end, "partition {partition}");
        assert_eq!(fetch(&reader, 1, 1 << 20).await.records.first().unwrap().value, record(1).value);
    }
}

#[tokio::test]
async fn publications_that_share_requests_keep_their_offsets_and_their_order() {
    let kafka = kafka();
    let topic = topic(&kafka, 8).await;
    let writer = kafka.writer(&topic);
    // The leaders are known afterwards, as sharing requires.
    writer.publish_shared(0, vec![record(0)], PATIENCE).await.unwrap();
    let publish = |partition: i32| {
        let writer = writer.clone();
        async move {
            let mut offsets = Vec::new();
            for number in 0..40 {
                let pair = vec![record(2 * number), record(2 * number + 1)];
                offsets.extend(writer.publish_shared(partition, pair, PATIENCE).await.unwrap());
            }
            offsets
        }
    };
    let unknown = writer.publish_shared(9, vec![record(0)], Duration::from_secs(2));
    let (published, refused) = tokio::join!(join_all((1..8).map(publish)), unknown);
    assert!(matches!(refused, Err(PublishError::Refused(_))), "{refused:?}");
    for (partition, offsets) in (1..).zip(published) {
        assert_eq!(offsets, Vec::from_iter(0..80), "partition {partition}");
        let reader = kafka.reader(&topic, partition);
        assert_eq!(reader.latest_offset().await.unwrap(), 80, "partition {partition}");
        let fetched = fetch(&reader, 0, 1 << 20).await;
        for (number, received) in (0..).zip(fetched.records) {
            assert_eq!(received.value, record(number).value, "partition {partition}");
        }
    }
}

#[tokio::test]
async fn a_fetch_within_a_batch_returns_no_lower_offsets() {
    let kafka = kafka();
    let topic = topic(&kafka, 1).await;
    let writer = kafka.writer(&topic);
    writer.publish(0, (0..10).map(record).collect(), PATIENCE).await.unwrap();
    writer.publish(0, (10..20).map(record).collect(), PATIENCE).await.unwrap();

    let reader = kafka.reader(&topic, 0);
    assert_eq!(offsets(&fetch(&reader, 7, 1 << 20).await), (7..20).collect::<Vec<_>>());
}

#[tokio::test]
#[cfg_attr(feature = "librdkafka", ignore = "librdkafka does not show where a batch ends")]
async fn returns_a_whole_batch_even_if_it_exceeds_max_bytes() {
    let kafka = kafka();
    let topic = topic(&kafka, 1).await;
    let writer = kafka.writer(&topic);
    writer.publish(0, (0..10).map(record).collect(), PATIENCE).await.unwrap();
    writer.publish(0, (10..20).map(record).collect(), PATIENCE).await.unwrap();

    let reader = kafka.reader(&topic, 0);
    assert_eq!(offsets(&fetch(&reader, 7, 1).await), (7..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn small_fetches_return_each_record_once() {
    let kafka = kafka();
    let topic = topic(&kafka, 1).await;
    let writer = kafka.writer(&topic);
    for begin in [0, 10, 20] {
        writer.publish(0, (begin..begin + 10).map(record).collect(), PATIENCE).await.unwrap();
    }
    let reader = kafka.reader(&topic, 0);
    let mut received = Vec::new();
    // Backwards and forwards: records in flight for another offset are not returned.
    for offset in [20, 0] {
        let mut next = offset;
        while next < 30 {
            let fetched = fetch(&reader, next, 100).await;
            received.extend(offsets(&fetched));
            next = fetched.next_offset;
        }
    }
    assert_eq!(received, (20..30).chain(0..30).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_fetch_at_the_end_waits_for_new_records() {
    let kafka = kafka();
    let topic = topic(&kafka, 1).await;
    let writer = kafka.writer(&topic);
    writer.publish(0, vec![record(0)], PATIENCE).await.unwrap();
    let reader = kafka.reader(&topic, 0);
    assert_eq!(fetch(&reader, 0, 1 << 20).await.records.len(), 1);

    let started = Instant::now();
    let empty = reader.fetch(1, Duration::from_millis(300), 1 << 20).await.unwrap();
    assert!(empty.records.is_empty());
    assert_eq!(empty.high_watermark, 1);
    assert!(started.elapsed() >= Duration::from_millis(300), "the wait was cut short");

    let (fetched, published) =
        tokio::join!(reader.fetch(1, PATIENCE, 1 << 20), writer.publish(0, vec![record(1)], PATIENCE));
    assert_eq!(published.unwrap(), [1]);
    assert_eq!(fetched.unwrap().records[0].offset, 1);
}

#[tokio::test]
async fn reports_an_offset_outside_the_log() {
    let kafka = kafka();
    let topic = topic(&kafka, 1).await;
    kafka.writer(&topic).publish(0, vec![record(0)], PATIENCE).await.unwrap();
    let reader = kafka.reader(&topic, 0);
    assert_eq!(fetch(&reader, 0, 1 << 20).await.records.len(), 1);

    let error = reader.fetch(1_000, Duration::ZERO, 1 << 20).await.unwrap_err();
    assert!(matches!(error, FetchError::OffsetOutOfRange(1_000)), "{error:?}");
    // The reader continues to work.
    assert_eq!(fetch(&reader, 0, 1 << 20).await.records.len(), 1);
}

#[tokio::test]
async fn reports_an_unknown_topic_without_creating_it() {
    let kafka = kafka();
    let name = unique("nowhere");
    let unknown = |error: KafkaError| matches!(error, KafkaError::TopicUnknown(topic) if topic == name);
    assert!(unknown(kafka.partitions(&name).await.unwrap_err()));
    let error =
        kafka.writer(&name).publish(0, vec![record(0)], Duration::from_millis(500)).await.unwrap_err();
    assert!(matches!(error, PublishError::Refused(_)), "{error:?}");
    let error = kafka.reader(&name, 0).fetch(0, Duration::ZERO, 1).await.unwrap_err();
    assert!(matches!(error, FetchError::Unavailable(_)), "{error:?}");
    assert!(unknown(kafka.partitions(&name).await.unwrap_err()));
}

#[tokio::test]
async fn deletes_a_topic_idempotently() {
    let kafka = kafka();
    let (topic, other) = (topic(&kafka, 2).await, topic(&kafka, 1).await);
    kafka.delete_topic(&topic).await.unwrap();
    testkit::eventually("the topic to be gone", || async {
        matches!(kafka.partitions(&topic).await, Err(KafkaError::TopicUnknown(_)))
    })
    .await;
    kafka.delete_topic(&topic).await.unwrap();
    assert_eq!(kafka.partitions(&other).await.unwrap(), [0]);
}

#[tokio::test]
async fn refuses_an_unknown_partition() {
    let kafka = kafka();
    let topic = topic(&kafka, 1).await;
    let error =
        kafka.writer(&topic).publish(5, vec![record(0)], Duration::from_millis(500)).await.unwrap_err();
    assert!(matches!(error, PublishError::Refused(_)), "{error:?}");
    let error = kafka.reader(&topic, 5).latest_offset().await.unwrap_err();
    assert!(matches!(error, KafkaError::PartitionUnknown { partition: 5, .. }), "{error:?}");
}

#[tokio::test]
async fn refuses_an_oversized_record_at_once() {
    let kafka = kafka();
    let topic = topic(&kafka, 1).await;
    // Noise, so that compression does not make it small enough.
    let mut noise = 1_u64;
    let value = (0..3 << 20)
        .map(|_| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            noise.to_be_bytes()[0]
        })
        .collect();
    let huge = NewRecord { value: Some(value), ..record(0) };
    let started = Instant::now();
    let error = kafka.writer(&topic).publish(0, vec![huge], PATIENCE).await.unwrap_err();
    assert!(matches!(error, PublishError::Refused(_)), "{error:?}");
    assert!(started.elapsed() < PATIENCE / 2);
}

#[tokio::test]
async fn reports_refused_connections_within_the_timeouts() {
    let closed = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    within_the_limits(closed).await;
}

#[tokio::test]
async fn reports_unresponsive_brokers_within_the_timeouts() {
    // The kernel accepts connections into the backlog; nothing ever answers.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    within_the_limits(silent.local_addr().unwrap()).await;
}

async fn within_the_limits(broker: SocketAddr) {
    let short = KafkaSettings {
        connect_timeout_ms: 300,
        request_timeout_ms: 300,
        ..settings(vec![broker.to_string()])
    };
    let kafka = Kafka::new(&short).unwrap();
    let started = Instant::now();

    let error = kafka.partitions("any").await.unwrap_err();
    assert!(matches!(error, KafkaError::Unavailable(_)), "{error:?}");
    let error = kafka.reader("any", 0).fetch(0, Duration::from_millis(100), 1).await.unwrap_err();
    assert!(matches!(error, FetchError::Unavailable(_)), "{error:?}");
    let error =
        kafka.writer("any").publish(0, vec![record(0)], Duration::from_millis(700)).await.unwrap_err();
    assert!(matches!(error, PublishError::Refused(_)), "{error:?}");

    assert!(started.elapsed() < Duration::from_secs(20), "took {:?}", started.elapsed());
}

#[tokio::test]
async fn partitions_do_not_wait_for_each_other() {
    let kafka = kafka();
    let topic = topic(&kafka, 8).await;
    let writer = kafka.writer(&topic);
    // Seven readers wait at the end of their logs while the eighth partition is written and read.
    let waiting: Vec<_> = (0..7)
        .map(|partition| {
            let reader = kafka.reader(&topic, partition);
            tokio::spawn(async move { reader.fetch(0, PATIENCE, 1).await.map(drop) })
        })
        .collect();
    let started = Instant::now();
    writer.publish(7, vec![record(0)], PATIENCE).await.unwrap();
    assert_eq!(fetch(&kafka.reader(&topic, 7), 0, 1 << 20).await.records.len(), 1);
    assert!(started.elapsed() < PATIENCE / 2);
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn replaces_an_idle_connection_transparently() {
    let impatient = KafkaSettings { connection_idle_ms: 0, ..settings(brokers()) };
    let kafka = Kafka::new(&impatient).unwrap();
    let topic = topic(&kafka, 1).await;
    let writer = kafka.writer(&topic);
    for number in 0..3 {
        assert_eq!(writer.publish(0, vec![record(number)], PATIENCE).await.unwrap(), [i64::from(number)]);
    }
}

#[tokio::test]
async fn publishes_from_workers_with_their_own_runtimes() {
    let kafka = kafka();
    let topic = topic(&kafka, 1).await;
    let writer = kafka.writer(&topic);
    for number in 0..2 {
        let writer = writer.clone();
        // The first caller's runtime is gone when the second one publishes; the connection must
        // survive.
        let offsets = std::thread::spawn(move || {
            let worker = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            worker.block_on(writer.publish(0, vec![record(number)], PATIENCE))
        });
        let offsets = tokio::task::spawn_blocking(|| offsets.join().unwrap()).await.unwrap();
        assert_eq!(offsets.unwrap(), [i64::from(number)]);
    }
}

#[tokio::test]
async fn a_publication_without_a_response_is_unknown() {
    let kafka = kafka();
    let topic = topic(&kafka, 1).await;
    let writer = kafka.writer(&topic);
    writer.publish(0, vec![record(0)], PATIENCE).await.unwrap();
    // The connection is open, so the request is sent. The paused clock then reaches the deadline
    // before the response arrives, unless this machine is so slow that the response has arrived
    // already.
    for offset in 1.. {
        tokio::time::pause();
        let outcome = writer.publish(0, vec![record(1)], Duration::ZERO).await;
        tokio::time::resume();
        assert_eq!(fetch(&kafka.reader(&topic, 0), offset, 1 << 20).await.records[0].offset, offset);
        match outcome {
            Ok(offsets) => assert!(offsets == [offset] && offset < 50, "{offsets:?}"),
            Err(error) => return assert!(matches!(error, PublishError::Unknown(_)), "{error:?}"),
        }
    }
}
