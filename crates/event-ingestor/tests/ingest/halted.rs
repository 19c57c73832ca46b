//! A log that is not the one that was read, or lacks the next offset, halts its partition until an operator decides.

use crate::ground::Ground;
use runtime::kafka::NewRecord;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::kafka_wire::{Batch, Connection};

/// A replica reads a partition that it owns, and is not halted in, within this time; one that does not is halted.
const READS_WITHIN: Duration = Duration::from_secs(2);
const STATUSES: &str = "select connector_id as id, status from connectors order by id";

fn status(id: &str, connector: u8, status: &str) -> Vec<u8> {
    json!({ "eventId": id, "eventType": "connector.status_changed", "chargePointId": "CP-1", "gatewayId": "pod",
            "timestamp": runtime::clock::now(), "payload": { "connectorId": connector, "status": status } })
    .to_string()
    .into_bytes()
}

/// The dead letters of partition 0 as topic without the test's own name, offset, value.
async fn letters(ground: &Ground) -> serde_json::Value {
    let short = format!("replace(topic, '{}', 'topic')", &*ground.topic);
    ground
        .rows(&format!(
            "select {short} as topic, first_offset as at, convert_from(value, 'UTF8') as value
             from dead_letters order by first_offset, topic"
        ))
        .await
}

/// Reads everything up to `offset` with a replica that is stopped then.
async fn read_up_to(ground: &Ground, offset: i64) {
    let replica = ground.start_with_lease(2_000);
    ground.written(0, offset).await;
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_created_anew_is_recognised_although_it_has_the_next_offset() {
    let mut ground = Ground::new(1).await;
    ground.publish(0, &[b"old 0"]).await;
    ground.publish(0, &[status("old", 1, "Available")]).await;
    let last = ground.publish(0, &[b"old 2"]).await;
    read_up_to(&ground, last).await;

    ground.recreate_topic(1).await;
    ground.publish(0, &[b"new 0".to_vec(), status("new", 1, "Charging")]).await;
    let last = ground.publish(0, &["new 2", "new 3", "new 4"]).await;
    let first = ground.start_with_lease(2_000);
    ground.halts("OTHER_LOG").await;
    let epoch = ground.owned_after(0).await;
    let error = ground.go_on("--partition 0 --from 6").await.unwrap_err();
    assert!(error.to_string().contains("--from must be from 0 to 5"), "{error:#}");
    first.stop().await;

    let second = ground.start_with_lease(2_000);
    ground.owned_after(epoch).await;
    tokio::time::sleep(READS_WITHIN).await;
    assert_eq!(ground.partitions().await[0].next_offset, 3, "another owner does not read on either");
    assert_eq!(
        ground.rows(STATUSES).await,
        json!([{ "id": 1, "status": "Available" }]),
        "nothing is applied"
    );
    ground.go_on("--partition 0 --from earliest").await.unwrap();
    assert_eq!(ground.halted().await.as_deref(), Some("OTHER_LOG"), "a dry run changes nothing");

    ground.go_on("--partition 0 --from earliest --apply").await.unwrap();
    ground.written(0, last).await;
    assert_eq!(ground.halted().await, None);
    assert_eq!(ground.rows(STATUSES).await, json!([{ "id": 1, "status": "Charging" }]));
    assert_eq!(
        letters(&ground).await,
        json!([
            { "topic": "topic", "at": 0, "value": "new 0" }, { "topic": "topic#1", "at": 0, "value": "old 0" },
            { "topic": "topic", "at": 2, "value": "new 2" }, { "topic": "topic#1", "at": 2, "value": "old 2" },
            { "topic": "topic", "at": 3, "value": "new 3" }, { "topic": "topic", "at": 4, "value": "new 4" }
        ])
    );
    let error = ground.go_on("--partition 0 --from earliest --apply").await.unwrap_err();
    assert!(error.to_string().contains("is not halted"), "{error:#}");
    second.stop().await;
    let third = ground.start_with_lease(2_000);
    let last = ground.publish(0, &["new 5"]).await;
    ground.written(0, last).await;
    third.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_created_anew_under_a_running_replica_is_recognised() {
    let mut ground = Ground::new(1).await;
    let replica = ground.start_with_lease(2_000);
    let last = ground.publish(0, &["old 0", "old 1"]).await;
    ground.written(0, last).await;
    ground.recreate_topic(1).await;
    ground.publish(0, &["new 0", "new 1", "new 2", "new 3"]).await;
    ground.halts("OTHER_LOG").await;
    assert_eq!(ground.partitions().await[0].next_offset, 2);
    let epoch = ground.owned_after(0).await;
    ground.database.execute("update ingest_partitions set halted_because = null").await;
    ground.owned_after(epoch).await;
    ground.halts("OTHER_LOG").await;
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_created_anew_that_ends_before_the_last_record_is_recognised() {
    let mut ground = Ground::new(1).await;
    let last = ground.publish(0, &["old 0", "old 1"]).await;
    read_up_to(&ground, last).await;
    ground.recreate_topic(1).await;
    let replica = ground.start_with_lease(2_000);
    ground.halts("OTHER_LOG").await;
    ground.go_on("--partition 0 --from latest --apply").await.unwrap();
    let last = ground.publish(0, &["new 0"]).await;
    ground.written(0, last).await;
    assert_eq!(ground.dead_letters().await.len(), 1, "the former ones are set aside");
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_whose_offset_the_broker_lacks_waits_for_an_operator_also_after_a_restart() {
    let ground = Ground::new(1).await;
    let last = ground.publish(0, &[status("first", 1, "Available")]).await;
    read_up_to(&ground, last).await;
    ground.database.execute("update ingest_partitions set next_offset = 3").await;
    let first = ground.start_with_lease(2_000);
    ground.halts("OFFSET_OUTSIDE_LOG").await;
    let epoch = ground.owned_after(0).await;
    first.stop().await;
    // Now the log has the offset.
    let later = [("a", 2), ("b", 3), ("c", 4), ("d", 5)].map(|(id, number)| status(id, number, "Finishing"));
    let last = ground.publish(0, &later).await;
    let second = ground.start_with_lease(2_000);
    ground.owned_after(epoch).await;
    tokio::time::sleep(READS_WITHIN).await;
    assert_eq!(ground.partitions().await[0].next_offset, 3, "no silent reset");
    // As operators did before there was a command.
    ground.database.execute("update ingest_partitions set next_offset = 1").await;
    ground.written(0, last).await;
    assert_eq!(ground.halted().await, None);
    assert_eq!(ground.rows("select count(*) from connectors").await, json!([{ "count": 5 }]));
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_of_a_replaced_log_are_kept_when_an_operator_moves_the_offset_by_hand() {
    let mut ground = Ground::new(1).await;
    let last = ground.publish(0, &["old 0", "same", "old 2"]).await;
    read_up_to(&ground, last).await;
    ground.recreate_topic(1).await;
    let last = ground.publish(0, &["new 0", "same", "new 2"]).await;
    ground.database.execute("update ingest_partitions set next_offset = 0").await;
    read_up_to(&ground, last).await;
    let expected = json!([
        { "topic": "topic", "at": 0, "value": "new 0" }, { "topic": "topic#1", "at": 0, "value": "old 0" },
        { "topic": "topic", "at": 1, "value": "same" },
        { "topic": "topic", "at": 2, "value": "new 2" }, { "topic": "topic#1", "at": 2, "value": "old 2" }
    ]);
    assert_eq!(letters(&ground).await, expected);
    ground.database.execute("update ingest_partitions set next_offset = 0").await;
    read_up_to(&ground, last).await;
    assert_eq!(letters(&ground).await, expected, "the same records again are the same letters");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_log_is_read_on_whatever_its_last_record_is() {
    let ground = Ground::new(1).await;
    let tombstone =
        NewRecord { key: None, value: None, headers: BTreeMap::new(), timestamp: runtime::clock::now() };
    let brokers = testkit::kafka_brokers();
    let mut connection = Connection::open(brokers.split(',').next().unwrap());

    let last = ground.publish(0, &[status("first", 1, "Available")]).await;
    read_up_to(&ground, last).await;
    let last = ground.append(0, vec![tombstone]).await;
    read_up_to(&ground, last).await;
    // A record, and a marker behind it that cannot be read.
    let transaction = testkit::unique("transaction");
    let producer = connection.begin(&transaction, &ground.topic);
    connection.produce(
        &ground.topic,
        Some(&transaction),
        &Batch { producer: Some(producer), ..Batch::default() },
    );
    connection.commit(&transaction, producer);
    read_up_to(&ground, last + 2).await;
    let known = "select last_record_offset as record, last_record_next_offset = next_offset as counts from ingest_partitions";
    assert_eq!(ground.rows(known).await, json!([{ "record": last + 1, "counts": true }]));
    let last = ground.publish(0, &[status("last", 1, "Charging")]).await;
    read_up_to(&ground, last).await;
    assert_eq!(ground.halted().await, None);
    assert_eq!(ground.rows(STATUSES).await, json!([{ "id": 1, "status": "Charging" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_read_on_that_the_previous_release_has_read_meanwhile() {
    let mut ground = Ground::new(1).await;
    let last = ground.publish(0, &["old 0", "old 1"]).await;
    read_up_to(&ground, last).await;
    // It moves the offset, and nothing else; so nobody can tell that the log is another one now.
    ground.database.execute("update ingest_partitions set next_offset = 3").await;
    ground.recreate_topic(1).await;
    let last = ground.publish(0, &["new 0", "new 1", "new 2", "new 3"]).await;
    read_up_to(&ground, last).await;
    assert_eq!(ground.halted().await, None);
}
