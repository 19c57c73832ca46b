//! Records of other producers: valid records are applied, those of aborted transactions are not,
//! and unreadable ranges are recorded.

use crate::fixture::Fixture;
use serde_json::json;
use testkit::kafka_wire::{Batch, Connection};

fn status(id: &str, status: &str) -> String {
    json!({ "eventId": id, "eventType": "connector.status_changed", "chargePointId": "CP-1", "gatewayId": "pod",
            "timestamp": runtime::clock::now(), "payload": { "connectorId": 1, "status": status } })
    .to_string()
}

/// A batch with one status of the current time.
fn batch(id: &str, word: &str) -> Batch {
    let value = status(id, word).into_bytes();
    Batch { value, timestamp_ms: runtime::clock::now().timestamp_millis(), ..Batch::default() }
}

fn connect() -> Connection {
    let brokers = testkit::kafka_brokers();
    Connection::open(brokers.split(',').next().unwrap())
}

/// The dead letters: first offset, last offset, reason.
async fn letters(fixture: &Fixture) -> Vec<(i64, i64, String)> {
    let letters = fixture.dead_letters().await.into_iter();
    letters.map(|letter| letter.heading).map(|it| (it.first_offset, it.last_offset, it.reason)).collect()
}

async fn statuses(fixture: &Fixture) -> serde_json::Value {
    fixture.rows("select status from connectors").await
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_a_header_without_a_value() {
    let fixture = Fixture::new(1).await;
    fixture.publish(0, &[status("before", "Available")]).await;
    let batch = Batch { null_header: true, ..batch("with", "Charging") };
    connect().produce(&fixture.topic, None, &batch);
    let replica = fixture.start();
    fixture.written(0, 1).await;
    assert_eq!(letters(&fixture).await, []);
    assert_eq!(statuses(&fixture).await, json!([{ "status": "Charging" }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn applies_only_committed_transactions() {
    let fixture = Fixture::new(1).await;
    fixture.publish(0, &[status("before", "Available")]).await;
    let transaction = testkit::unique("transaction");
    let mut connection = connect();
    let mut write = |id: &str, word: &str, commits: bool| {
        let producer = connection.begin(&transaction, &fixture.topic);
        let batch = Batch { producer: Some(producer), ..batch(id, word) };
        connection.produce(&fixture.topic, Some(&transaction), &batch);
        match commits {
            true => connection.commit(&transaction, producer),
            false => connection.abort(&transaction, producer),
        }
    };
    let replica = fixture.start();
    write("committed", "Charging", true);
    write("aborted", "Faulted", false);
    // Each transaction adds a record and a marker; the last marker is passed although no record
    // follows it.
    fixture.written(0, 4).await;
    assert_eq!(letters(&fixture).await, []);
    assert_eq!(statuses(&fixture).await, json!([{ "status": "Charging" }]));
    let last = fixture.publish(0, &[status("after", "Finishing")]).await;
    fixture.written(0, last).await;
    assert_eq!(statuses(&fixture).await, json!([{ "status": "Finishing" }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(feature = "librdkafka", ignore = "librdkafka decompresses a batch of any size")]
async fn a_small_batch_that_decompresses_to_too_much_is_unreadable() {
    let fixture = Fixture::new(1).await;
    fixture.publish(0, &[status("before", "Available")]).await;
    let bomb = Batch { records: 7_000, value: vec![b' '; 10_000], gzip: true, ..Batch::default() };
    connect().produce(&fixture.topic, None, &bomb);
    let last = fixture.publish(0, &[status("after", "Charging")]).await;
    let replica = fixture.start();
    fixture.written(0, last).await;
    assert_eq!(letters(&fixture).await, [(1, 7_000, "UNREADABLE_BATCH".to_owned())]);
    assert_eq!(statuses(&fixture).await, json!([{ "status": "Charging" }]));
    replica.stop().await;
}
