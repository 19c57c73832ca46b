//! Batches of several partitions in one transaction.

use crate::fixture::{LEASE, TOPIC, letter};
use diesel_async::SimpleAsyncConnection;
use storage::ingest::batch::{Folded, Written, write, write_all};
use storage::ingest::dead_letters::{self, NewDeadLetter};
use storage::ingest::partitions::{self, Checkpoint, LastRecord, PartitionLease, PartitionStep};
use storage::{Connection, Database, DatabaseSettings, LoadPlan};
use testkit::TestDatabase;
use uuid::Uuid;

const PARTITIONS: i32 = 4;

async fn leases(connection: &mut Connection, owner: Uuid) -> Vec<PartitionLease> {
    let partitions: Vec<_> = (0..PARTITIONS).map(|partition| (partition, 0)).collect();
    partitions::register(connection, TOPIC, &partitions).await.unwrap();
    let mut leases = partitions::acquire(connection, TOPIC, owner, PARTITIONS.into(), LEASE).await.unwrap();
    leases.sort_by_key(|lease| lease.partition);
    leases
}

/// The steps of `leases` past their next record.
fn steps(leases: &[PartitionLease]) -> Vec<PartitionStep> {
    let step = |lease: &PartitionLease| {
        let last_record = LastRecord {
            offset: lease.next_offset,
            digest: domain::digest::RecordDigest(lease.partition.into()),
        };
        let checkpoint = Checkpoint { next_offset: lease.next_offset + 1, last_record: Some(last_record) };
        PartitionStep { lease: lease.clone(), checkpoint }
    };
    leases.iter().map(step).collect()
}

/// A dead letter for each partition.
fn letters(leases: &[PartitionLease]) -> Vec<NewDeadLetter> {
    let of =
        |lease: &PartitionLease| NewDeadLetter { partition: lease.partition, ..letter(lease.next_offset) };
    leases.iter().map(of).collect()
}

async fn write_group(connection: &mut Connection, leases: &[PartitionLease]) -> Written {
    let fold = |states| Folded { states, dead_letters: letters(leases), ..Folded::default() };
    write_all(connection, &steps(leases), &LoadPlan::default(), fold).await.unwrap()
}

async fn offsets(connection: &mut Connection) -> Vec<i64> {
    let states = partitions::list(connection, TOPIC).await.unwrap();
    states.into_iter().map(|state| state.next_offset).collect()
}

fn for_batches(database: &TestDatabase) -> Database {
    let settings =
        DatabaseSettings { max_connections: 1, ..DatabaseSettings::without_tls(database.url.clone().into()) };
    Database::for_batches(&settings).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_several_partitions_only_once() {
    let database = TestDatabase::new().await;
    let pool = for_batches(&database);
    let connection = &mut *pool.connection().await.unwrap();
    let leases = leases(connection, Uuid::now_v7()).await;
    assert_eq!(write_group(connection, &leases).await, Written::Committed);
    assert_eq!(offsets(connection).await, [1; 4]);
    assert_eq!(write_group(connection, &leases).await, Written::LeaseLost, "the same records again");
    assert_eq!(offsets(connection).await, [1; 4]);
    assert_eq!(dead_letters::list_of_topic(connection, TOPIC, 10).await.unwrap().len(), 4);
    for lease in &leases {
        let now = PartitionLease { next_offset: 1, ..lease.clone() };
        let state = partitions::load_resume_state(connection, &now).await.unwrap().unwrap();
        let last = state.last_record.unwrap();
        assert_eq!((last.offset, last.digest.0), (0, lease.partition.into()), "each has its own checkpoint");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_nothing_if_one_of_the_partitions_is_lost() {
    let database = TestDatabase::new().await;
    let pool = for_batches(&database);
    let connection = &mut *pool.connection().await.unwrap();
    let mut leases = leases(connection, Uuid::now_v7()).await;
    assert_eq!(write_group(connection, &leases).await, Written::Committed);
    for lease in &mut leases {
        lease.next_offset += 1;
    }
    for lost in ["epoch = epoch + 1", "next_offset = next_offset + 1"] {
        database.execute(&format!("update ingest_partitions set {lost} where partition = 2")).await;
        let before = offsets(connection).await;
        assert_eq!(write_group(connection, &leases).await, Written::LeaseLost, "{lost}");
        assert_eq!(offsets(connection).await, before, "{lost}");
        assert_eq!(dead_letters::list_of_topic(connection, TOPIC, 10).await.unwrap().len(), 4, "{lost}");
    }
    leases.remove(2);
    assert_eq!(write_group(connection, &leases).await, Written::Committed, "the others without it");
    assert_eq!(offsets(connection).await, [2, 2, 2, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_with_the_same_partitions_do_not_deadlock() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let leases = leases(&mut connection, Uuid::now_v7()).await;
    let mut reversed = leases.clone();
    reversed.reverse();
    for round in 0..50 {
        let order = |leases: &[PartitionLease]| -> Vec<_> {
            leases.iter().map(|lease| PartitionLease { next_offset: round, ..lease.clone() }).collect()
        };
        let (one, other) = (order(&leases), order(&reversed));
        let both = [one, other].map(|leases| {
            let pool = database.pool.clone();
            tokio::spawn(async move {
                let mut connection = pool.connection().await.unwrap();
                let fold = |states| Folded { states, ..Folded::default() };
                write_all(&mut connection, &steps(&leases), &LoadPlan::default(), fold).await.unwrap()
            })
        });
        let mut written = Vec::new();
        for task in both {
            written.push(task.await.unwrap());
        }
        assert_eq!(written.iter().filter(|written| **written == Written::Committed).count(), 1, "{round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_does_not_read_old_row_versions_kept_by_a_long_transaction() {
    let database = TestDatabase::new().await;
    let pool = for_batches(&database);
    let connection = &mut *pool.connection().await.unwrap();
    let mut leases = leases(connection, Uuid::now_v7()).await;
    let mut dump = database.pool.connection().await.unwrap();
    dump.batch_execute("begin isolation level repeatable read; select count(*) from ingest_partitions")
        .await
        .unwrap();
    let scans =
        "select to_jsonb(idx_scan + seq_scan) from pg_stat_user_tables where relname = 'ingest_partitions'";
    let mut seen = None;
    let mut scanned = 0;
    for _ in 0..200 {
        assert_eq!(write_group(connection, &leases).await, Written::Committed);
        for lease in &mut leases {
            lease.next_offset += 1;
        }
        connection.batch_execute("select pg_stat_force_next_flush()").await.unwrap();
        let scans = database.json(scans).await.as_i64().unwrap();
        scanned += usize::from(seen.replace(scans).is_some_and(|before| before < scans));
    }
    // The dump and the first statements may still be counted late.
    assert!(scanned <= 2, "{scanned} of 200 transactions read more than the rows' last places");
    // A row that has moved is found by its key, together with others that have not.
    database
        .execute("update ingest_partitions set caught_up_at = clock_timestamp() where partition = 1")
        .await;
    assert_eq!(write_group(connection, &leases).await, Written::Committed);
    let single = PartitionLease { next_offset: leases[0].next_offset + 1, ..leases[0].clone() };
    let fold = |states| Folded { states, ..Folded::default() };
    let written = write(connection, &single, single.next_offset + 1, &LoadPlan::default(), fold).await;
    assert_eq!(written.unwrap(), Written::Committed);
    dump.batch_execute("rollback").await.unwrap();
}
