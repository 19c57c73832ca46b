//! Leases on partitions, and the membership of replicas.

use crate::fixture::{LEASE, TOPIC, lease, letter};
use diesel_async::SimpleAsyncConnection;
use std::time::Duration;
use storage::ingest::batch::{Folded, Written, write};
use storage::ingest::partitions::{self, LeaseRenewal, PartitionLease};
use storage::ingest::{dead_letters, replicas};
use storage::{Database, DatabaseSettings, LoadPlan};
use testkit::{TestDatabase, eventually};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn acquires_renews_and_releases_leases() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut connection;
    let partitions: Vec<_> = (0..12).map(|partition| (partition, 0)).collect();
    partitions::register(connection, TOPIC, &partitions).await.unwrap();
    partitions::register(connection, TOPIC, &[(0, 99)]).await.unwrap();
    let (a, b) = (Uuid::now_v7(), Uuid::now_v7());
    let of_a = partitions::acquire(connection, TOPIC, a, 7, LEASE).await.unwrap();
    let of_b = partitions::acquire(connection, TOPIC, b, 12, LEASE).await.unwrap();
    assert_eq!((of_a.len(), of_b.len()), (7, 5));
    assert!(
        of_a.iter().chain(&of_b).all(|lease| lease.next_offset == 0),
        "registering again must change nothing"
    );
    let kept = |lease: &PartitionLease| LeaseRenewal {
        partition: lease.partition,
        epoch: lease.epoch,
        caught_up: (lease.partition == 3).then_some(Duration::from_secs(40)),
    };
    connection
        .batch_execute("update ingest_partitions set caught_up_at = clock_timestamp() - interval '1 minute'")
        .await
        .unwrap();
    let held: Vec<_> = of_a.iter().map(kept).collect();
    assert_eq!(partitions::renew(connection, TOPIC, a, &held, LEASE).await.unwrap().len(), 7);
    assert!(partitions::renew(connection, TOPIC, b, &held, LEASE).await.unwrap().is_empty());
    for (partition, ago) in partitions::list_caught_up(connection, TOPIC).await.unwrap() {
        let expected = if partition == 3 { 40 } else { 60 };
        assert!((expected..expected + 15).contains(&ago.as_secs()), "{partition} {ago:?}");
    }
    partitions::release(connection, &of_a[0]).await.unwrap();
    let again = partitions::acquire(connection, TOPIC, b, 12, LEASE).await.unwrap();
    assert_eq!(again.iter().map(|lease| lease.partition).collect::<Vec<_>>(), [of_a[0].partition]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_a_batch_from_a_former_owner() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let frozen = lease(&mut connection).await;
    database.execute("update ingest_partitions set lease_until = '-infinity'").await;
    let taken =
        partitions::acquire(&mut connection, TOPIC, Uuid::now_v7(), 9, LEASE).await.unwrap().remove(0);
    assert_eq!((taken.epoch, taken.next_offset), (frozen.epoch + 1, 0));
    let fold = |states| Folded { states, dead_letters: vec![letter(0)], ..Folded::default() };
    let nothing = LoadPlan::default();
    assert_eq!(write(&mut connection, &frozen, 1, &nothing, fold).await.unwrap(), Written::LeaseLost);
    assert!(dead_letters::list_of_topic(&mut connection, TOPIC, 10).await.unwrap().is_empty());
    partitions::release(&mut connection, &frozen).await.unwrap();
    assert!(partitions::list(&mut connection, TOPIC).await.unwrap()[0].owner.is_some());
    assert_eq!(write(&mut connection, &taken, 1, &nothing, fold).await.unwrap(), Written::Committed);
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_are_members_while_they_send_heartbeats() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut connection;
    let (a, b) = (Uuid::now_v7(), Uuid::now_v7());
    let first = replicas::heartbeat(connection, a, TOPIC, LEASE).await.unwrap();
    assert_eq!((first.live, first.rank), (1, 0));
    let second = replicas::heartbeat(connection, b, TOPIC, LEASE).await.unwrap();
    assert_eq!((second.live, second.rank), (2, 1));
    replicas::heartbeat(connection, a, TOPIC, Duration::ZERO).await.unwrap();
    assert_eq!(replicas::heartbeat(connection, b, TOPIC, LEASE).await.unwrap().live, 1);
    replicas::leave(connection, b).await.unwrap();
    assert_eq!(replicas::heartbeat(connection, a, TOPIC, LEASE).await.unwrap().live, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_died_is_noticed_by_its_session() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut connection;
    let (dead, alive) = (Uuid::now_v7(), Uuid::now_v7());
    partitions::register(connection, TOPIC, &[(0, 0), (1, 0)]).await.unwrap();
    let held = partitions::acquire(connection, TOPIC, dead, 2, LEASE).await.unwrap();
    let settings =
        DatabaseSettings { max_connections: 1, ..DatabaseSettings::without_tls(database.url.clone().into()) };
    let own = Database::new(&settings).unwrap();
    let mut session = own.connection().await.unwrap();
    replicas::heartbeat(&mut session, dead, TOPIC, LEASE).await.unwrap();
    replicas::heartbeat(connection, alive, TOPIC, LEASE).await.unwrap();
    assert!(replicas::list_ended(connection, alive, TOPIC).await.unwrap().is_empty(), "both sessions last");
    drop((session, own));
    eventually("the session to end", || async {
        let mut connection = database.pool.connection().await.unwrap();
        !replicas::list_ended(&mut connection, alive, TOPIC).await.unwrap().is_empty()
    })
    .await;
    let ended = replicas::list_ended(connection, alive, TOPIC).await.unwrap().remove(0);
    assert_eq!(ended.replica_id, dead);
    // It lives, and sends a heartbeat over another connection.
    replicas::heartbeat(connection, dead, TOPIC, LEASE).await.unwrap();
    assert!(!replicas::release_ended(connection, ended).await.unwrap());
    assert!(partitions::acquire(connection, TOPIC, alive, 2, LEASE).await.unwrap().is_empty());
    let mut session = database.pool.connection().await.unwrap();
    replicas::heartbeat(&mut session, dead, TOPIC, LEASE).await.unwrap();
    let end =
        "update ingest_replicas set session_began = session_began - interval '1 second' where replica_id <> ";
    database.execute(&format!("{end} '{alive}'")).await;
    let ended = replicas::list_ended(connection, alive, TOPIC).await.unwrap().remove(0);
    assert!(replicas::release_ended(connection, ended).await.unwrap(), "another process has its number");
    let taken = partitions::acquire(connection, TOPIC, alive, 2, LEASE).await.unwrap();
    assert_eq!(taken.len(), 2);
    assert!(taken.iter().all(|lease| lease.epoch == held[0].epoch + 1), "the former owner is fenced");
    assert_eq!(replicas::heartbeat(connection, alive, TOPIC, LEASE).await.unwrap().live, 1);
}
