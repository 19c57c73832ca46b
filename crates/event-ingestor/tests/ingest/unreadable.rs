//! Batches that the Kafka client cannot decode are put on record as a range, and the partition goes on.

use crate::ground::Ground;
use serde_json::json;
use testkit::kafka_wire::{Batch, Connection};

fn status(id: &str, status: &str) -> String {
    json!({ "eventId": id, "eventType": "connector.status_changed", "chargePointId": "CP-1", "gatewayId": "pod",
            "timestamp": runtime::clock::now(), "payload": { "connectorId": 1, "status": status } })
    .to_string()
}

fn connect() -> Connection {
    let brokers = testkit::kafka_brokers();
    Connection::open(brokers.split(',').next().unwrap())
}

/// The dead letters as first offset, last offset, reason; none has bytes.
async fn ranges(ground: &Ground) -> Vec<(i64, i64, String)> {
    let letters = ground.dead_letters().await.into_iter();
    letters
        .map(|letter| {
            assert_eq!(letter.record.value, None);
            (letter.heading.first_offset, letter.heading.last_offset, letter.heading.reason)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_without_a_value() {
    let ground = Ground::new(1).await;
    ground.publish(0, &[status("before", "Available")]).await;
    connect().produce(&ground.topic, None, &Batch { records: 3, null_header: true, ..Batch::default() });
    let last = ground.publish(0, &[status("after", "Charging")]).await;
    let replica = ground.start();
    ground.written(0, last).await;
    assert_eq!(ranges(&ground).await, [(1, 3, "UNREADABLE_BATCH".to_owned())]);
    assert_eq!(ground.rows("select status from connectors").await, json!([{ "status": "Charging" }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn markers_of_transactions() {
    let ground = Ground::new(1).await;
    let transaction = testkit::unique("transaction");
    let mut connection = connect();
    let producer = connection.begin(&transaction, &ground.topic);
    let batch = Batch { producer: Some(producer), ..Batch::default() };
    connection.produce(&ground.topic, Some(&transaction), &batch);
    connection.commit(&transaction, producer);
    let replica = ground.start();
    // The record itself is read, and is no JSON; the marker behind it cannot be.
    ground.written(0, 1).await;
    let expected = [(0, 0, "NOT_JSON"), (1, 1, "UNREADABLE_BATCH")].map(|(a, b, why)| (a, b, why.to_owned()));
    let letters = ground.dead_letters().await.into_iter();
    let found: Vec<_> = letters
        .map(|letter| (letter.heading.first_offset, letter.heading.last_offset, letter.heading.reason))
        .collect();
    assert_eq!(found, expected);
    let last = ground.publish(0, &[status("after", "Charging")]).await;
    ground.written(0, last).await;
    replica.stop().await;
}
