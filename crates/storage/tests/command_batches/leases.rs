//! Which replica carries out a batch.

use crate::fixture::{MINUTE, create, database, new, pile, refused, settled};
use domain::assets::OperatorBound;
use domain::ids::StationId;
use std::time::Duration;
use storage::commands::batches::{self, BatchLease, NewBatch};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn claims_renews_and_releases_batches() {
    let (database, mut connection) = database().await;
    let batch = create(&mut connection, &new()).await;
    let later = create(&mut connection, &new()).await;
    let first = batches::claim(&mut connection, MINUTE, &[]).await.unwrap().unwrap();
    assert_eq!((first.batch.id, first.epoch), (batch.id, 1));
    assert!(first.left > Duration::ZERO && first.left <= MINUTE);
    assert_eq!(batches::claim(&mut connection, MINUTE, &[]).await.unwrap(), None, "another caller holds it");
    let held = [BatchLease { id: batch.id, epoch: 1 }];
    let second = batches::claim(&mut connection, MINUTE, &held).await.unwrap().unwrap();
    assert_eq!(second.batch.id, later.id);
    assert_eq!(batches::claim(&mut connection, MINUTE, &held).await.unwrap(), None);
    assert!(batches::renew(&mut connection, batch.id, 1, MINUTE).await.unwrap());

    database.execute("update command_batches set leased_until = now() - interval '1 s'").await;
    let again = batches::claim(&mut connection, MINUTE, &[]).await.unwrap().unwrap();
    assert_eq!((again.batch.id, again.epoch), (batch.id, 2));
    assert!(!batches::renew(&mut connection, batch.id, 1, MINUTE).await.unwrap());
    assert!(!batches::release(&mut connection, batch.id, 1).await.unwrap());
    assert!(batches::renew(&mut connection, batch.id, 2, MINUTE).await.unwrap());

    let all = [1, 2, 3].map(|number| settled(&batch, pile(number), refused()));
    assert_eq!(batches::settle_many(&mut connection, &all[..2]).await.unwrap(), 2);
    assert!(!batches::release(&mut connection, batch.id, 2).await.unwrap());
    let third = batches::claim(&mut connection, MINUTE, &[]).await.unwrap().unwrap();
    assert_eq!((third.batch.id, third.epoch), (batch.id, 3));
    assert_eq!(batches::settle_many(&mut connection, &all).await.unwrap(), 1);
    assert!(batches::release(&mut connection, batch.id, 3).await.unwrap());
    assert!(!batches::release(&mut connection, batch.id, 3).await.unwrap());
    assert!(!batches::renew(&mut connection, batch.id, 3, MINUTE).await.unwrap());
    let left = batches::claim(&mut connection, MINUTE, &[]).await.unwrap().unwrap();
    assert_eq!(left.batch.id, later.id, "a finished batch must not be claimed");

    database.execute("update command_batches set leased_until = null, expires_at = created_at").await;
    let late = batches::claim(&mut connection, MINUTE, &[]).await.unwrap().unwrap();
    assert_eq!((late.batch.id, late.left), (later.id, Duration::ZERO));
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_of_another_timeline_end() {
    let (database, mut connection) = database().await;
    let batch = create(&mut connection, &new()).await;
    assert_eq!(batches::expire_of_other_timelines(&mut connection).await.unwrap(), 0);
    database.execute("update command_batches set timeline = null").await;
    let unknown = batches::expire_of_other_timelines(&mut connection).await.unwrap();
    assert_eq!(unknown, 0, "the previous release records none");
    database.execute("update command_batches set timeline = 0").await;
    assert_eq!(batches::expire_of_other_timelines(&mut connection).await.unwrap(), 1);
    assert_eq!(batches::expire_of_other_timelines(&mut connection).await.unwrap(), 0, "it has ended");
    let claimed = batches::claim(&mut connection, MINUTE, &[]).await.unwrap().unwrap();
    assert_eq!((claimed.batch.id, claimed.left), (batch.id, Duration::ZERO));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_ends_unfinished_batches() {
    let (_database, mut connection) = database().await;
    let batch = create(&mut connection, &new()).await;
    let prepared = storage::database::after_restore::prepare(&mut connection).await.unwrap();
    assert_eq!(prepared.batches, 1);
    let claimed = batches::claim(&mut connection, MINUTE, &[]).await.unwrap().unwrap();
    assert_eq!((claimed.batch.id, claimed.left), (batch.id, Duration::ZERO));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_replica_at_a_time_carries_out_batches_to_a_station() {
    let (database, mut connection) = database().await;
    for _ in 0..10 {
        database.execute("delete from command_batch_items; delete from command_batches").await;
        let batches = [create(&mut connection, &new()).await, create(&mut connection, &new()).await];
        let elsewhere = NewBatch { station_id: StationId(Uuid::from_u128(8)), ..new() };
        let elsewhere = create(&mut connection, &elsewhere).await;
        let claim = async || {
            let mut connection = database.pool.connection().await.unwrap();
            batches::claim(&mut connection, MINUTE, &[]).await.unwrap()
        };
        let (a, b, c) = tokio::join!(claim(), claim(), claim());
        let claimed: Vec<_> = [a, b, c].into_iter().flatten().map(|claimed| claimed.batch.id).collect();
        assert_eq!(claimed.len(), 2, "one batch of each station");
        assert!(claimed.contains(&elsewhere.id) && claimed.contains(&batches[0].id));
        let lost = [BatchLease { id: batches[0].id, epoch: 0 }];
        let next = batches::claim(&mut connection, MINUTE, &lost).await.unwrap();
        assert_eq!(next, None, "a lease of an earlier epoch counts for nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_gets_the_bound_of_the_batchs_caller() {
    let (database, mut connection) = database().await;
    database.execute("update stations set operator_id = 'op-1'").await;
    let bounds = [OperatorBound::All, OperatorBound::Only(["op-1", "op-2"].map(str::to_owned).into())];
    for bound in bounds {
        let batch = create(&mut connection, &NewBatch { bound: bound.clone(), ..new() }).await;
        assert_eq!(batch.bound, bound);
        let claimed = batches::claim(&mut connection, MINUTE, &[]).await.unwrap().unwrap();
        assert_eq!(claimed.batch, batch);
        database.execute("update command_batches set finished_at = now()").await;
    }
}
