//! A log that differs from the one that was read, or lacks the next offset, halts its partition
//! until an operator decides.

use crate::fixture::Fixture;
use runtime::kafka::NewRecord;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::kafka_wire::{Batch, Connection};

/// A replica starts to read its partition within this time unless the partition is halted.
const READS_WITHIN: Duration = Duration::from_secs(2);
const STATUSES: &str = "select connector_id as id, status from connectors order by id";

fn status(id: &str, connector: u8, status: &str) -> Vec<u8> {
    json!({ "eventId": id, "eventType": "connector.status_changed", "chargePointId": "CP-1", "gatewayId": "pod",
            "timestamp": runtime::clock::now(), "payload": { "connectorId": connector, "status": status } })
    .to_string()
    .into_bytes()
}

/// The dead letters of partition 0: topic without the test's unique name, offset, value.
async fn letters(fixture: &Fixture) -> serde_json::Value {
    let short = format!("replace(topic, '{}', 'topic')", &*fixture.topic);
    fixture
        .rows(&format!(
            "select {short} as topic, first_offset as at, convert_from(value, 'UTF8') as value
             from dead_letters order by first_offset, topic"
        ))
        .await
}

/// Reads everything up to `offset` with a replica, and stops the replica.
async fn read_up_to(fixture: &Fixture, offset: i64) {
    let replica = fixture.start_with_lease(2_000);
    fixture.written(0, offset).await;
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recognizes_a_recreated_topic_that_has_the_next_offset() {
    let mut fixture = Fixture::new(1).await;
    fixture.publish(0, &[b"old 0"]).await;
    fixture.publish(0, &[status("old", 1, "Available")]).await;
    let last = fixture.publish(0, &[b"old 2"]).await;
    read_up_to(&fixture, last).await;

    fixture.recreate_topic(1).await;
    fixture.publish(0, &[b"new 0".to_vec(), status("new", 1, "Charging")]).await;
    let last = fixture.publish(0, &["new 2", "new 3", "new 4"]).await;
    let first = fixture.start_with_lease(2_000);
    fixture.wait_for_halt("OTHER_LOG").await;
    let epoch = fixture.owned_after(0).await;
    let error = fixture.resume("--partition 0 --from 6").await.unwrap_err();
    assert!(error.to_string().contains("--from must be from 0 to 5"), "{error:#}");
    first.stop().await;

    let second = fixture.start_with_lease(2_000);
    fixture.owned_after(epoch).await;
    tokio::time::sleep(READS_WITHIN).await;
    assert_eq!(fixture.partitions().await[0].next_offset, 3, "another owner does not resume either");
    assert_eq!(
        fixture.rows(STATUSES).await,
        json!([{ "id": 1, "status": "Available" }]),
        "nothing is applied"
    );
    fixture.resume("--partition 0 --from earliest").await.unwrap();
    assert_eq!(fixture.halted().await.as_deref(), Some("OTHER_LOG"), "a dry run changes nothing");

    fixture.resume("--partition 0 --from earliest --apply").await.unwrap();
    fixture.written(0, last).await;
    assert_eq!(fixture.halted().await, None);
    assert_eq!(fixture.rows(STATUSES).await, json!([{ "id": 1, "status": "Charging" }]));
    assert_eq!(
        letters(&fixture).await,
        json!([
            { "topic": "topic", "at": 0, "value": "new 0" }, { "topic": "topic#1", "at": 0, "value": "old 0" },
            { "topic": "topic", "at": 2, "value": "new 2" }, { "topic": "topic#1", "at": 2, "value": "old 2" },
            { "topic": "topic", "at": 3, "value": "new 3" }, { "topic": "topic", "at": 4, "value": "new 4" }
        ])
    );
    let error = fixture.resume("--partition 0 --from earliest --apply").await.unwrap_err();
    assert!(error.to_string().contains("is not halted"), "{error:#}");
    second.stop().await;
    let third = fixture.start_with_lease(2_000);
    let last = fixture.publish(0, &["new 5"]).await;
    fixture.written(0, last).await;
    third.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recognizes_a_topic_that_was_recreated_under_a_running_replica() {
    let mut fixture = Fixture::new(1).await;
    let replica = fixture.start_with_lease(2_000);
    let last = fixture.publish(0, &["old 0", "old 1"]).await;
    fixture.written(0, last).await;
    fixture.recreate_topic(1).await;
    fixture.publish(0, &["new 0", "new 1", "new 2", "new 3"]).await;
    fixture.wait_for_halt("OTHER_LOG").await;
    assert_eq!(fixture.partitions().await[0].next_offset, 2);
    let epoch = fixture.owned_after(0).await;
    fixture.database.execute("update ingest_partitions set halted_because = null").await;
    fixture.owned_after(epoch).await;
    fixture.wait_for_halt("OTHER_LOG").await;
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recognizes_a_recreated_topic_that_ends_before_the_last_record() {
    let mut fixture = Fixture::new(1).await;
    let last = fixture.publish(0, &["old 0", "old 1"]).await;
    read_up_to(&fixture, last).await;
    fixture.recreate_topic(1).await;
    let replica = fixture.start_with_lease(2_000);
    fixture.wait_for_halt("OTHER_LOG").await;
    fixture.resume("--partition 0 --from latest --apply").await.unwrap();
    let last = fixture.publish(0, &["new 0"]).await;
    fixture.written(0, last).await;
    assert_eq!(fixture.dead_letters().await.len(), 1, "those of the former log are set aside");
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_without_its_next_offset_stays_halted_after_a_restart() {
    let fixture = Fixture::new(1).await;
    let last = fixture.publish(0, &[status("first", 1, "Available")]).await;
    read_up_to(&fixture, last).await;
    fixture.database.execute("update ingest_partitions set next_offset = 3").await;
    let first = fixture.start_with_lease(2_000);
    fixture.wait_for_halt("OFFSET_OUTSIDE_LOG").await;
    let epoch = fixture.owned_after(0).await;
    first.stop().await;
    // The log has the offset now.
    let later = [("a", 2), ("b", 3), ("c", 4), ("d", 5)].map(|(id, number)| status(id, number, "Finishing"));
    let last = fixture.publish(0, &later).await;
    let second = fixture.start_with_lease(2_000);
    fixture.owned_after(epoch).await;
    tokio::time::sleep(READS_WITHIN).await;
    assert_eq!(fixture.partitions().await[0].next_offset, 3, "the offset is not reset silently");
    // As operators did before the command existed.
    fixture.database.execute("update ingest_partitions set next_offset = 1").await;
    fixture.written(0, last).await;
    assert_eq!(fixture.halted().await, None);
    assert_eq!(fixture.rows("select count(*) from connectors").await, json!([{ "count": 5 }]));
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_dead_letters_of_a_replaced_log_when_the_offset_is_moved_by_hand() {
    let mut fixture = Fixture::new(1).await;
    let last = fixture.publish(0, &["old 0", "same", "old 2"]).await;
    read_up_to(&fixture, last).await;
    fixture.recreate_topic(1).await;
    let last = fixture.publish(0, &["new 0", "same", "new 2"]).await;
    fixture.database.execute("update ingest_partitions set next_offset = 0").await;
    read_up_to(&fixture, last).await;
    let expected = json!([
        { "topic": "topic", "at": 0, "value": "new 0" }, { "topic": "topic#1", "at": 0, "value": "old 0" },
        { "topic": "topic", "at": 1, "value": "same" },
        { "topic": "topic", "at": 2, "value": "new 2" }, { "topic": "topic#1", "at": 2, "value": "old 2" }
    ]);
    assert_eq!(letters(&fixture).await, expected);
    fixture.database.execute("update ingest_partitions set next_offset = 0").await;
    read_up_to(&fixture, last).await;
    assert_eq!(letters(&fixture).await, expected, "the same records lead to the same dead letters");
}

#[tokio::test(flavor = "multi_thread")]
async fn resumes_the_same_log_whatever_its_last_record_is() {
    let fixture = Fixture::new(1).await;
    let tombstone =
        NewRecord { key: None, value: None, headers: BTreeMap::new(), timestamp: runtime::clock::now() };
    let brokers = testkit::kafka_brokers();
    let mut connection = Connection::open(brokers.split(',').next().unwrap());

    let last = fixture.publish(0, &[status("first", 1, "Available")]).await;
    read_up_to(&fixture, last).await;
    let last = fixture.append(0, vec![tombstone]).await;
    read_up_to(&fixture, last).await;
    // A record, followed by a transaction marker.
    let transaction = testkit::unique("transaction");
    let producer = connection.begin(&transaction, &fixture.topic);
    connection.produce(
        &fixture.topic,
        Some(&transaction),
        &Batch { producer: Some(producer), ..Batch::default() },
    );
    connection.commit(&transaction, producer);
    read_up_to(&fixture, last + 2).await;
    let known = "select last_record_offset as record, last_record_next_offset = next_offset as counts from ingest_partitions where topic not like '%/%'";
    assert_eq!(fixture.rows(known).await, json!([{ "record": last + 1, "counts": true }]));
    let last = fixture.publish(0, &[status("last", 1, "Charging")]).await;
    read_up_to(&fixture, last).await;
    assert_eq!(fixture.halted().await, None);
    assert_eq!(fixture.rows(STATUSES).await, json!([{ "id": 1, "status": "Charging" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn resumes_a_log_that_the_previous_release_has_read_meanwhile() {
    let mut fixture = Fixture::new(1).await;
    let last = fixture.publish(0, &["old 0", "old 1"]).await;
    read_up_to(&fixture, last).await;
    // The previous release moves only the offset, so a replaced log cannot be recognized.
    fixture.database.execute("update ingest_partitions set next_offset = 3").await;
    fixture.recreate_topic(1).await;
    let last = fixture.publish(0, &["new 0", "new 1", "new 2", "new 3"]).await;
    read_up_to(&fixture, last).await;
    assert_eq!(fixture.halted().await, None);
}
