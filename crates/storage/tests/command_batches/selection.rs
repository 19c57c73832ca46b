//! Which piles a batch contains, and which batch a key leads to.

use crate::fixture::{MINUTE, command, create, database, key, new, pile, request};
use domain::assets::OperatorBound;
use domain::ids::StationId;
use domain::status::ConnectorStatus;
use storage::commands::batches::{self, Created, NewBatch, Scope, ScopeRefusal};
use storage::commands::{self, ContextQuery, ContextScope, NewCommand};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_contains_the_selected_piles() {
    let (database, mut connection) = database().await;
    database
        .execute(
            "update piles set retired_at = now() where charge_point_id = 'CP-3';
             insert into connectors (charge_point_id, connector_id, status)
             values ('CP-1', 0, 'Faulted'), ('CP-1', 1, 'Available'), ('CP-2', 1, null), ('CP-2', 2, 'Faulted'),
                    ('CP-3', 1, 'Faulted'), ('CP-4', 1, 'Faulted')",
        )
        .await;
    let faulted = Some(vec![ConnectorStatus::Faulted, ConnectorStatus::Reserved]);
    for (scope, expected) in [
        (Scope::default(), vec![pile(1), pile(2)]),
        (Scope { statuses: faulted.clone(), ..Scope::default() }, vec![pile(2)]),
        (Scope { pile_ids: Some(vec![pile(1)]), ..Scope::default() }, vec![pile(1)]),
        (Scope { pile_ids: Some(vec![pile(1)]), statuses: faulted }, vec![]),
    ] {
        let NewBatch { station_id, bound, .. } = new();
        let previewed = batches::select_piles(&mut connection, station_id, &bound, &scope).await.unwrap();
        assert_eq!(previewed, Ok(expected.clone()));
        let batch = create(&mut connection, &NewBatch { scope, ..new() }).await;
        assert_eq!(batches::list_waiting(&mut connection, batch.id).await.unwrap(), expected);
        assert_eq!(usize::try_from(batch.piles).unwrap(), expected.len());
        assert_eq!(batch.finished_at, expected.is_empty().then_some(batch.created_at));
        assert_eq!(batch.expires_at, batch.created_at + MINUTE);
        assert_eq!(batches::find(&mut connection, &OperatorBound::All, batch.id).await.unwrap(), Some(batch));
    }
    let strangers = vec![pile(3), pile(4), pile(5)];
    let pile_ids = Some([vec![pile(1)], strangers.clone()].concat());
    let scope = Scope { pile_ids, ..Scope::default() };
    let previewed =
        batches::select_piles(&mut connection, new().station_id, &OperatorBound::All, &scope).await;
    assert_eq!(previewed.unwrap(), Err(ScopeRefusal::ForeignPiles(strangers.clone())));
    let created = batches::create(&mut connection, &NewBatch { scope, ..new() }).await.unwrap();
    assert_eq!(created, Created::Refused(ScopeRefusal::ForeignPiles(strangers)));
    let elsewhere = NewBatch { station_id: StationId(Uuid::from_u128(7)), ..new() };
    let created = batches::create(&mut connection, &elsewhere).await.unwrap();
    assert_eq!(created, Created::Refused(ScopeRefusal::NoStation));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_batch_or_one_command() {
    let (database, mut connection) = database().await;
    let keyed =
        |subject: &str, body: &str| NewBatch { keyed: Some(request(key(subject, "order-1"), body)), ..new() };
    let twin = async || {
        let mut connection = database.pool.connection().await.unwrap();
        batches::create(&mut connection, &keyed("desk", "reset")).await.unwrap()
    };
    let (a, b) = tokio::join!(twin(), twin());
    let (created, found) = if matches!(a, Created::Now(_)) { (a, b) } else { (b, a) };
    let Created::Now(batch) = created else { panic!("{created:?}") };
    assert_eq!(found, Created::Before(batch.clone()));
    let other = batches::create(&mut connection, &keyed("desk", "hard reset")).await.unwrap();
    assert_eq!(other, Created::KeyReused);
    let of_other = create(&mut connection, &keyed("operations", "hard reset")).await;
    assert_ne!(of_other.id, batch.id, "another caller may use the same key");
    let again = batches::create(&mut connection, &keyed("operations", "hard reset")).await.unwrap();
    assert_eq!(again, Created::Before(of_other));
    let wanted = [ContextQuery {
        pile_id: pile(1),
        bound: OperatorBound::All,
        key: Some(key("desk", "order-1")),
        scope: ContextScope::Device,
    }];
    let contexts = commands::load_contexts(&mut connection, &wanted).await.unwrap();
    assert!(contexts.iter().all(|context| context.is_key_taken && context.known.is_none()));

    let one =
        NewCommand { keyed: Some(request(key("desk", "order-2"), "reset")), ..command(&batch, pile(1)) };
    commands::insert_many(&mut connection, &[one]).await.unwrap();
    let taken = Some(request(key("desk", "order-2"), "reset"));
    let taken = batches::create(&mut connection, &NewBatch { keyed: taken, ..new() }).await.unwrap();
    assert_eq!(taken, Created::KeyReused);
}
