//! Cancelling batches.

use crate::fixture::{MINUTE, command, counts, create, database, new, pile, refused, settled};
use domain::assets::OperatorBound;
use domain::commands::CommandState;
use domain::ids::{Actor, CommandBatchId};
use std::collections::BTreeMap;
use storage::PooledConnection;
use storage::commands::batches::{self, Cancellation, ItemState, NewBatch, Scope};
use storage::commands::{self, Conflict, Recorded};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_batch_keeps_what_was_sent_and_sends_nothing_more() {
    let (database, mut connection) = database().await;
    let batch = create(&mut connection, &new()).await;
    batches::claim(&mut connection, MINUTE, &[]).await.unwrap();
    let sent = command(&batch, pile(1));
    commands::insert_many(&mut connection, std::slice::from_ref(&sent)).await.unwrap();
    let refusal = [settled(&batch, pile(2), refused())];
    batches::settle_many(&mut connection, &refusal).await.unwrap();
    let by = Actor::parse("desk").unwrap();
    let cancelled =
        batches::cancel(&mut connection, &OperatorBound::All, batch.id, &by).await.unwrap().unwrap();
    let Cancellation::Now { batch: cancelled, piles } = cancelled else { panic!("{cancelled:?}") };
    assert_eq!((piles, cancelled.cancelled_by.as_ref()), (1, Some(&by)));
    assert!(cancelled.cancelled_at.is_some() && cancelled.finished_at == cancelled.cancelled_at);
    let expected =
        [(ItemState::Refused, 1), (ItemState::Cancelled, 1), (ItemState::Sent(CommandState::Accepted), 1)];
    assert_eq!(counts(&mut connection, &batch).await, BTreeMap::from(expected));
    for (state, number) in [(ItemState::Refused, 2), (ItemState::Cancelled, 3)] {
        let listed = batches::list_items(&mut connection, batch.id, Some(state), None, 9).await.unwrap();
        let listed: Vec<_> = listed.iter().map(|item| (item.pile_id, item.state)).collect();
        assert_eq!(listed, [(pile(number), state)]);
    }
    let late = commands::insert_many(&mut connection, &[command(&batch, pile(3))]).await.unwrap();
    assert_eq!(late, Recorded::None(Conflict::Key), "no command follows a cancellation");
    assert!(!batches::renew(&mut connection, batch.id, 1, MINUTE).await.unwrap());
    assert_eq!(batches::claim(&mut connection, MINUTE, &[]).await.unwrap(), None);
    let again = batches::cancel(&mut connection, &OperatorBound::All, batch.id, &by).await.unwrap();
    assert_eq!(again, Some(Cancellation::Before(cancelled)));
    let unknown = CommandBatchId(Uuid::now_v7());
    assert_eq!(batches::cancel(&mut connection, &OperatorBound::All, unknown, &by).await.unwrap(), None);
    let readable =
        "(select count(*) from command_batch_items where state not in ('waiting', 'sent', 'refused'))";
    assert_eq!(database.json(readable).await, 0, "the previous release reads the states");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_batch_cannot_be_cancelled() {
    let (_database, mut connection) = database().await;
    let scope = Scope { pile_ids: Some(vec![pile(1)]), ..Scope::default() };
    let batch = create(&mut connection, &NewBatch { scope, ..new() }).await;
    batches::claim(&mut connection, MINUTE, &[]).await.unwrap();
    batches::settle_many(&mut connection, &[settled(&batch, pile(1), refused())]).await.unwrap();
    assert!(batches::release(&mut connection, batch.id, 1).await.unwrap());
    let by = Actor::parse("desk").unwrap();
    let late = batches::cancel(&mut connection, &OperatorBound::All, batch.id, &by).await.unwrap().unwrap();
    let Cancellation::Finished(found) = late else { panic!("{late:?}") };
    assert_eq!((found.cancelled_at, found.cancelled_by), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_and_a_cancellation_at_the_same_time_exclude_each_other() {
    let (database, mut connection) = database().await;
    let by = Actor::parse("desk").unwrap();
    for _ in 0..20 {
        let batch = create(&mut connection, &new()).await;
        let [recording, cancelling] =
            [database.pool.connection().await.unwrap(), database.pool.connection().await.unwrap()];
        let new = [command(&batch, pile(1))];
        let record = async |mut connection: PooledConnection| {
            commands::insert_many(&mut connection, &new).await.unwrap()
        };
        let cancel = async |mut connection: PooledConnection| {
            batches::cancel(&mut connection, &OperatorBound::All, batch.id, &by).await.unwrap()
        };
        let (recorded, _cancelled) = tokio::join!(record(recording), cancel(cancelling));
        let sent = i64::from(recorded == Recorded::All);
        let counted = counts(&mut connection, &batch).await;
        assert_eq!(counted.get(&ItemState::Sent(CommandState::Accepted)).copied().unwrap_or(0), sent);
        assert_eq!(counted.get(&ItemState::Cancelled), Some(&(3 - sent)), "{recorded:?}");
    }
}
