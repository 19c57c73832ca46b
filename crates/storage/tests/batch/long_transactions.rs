//! Batches while another transaction is open for long.

use crate::fixture::{LEASE, TOPIC};
use diesel_async::SimpleAsyncConnection;
use domain::devices::charge_point::ChargePoint;
use domain::generate::at;
use domain::ids::ChargePointId;
use std::time::Duration;
use storage::LoadPlan;
use storage::database::snapshots;
use storage::ingest::batch::{Folded, Written, write};
use storage::ingest::partitions::{self, LeaseRenewal, PartitionLease};
use testkit::{TestDatabase, eventually};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_does_not_read_old_row_versions_kept_by_a_long_transaction() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let owner = Uuid::now_v7();
    partitions::register(connection, TOPIC, &[(0, 0), (1, 0)]).await.unwrap();
    let mut leases = partitions::acquire(connection, TOPIC, owner, 2, LEASE).await.unwrap();
    let fold = |states| Folded { states, ..Folded::default() };
    let looks = "select pg_stat_force_next_flush(), idx_scan from pg_stat_user_tables where relname = 'ingest_partitions'";
    let looks = format!("select to_jsonb(idx_scan) from ({looks}) as looks");
    let mut dump = database.pool.connection().await.unwrap();
    dump.batch_execute("begin isolation level repeatable read; select count(*) from ingest_partitions")
        .await
        .unwrap();
    let (mut before, mut by_key) = (None, Vec::new());
    for batch in 0..300 {
        for lease in &mut leases {
            let written = write(connection, lease, lease.next_offset + 1, &LoadPlan::default(), fold).await;
            assert_eq!(written.unwrap(), Written::Committed);
            lease.next_offset += 1;
        }
        if batch % 100 == 0 {
            // Both rows move, and their next batches find them by key.
            let kept = leases.iter().map(|lease| LeaseRenewal {
                partition: lease.partition,
                epoch: lease.epoch,
                caught_up: None,
            });
            let kept: Vec<_> = kept.collect();
            partitions::renew(connection, TOPIC, owner, &kept, LEASE).await.unwrap();
        }
        connection.batch_execute("select pg_stat_force_next_flush()").await.unwrap();
        let scans = database.json(&looks).await.as_i64().unwrap();
        by_key.extend(before.replace(scans).map(|before| scans - before));
    }
    assert!(by_key.iter().filter(|looks| **looks > 0).count() <= 2 * 3, "{by_key:?}");
    // A batch that is rolled back does not move its row.
    let lease = &mut leases[0];
    let unknown = |mut states: Vec<ChargePoint>| {
        states.push(ChargePoint::new(ChargePointId::parse("CP-9").unwrap(), at(0)));
        Folded { states, ..Folded::default() }
    };
    let refused = write(connection, lease, lease.next_offset + 1, &LoadPlan::default(), unknown).await;
    assert!(refused.is_err());
    let written = write(connection, lease, lease.next_offset + 1, &LoadPlan::default(), fold).await.unwrap();
    assert_eq!(written, Written::Committed);
    let former =
        PartitionLease { epoch: lease.epoch - 1, next_offset: lease.next_offset + 1, ..lease.clone() };
    let fenced =
        write(connection, &former, former.next_offset + 1, &LoadPlan::default(), fold).await.unwrap();
    assert_eq!(fenced, Written::LeaseLost, "a former owner must be fenced by either lookup");
    let oldest = snapshots::oldest(connection).await.unwrap();
    assert!(oldest.held_for > Duration::ZERO && oldest.transactions >= 600, "{oldest:?}");
    dump.batch_execute("rollback").await.unwrap();
    eventually("no snapshot to be held", || async {
        let mut connection = database.pool.connection().await.unwrap();
        snapshots::oldest(&mut connection).await.unwrap().held_for == Duration::ZERO
    })
    .await;
}
