//! The relay on the real stack: changes in, records out, whatever happens to the relays meanwhile.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod ground;

use ground::{Ground, header, understand, write};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::eventually;
use testkit::kafka_wire::Connection;

fn devices() -> Vec<String> {
    (0..10).map(|number| format!("CP-{number}")).collect()
}

/// What a consumer must have understood of `rounds` changes of each device.
fn all(rounds: usize) -> BTreeMap<String, Vec<usize>> {
    devices().into_iter().map(|device| (device, (0..rounds).collect())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_published_where_its_key_belongs() {
    let ground = Ground::new().await;
    let mut connection = ground.database.pool.connection().await.unwrap();
    write(&mut connection, &devices(), 0).await;
    let relay = ground.start();
    eventually("the changes to be published", || async { ground.place().await == json!([2, true]) }).await;
    let published = ground.consume().await;
    assert_eq!(understand(&published), all(1));
    assert_eq!(published.iter().map(Vec::len).sum::<usize>(), 10, "each once, when nothing happens");
    let record = published.iter().flatten().next().unwrap();
    assert_eq!(header(record, "ce_source"), "/charging/platform");
    assert_eq!(header(record, "content-type"), "application/protobuf");
    relay.stop().await;
    assert_eq!(ground.place().await, json!([2, false]), "the lease is given back at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn relays_that_crash_anywhere_lose_nothing_and_mix_nothing_up() {
    const ROUNDS: usize = 400;
    let ground = Ground::new().await;
    let pool = ground.database.pool.clone();
    let writer = tokio::spawn(async move {
        let mut connection = pool.connection().await.unwrap();
        for number in 0..ROUNDS {
            write(&mut connection, &devices(), number).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    // One stands by all the time; others come and crash, at some place or other in what they do.
    let standby = ground.start();
    for crash in 0..10_u64 {
        let relay = ground.start();
        tokio::time::sleep(Duration::from_millis(150 + crash * 37 % 300)).await;
        relay.crash().await;
        if crash == 4 {
            // Whoever holds the lease is overtaken, and does not notice before it notes its place.
            ground.database.execute("update ingest_partitions set lease_until = '-infinity'").await;
        }
    }
    standby.crash().await;
    let last = ground.start();
    writer.await.unwrap();
    eventually("everything to be published", || async { ground.place().await == json!([ROUNDS + 1, true]) })
        .await;
    last.stop().await;
    assert_eq!(understand(&ground.consume().await), all(ROUNDS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_waits_for_its_topic() {
    let ground = Ground::bare().await;
    let mut connection = ground.database.pool.connection().await.unwrap();
    write(&mut connection, &devices(), 0).await;
    let relay = ground.start();
    eventually("the lease to be taken", || async { ground.place().await == json!([1, true]) }).await;
    write(&mut connection, &devices(), 1).await;
    eventually("the relay to have looked at the changes", || async {
        let numbered = "select count(*) from feed_chunks where position is not null";
        ground.database.json(numbered).await == json!(1)
    })
    .await;
    ground.create_topic().await;
    eventually("the changes to be published", || async { ground.place().await == json!([3, true]) }).await;
    assert_eq!(understand(&ground.consume().await), all(2));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_and_old_is_deleted_and_nothing_else() {
    let ground = Ground::bare().await;
    let mut connection = ground.database.pool.connection().await.unwrap();
    for number in 0..4 {
        write(&mut connection, &devices(), number).await;
    }
    ground
        .database
        .execute("update feed_chunks set created_at = now() - interval '2 hours' where id < 4")
        .await;
    let kept = || ground.database.json("select json_agg(position order by position) from feed_chunks");
    // There is no topic yet: the relay is at work, deletes first, and must find nothing to delete.
    let relay = ground.start();
    eventually("the changes to be read", || async { kept().await == json!([1, 2, 3, 4]) }).await;
    relay.stop().await;
    assert_eq!(kept().await, json!([1, 2, 3, 4]), "old, but not published");
    ground.create_topic().await;
    let relay = ground.start();
    eventually("the changes to be published", || async { ground.place().await == json!([5, true]) }).await;
    relay.stop().await;
    let relay = ground.start();
    eventually("what is old to be deleted", || async { kept().await == json!([4]) }).await;
    relay.stop().await;
    assert_eq!(understand(&ground.consume().await), all(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_relay_publishes_and_others_stand_by() {
    let ground = Ground::new().await;
    let relays = [ground.start(), ground.start(), ground.start()];
    let mut connection = ground.database.pool.connection().await.unwrap();
    for number in 0..50 {
        write(&mut connection, &devices(), number).await;
    }
    eventually("everything to be published", || async { ground.place().await == json!([51, true]) }).await;
    let published = ground.consume().await;
    assert_eq!(published.iter().map(Vec::len).sum::<usize>(), 500, "each once");
    for relay in relays {
        relay.stop().await;
    }
    assert_eq!(ground.place().await, json!([51, false]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_published_is_not_noted() {
    let ground = Ground::new().await;
    let mut connection = ground.database.pool.connection().await.unwrap();
    write(&mut connection, &devices(), 0).await;
    let relay = ground.start();
    eventually("the changes to be published", || async { ground.place().await == json!([2, true]) }).await;
    // The relay knows the topic's partitions by now, and finds out only when it publishes.
    let brokers = testkit::kafka_brokers();
    Connection::open(brokers.split(',').next().unwrap()).delete_topic(&ground.topic);
    eventually("the topic to be gone", || async { ground.kafka.partitions(&ground.topic).await.is_err() })
        .await;
    write(&mut connection, &devices(), 1).await;
    eventually("the changes to be read", || async {
        let numbered = "select count(*) from feed_chunks where position is not null";
        ground.database.json(numbered).await == json!(2)
    })
    .await;
    // Time enough to note it wrongly; no condition tells of what does not happen.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(ground.place().await, json!([2, true]));
    eventually("the topic to be made anew", || async {
        ground.kafka.create_topic(&ground.topic, ground::PARTITIONS).await.is_ok()
    })
    .await;
    eventually("the changes to be published", || async { ground.place().await == json!([3, true]) }).await;
    relay.stop().await;
    let expected = devices().into_iter().map(|device| (device, vec![1])).collect();
    assert_eq!(understand(&ground.consume().await), expected);
}
