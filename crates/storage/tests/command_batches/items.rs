//! Which outcome of a pile is recorded.

use crate::fixture::{command, counts, create, database, new, pile, refused, settled};
use domain::commands::{CommandState, FailureCode, Step};
use std::collections::BTreeMap;
use storage::PooledConnection;
use storage::commands::batches::{self, ItemState, Outcome};
use storage::commands::{self, Conflict, PublishOutcome, Recorded};

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_pile_cannot_be_commanded_any_more() {
    let (_database, mut connection) = database().await;
    let batch = create(&mut connection, &new()).await;
    let refusal = [settled(&batch, pile(1), refused())];
    assert_eq!(batches::settle_many(&mut connection, &refusal).await.unwrap(), 1);
    let late = commands::insert_many(&mut connection, &[command(&batch, pile(1))]).await.unwrap();
    assert_eq!(late, Recorded::None(Conflict::Key));
    assert_eq!(
        counts(&mut connection, &batch).await,
        BTreeMap::from([(ItemState::Refused, 1), (ItemState::Waiting, 2)])
    );
    let listed = batches::list_items(&mut connection, batch.id, Some(ItemState::Refused), None, 9).await;
    let [item] = <[_; 1]>::try_from(listed.unwrap()).unwrap();
    assert_eq!((item.pile_id, item.command_id, item.failure), (pile(1), None, None));
    assert_eq!(item.refusal, Some(("PILE_OFFLINE".to_owned(), Some("CP-1 is offline".to_owned()))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commanded_pile_cannot_be_refused_any_more() {
    let (_database, mut connection) = database().await;
    let batch = create(&mut connection, &new()).await;
    let sent = command(&batch, pile(1));
    commands::insert_many(&mut connection, std::slice::from_ref(&sent)).await.unwrap();
    let refusal = [settled(&batch, pile(1), refused())];
    assert_eq!(batches::settle_many(&mut connection, &refusal).await.unwrap(), 1);
    let accepted = ItemState::Sent(CommandState::Accepted);
    let listed = batches::list_items(&mut connection, batch.id, Some(accepted), None, 9).await;
    let [item] = <[_; 1]>::try_from(listed.unwrap()).unwrap();
    assert_eq!((item.command_id, item.refusal), (Some(sent.command.id), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_concurrent_decisions_takes_effect() {
    let (database, mut connection) = database().await;
    for _ in 0..20 {
        let batch = create(&mut connection, &new()).await;
        let [recording, refusing] =
            [database.pool.connection().await.unwrap(), database.pool.connection().await.unwrap()];
        let new = [command(&batch, pile(1))];
        let refusal = [settled(&batch, pile(1), refused())];
        let record = async |mut connection: PooledConnection| {
            commands::insert_many(&mut connection, &new).await.unwrap()
        };
        let refuse = async |mut connection: PooledConnection| {
            batches::settle_many(&mut connection, &refusal).await.unwrap()
        };
        let (recorded, _count) = tokio::join!(record(recording), refuse(refusing));
        let expected = match recorded {
            Recorded::All => ItemState::Sent(CommandState::Accepted),
            Recorded::None(_) => ItemState::Refused,
        };
        assert_eq!(counts(&mut connection, &batch).await.get(&expected), Some(&1), "{recorded:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pile_whose_command_is_not_recorded_stays_waiting() {
    let (_database, mut connection) = database().await;
    let batch = create(&mut connection, &new()).await;
    let sent = command(&batch, pile(1));
    let outcome = [settled(&batch, pile(1), Outcome::Sent(sent.command.id))];
    assert_eq!(batches::settle_many(&mut connection, &outcome).await.unwrap(), 0);
    commands::insert_many(&mut connection, std::slice::from_ref(&sent)).await.unwrap();
    assert_eq!(batches::settle_many(&mut connection, &outcome).await.unwrap(), 1);
    let again = [settled(&batch, pile(1), refused())];
    assert_eq!(batches::settle_many(&mut connection, &again).await.unwrap(), 0, "an outcome must not change");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commanded_pile_has_the_state_of_its_command() {
    let (_database, mut connection) = database().await;
    let batch = create(&mut connection, &new()).await;
    let sent = command(&batch, pile(1));
    commands::insert_many(&mut connection, std::slice::from_ref(&sent)).await.unwrap();
    let outcome = [settled(&batch, pile(1), Outcome::Sent(sent.command.id))];
    batches::settle_many(&mut connection, &outcome).await.unwrap();
    let unpublished = PublishOutcome {
        id: sent.command.id,
        charge_point_id: sent.command.charge_point_id.clone(),
        at: batch.created_at,
        step: Step::Unpublished { detail: "no broker".to_owned() },
        inserted: None,
    };
    commands::record_outcomes(&mut connection, &[unpublished]).await.unwrap();
    let failed = ItemState::Sent(CommandState::Failed);
    let counted = counts(&mut connection, &batch).await;
    assert_eq!(counted, BTreeMap::from([(failed, 1), (ItemState::Waiting, 2)]));
    let listed = batches::list_items(&mut connection, batch.id, None, None, 9).await.unwrap();
    let order: Vec<_> = listed.iter().map(|item| item.pile_id).collect();
    assert_eq!(order, [pile(3), pile(2), pile(1)]);
    let code = listed.last().and_then(|item| item.failure.as_ref()).map(|failure| failure.code);
    assert_eq!(code, Some(FailureCode::NotPublished));
    let rest = batches::list_items(&mut connection, batch.id, None, Some(pile(3)), 1).await.unwrap();
    assert_eq!(rest.iter().map(|item| item.pile_id).collect::<Vec<_>>(), [pile(2)]);
}
