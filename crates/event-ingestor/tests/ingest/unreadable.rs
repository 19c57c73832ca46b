//! What other producers put on the topic: good records are applied, those of aborted transactions are not, and what cannot be read is
//! on record as a range.

use crate::ground::Ground;
use serde_json::json;
use testkit::kafka_wire::{Batch, Connection};

fn status(id: &str, status: &str) -> String {
    json!({ "eventId": id, "eventType": "connector.status_changed", "chargePointId": "CP-1", "gatewayId": "pod",
            "timestamp": runtime::clock::now(), "payload": { "connectorId": 1, "status": status } })
    .to_string()
}

/// A batch of one status, of now.
fn batch(id: &str, word: &str) -> Batch {
    let value = status(id, word).into_bytes();
    Batch { value, timestamp_ms: runtime::clock::now().timestamp_millis(), ..Batch::default() }
}

fn connect() -> Connection {
    let brokers = testkit::kafka_brokers();
    Connection::open(brokers.split(',').next().unwrap())
}

/// The dead letters as first offset, last offset, reason.
async fn letters(ground: &Ground) -> Vec<(i64, i64, String)> {
    let letters = ground.dead_letters().await.into_iter();
    letters.map(|letter| letter.heading).map(|it| (it.first_offset, it.last_offset, it.reason)).collect()
}

async fn statuses(ground: &Ground) -> serde_json::Value {
    ground.rows("select status from connectors").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_without_a_value_costs_nothing() {
    let ground = Ground::new(1).await;
    ground.publish(0, &[status("before", "Available")]).await;
    let batch = Batch { null_header: true, ..batch("with", "Charging") };
    connect().produce(&ground.topic, None, &batch);
    let replica = ground.start();
    ground.written(0, 1).await;
    assert_eq!(letters(&ground).await, []);
    assert_eq!(statuses(&ground).await, json!([{ "status": "Charging" }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_count_when_they_are_committed() {
    let ground = Ground::new(1).await;
    ground.publish(0, &[status("before", "Available")]).await;
    let transaction = testkit::unique("transaction");
    let mut connection = connect();
    let mut write = |id: &str, word: &str, commits: bool| {
        let producer = connection.begin(&transaction, &ground.topic);
        let batch = Batch { producer: Some(producer), ..batch(id, word) };
        connection.produce(&ground.topic, Some(&transaction), &batch);
        match commits {
            true => connection.commit(&transaction, producer),
            false => connection.abort(&transaction, producer),
        }
    };
    let replica = ground.start();
    write("committed", "Charging", true);
    write("aborted", "Faulted", false);
    // Of each the record and the marker; the last marker is read, too, though no record follows it.
    ground.written(0, 4).await;
    assert_eq!(letters(&ground).await, []);
    assert_eq!(statuses(&ground).await, json!([{ "status": "Charging" }]));
    let last = ground.publish(0, &[status("after", "Finishing")]).await;
    ground.written(0, last).await;
    assert_eq!(statuses(&ground).await, json!([{ "status": "Finishing" }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(feature = "librdkafka", ignore = "librdkafka unpacks a batch to whatever size it has")]
async fn a_small_batch_that_unpacks_to_too_much_is_put_aside() {
    let ground = Ground::new(1).await;
    ground.publish(0, &[status("before", "Available")]).await;
    let bomb = Batch { records: 7_000, value: vec![b' '; 10_000], gzip: true, ..Batch::default() };
    connect().produce(&ground.topic, None, &bomb);
    let last = ground.publish(0, &[status("after", "Charging")]).await;
    let replica = ground.start();
    ground.written(0, last).await;
    assert_eq!(letters(&ground).await, [(1, 7_000, "UNREADABLE_BATCH".to_owned())]);
    assert_eq!(statuses(&ground).await, json!([{ "status": "Charging" }]));
    replica.stop().await;
}
