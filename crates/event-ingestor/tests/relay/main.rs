//! The relay against real servers: changes in, records out, whatever happens to the relays.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod fixture;

use fixture::{Fixture, consumed_once, header, write};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::eventually;
use testkit::kafka_wire::Connection;

fn devices() -> Vec<String> {
    (0..10).map(|number| format!("CP-{number}")).collect()
}

/// The expected numbers after `rounds` changes of each device.
fn all(rounds: usize) -> BTreeMap<String, Vec<usize>> {
    devices().into_iter().map(|device| (device, (0..rounds).collect())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn publishes_a_change_to_the_partition_of_its_key() {
    let fixture = Fixture::new().await;
    let mut connection = fixture.database.pool.connection().await.unwrap();
    write(&mut connection, &devices(), 0).await;
    let relay = fixture.start_with_long_lease();
    eventually("the changes to be published", || async { fixture.position().await == json!([2, true]) })
        .await;
    let published = fixture.consume().await;
    assert_eq!(consumed_once(&published), all(1));
    assert_eq!(published.iter().map(Vec::len).sum::<usize>(), 10, "each once, without failures");
    let record = published.iter().flatten().next().unwrap();
    assert_eq!(header(record, "ce_source"), "/charging/platform");
    assert_eq!(header(record, "content-type"), "application/protobuf");
    relay.stop().await;
    assert_eq!(fixture.position().await, json!([2, false]), "the lease is released at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn crashing_relays_lose_and_reorder_nothing() {
    const ROUNDS: usize = 400;
    let fixture = Fixture::new().await;
    let pool = fixture.database.pool.clone();
    let writer = tokio::spawn(async move {
        let mut connection = pool.connection().await.unwrap();
        for number in 0..ROUNDS {
            write(&mut connection, &devices(), number).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    // One relay is on standby all the time; others start and crash at varying steps.
    let standby = fixture.start();
    for crash in 0..10_u64 {
        let relay = fixture.start();
        tokio::time::sleep(Duration::from_millis(150 + crash * 37 % 300)).await;
        relay.crash().await;
        if crash == 4 {
            // The lease of the holder is taken away; the holder notices it when it records its
            // position.
            fixture.database.execute("update ingest_partitions set lease_until = '-infinity'").await;
        }
    }
    standby.crash().await;
    let last = fixture.start();
    writer.await.unwrap();
    eventually("everything to be published", || async {
        fixture.position().await == json!([ROUNDS + 1, true])
    })
    .await;
    last.stop().await;
    assert_eq!(consumed_once(&fixture.consume().await), all(ROUNDS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_waits_for_its_topic() {
    let fixture = Fixture::bare().await;
    let mut connection = fixture.database.pool.connection().await.unwrap();
    write(&mut connection, &devices(), 0).await;
    let relay = fixture.start();
    eventually("the lease to be taken", || async { fixture.position().await == json!([1, true]) }).await;
    write(&mut connection, &devices(), 1).await;
    eventually("the relay to read the changes", || async {
        let numbered = "select count(*) from feed_chunks where position is not null";
        fixture.database.json(numbered).await == json!(1)
    })
    .await;
    fixture.create_topic().await;
    eventually("the changes to be published", || async { fixture.position().await == json!([3, true]) })
        .await;
    assert_eq!(consumed_once(&fixture.consume().await), all(2));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletes_only_published_old_changes() {
    let fixture = Fixture::bare().await;
    let mut connection = fixture.database.pool.connection().await.unwrap();
    for number in 0..4 {
        write(&mut connection, &devices(), number).await;
    }
    fixture
        .database
        .execute("update feed_chunks set created_at = now() - interval '2 hours' where id < 4")
        .await;
    let kept = || fixture.database.json("select json_agg(position order by position) from feed_chunks");
    // Without a topic the relay runs and prunes first; it must find nothing to delete.
    let relay = fixture.start();
    eventually("the changes to be read", || async { kept().await == json!([1, 2, 3, 4]) }).await;
    relay.stop().await;
    assert_eq!(kept().await, json!([1, 2, 3, 4]), "old, but not published");
    fixture.create_topic().await;
    let relay = fixture.start();
    eventually("the changes to be published", || async { fixture.position().await == json!([5, true]) })
        .await;
    relay.stop().await;
    let relay = fixture.start();
    eventually("what is old to be deleted", || async { kept().await == json!([4]) }).await;
    relay.stop().await;
    assert_eq!(consumed_once(&fixture.consume().await), all(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_relay_publishes_and_others_stand_by() {
    let fixture = Fixture::new().await;
    let relays = [(); 3].map(|()| fixture.start_with_long_lease());
    let mut connection = fixture.database.pool.connection().await.unwrap();
    for number in 0..50 {
        write(&mut connection, &devices(), number).await;
    }
    eventually("everything to be published", || async { fixture.position().await == json!([51, true]) })
        .await;
    let published = fixture.consume().await;
    assert_eq!(published.iter().map(Vec::len).sum::<usize>(), 500, "each once");
    for relay in relays {
        relay.stop().await;
    }
    assert_eq!(fixture.position().await, json!([51, false]));
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_record_the_position_of_unpublished_changes() {
    let fixture = Fixture::new().await;
    let mut connection = fixture.database.pool.connection().await.unwrap();
    write(&mut connection, &devices(), 0).await;
    let relay = fixture.start();
    eventually("the changes to be published", || async { fixture.position().await == json!([2, true]) })
        .await;
    // The relay already knows the partitions of the topic, and notices the loss only when it
    // publishes.
    let brokers = testkit::kafka_brokers();
    Connection::open(brokers.split(',').next().unwrap()).delete_topic(&fixture.topic);
    eventually("the topic to be gone", || async { fixture.kafka.partitions(&fixture.topic).await.is_err() })
        .await;
    write(&mut connection, &devices(), 1).await;
    eventually("the changes to be read", || async {
        let numbered = "select count(*) from feed_chunks where position is not null";
        fixture.database.json(numbered).await == json!(2)
    })
    .await;
    // Time enough to record the position by mistake; there is no condition to wait for.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(fixture.position().await[0], 2);
    eventually("the topic to be created again", || async {
        fixture.kafka.create_topic(&fixture.topic, fixture::PARTITIONS).await.is_ok()
    })
    .await;
    eventually("the changes to be published", || async { fixture.position().await == json!([3, true]) })
        .await;
    relay.stop().await;
    let expected = devices().into_iter().map(|device| (device, vec![1])).collect();
    assert_eq!(consumed_once(&fixture.consume().await), expected);
}
