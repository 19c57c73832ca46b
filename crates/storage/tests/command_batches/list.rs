//! The list of batches.

use crate::fixture::{STATION, create, database, new, pile, refused, settled};
use domain::assets::OperatorBound;
use domain::ids::{CommandBatchId, StationId};
use std::collections::BTreeMap;
use storage::PooledConnection;
use storage::commands::batches::{self, ItemState, NewBatch};
use uuid::Uuid;

const ELSEWHERE: StationId = StationId(Uuid::from_u128(8));

async fn listed(
    connection: &mut PooledConnection,
    bound: &OperatorBound,
    station: Option<StationId>,
) -> Vec<CommandBatchId> {
    let found = batches::list(connection, bound, station, None, 9).await.unwrap();
    found.iter().map(|batch| batch.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_listed_by_station_and_operator_the_newest_first() {
    let (database, mut connection) = database().await;
    let connection = &mut connection;
    let first = create(connection, &new()).await.id;
    let elsewhere = create(connection, &NewBatch { station_id: ELSEWHERE, ..new() }).await.id;
    let last = create(connection, &new()).await.id;
    database.execute(&format!("update stations set operator_id = 'op-1' where id = '{ELSEWHERE}'")).await;
    let all = OperatorBound::All;
    assert_eq!(listed(connection, &all, None).await, [last, elsewhere, first]);
    assert_eq!(listed(connection, &all, Some(STATION)).await, [last, first]);
    let own = OperatorBound::Only(["op-1".to_owned()].into());
    assert_eq!(listed(connection, &own, None).await, [elsewhere]);
    assert_eq!(listed(connection, &own, Some(STATION)).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_each_batch_once_also_of_one_instant() {
    let (database, mut connection) = database().await;
    for _ in 0..4 {
        create(&mut connection, &new()).await;
    }
    database.execute("update command_batches set created_at = date_trunc('day', now())").await;
    let all = listed(&mut connection, &OperatorBound::All, Some(STATION)).await;
    let (mut paged, mut before) = (Vec::new(), None);
    for _ in 0..4 {
        let page =
            batches::list(&mut connection, &OperatorBound::All, Some(STATION), before, 1).await.unwrap();
        before = page.last().map(|batch| (batch.created_at, batch.id.0));
        paged.extend(page.iter().map(|batch| batch.id));
    }
    assert_eq!((paged.len(), &paged), (4, &all));
    let end = batches::list(&mut connection, &OperatorBound::All, Some(STATION), before, 1).await.unwrap();
    assert_eq!(end, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_piles_of_several_batches_are_counted_together() {
    let (_database, mut connection) = database().await;
    let [one, other] = [create(&mut connection, &new()).await, create(&mut connection, &new()).await];
    batches::settle_many(&mut connection, &[settled(&one, pile(1), refused())]).await.unwrap();
    let counted = batches::count_items(&mut connection, &[one.id, other.id]).await.unwrap();
    let refused_one = BTreeMap::from([(ItemState::Refused, 1), (ItemState::Waiting, 2)]);
    let expected =
        BTreeMap::from([(one.id, refused_one), (other.id, BTreeMap::from([(ItemState::Waiting, 3)]))]);
    assert_eq!(counted, expected);
}
