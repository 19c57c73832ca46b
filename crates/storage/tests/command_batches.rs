//! Command batches in a real PostgreSQL: which replica carries them out, and which outcome of a
//! pile is recorded.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use domain::assets::OperatorBound;
use domain::commands::{Command, CommandKind, CommandState, FailureCode, ResetKind, RouteSource, Step};
use domain::devices::presence::Confidence;
use domain::ids::{Actor, ChargePointId, CommandBatchId, CommandId, GatewayId, PileId, StationId};
use domain::status::ConnectorStatus;
use std::collections::BTreeMap;
use std::time::Duration;
use storage::PooledConnection;
use storage::commands::batches::{
    self, BatchLease, Cancellation, CommandBatch, Created, ItemState, NewBatch, Outcome, Scope, Settled,
    item_key,
};
use storage::commands::{
    self, Conflict, ContextQuery, IdempotencyKey, KeyedRequest, NewCommand, PublishOutcome, Recorded,
    RequestDigest,
};
use testkit::TestDatabase;
use uuid::Uuid;

const STATION: StationId = StationId(Uuid::from_u128(9));
const MINUTE: Duration = Duration::from_secs(60);

const fn pile(number: u128) -> PileId {
    PileId(Uuid::from_u128(number))
}

/// A database with a station of three piles, and a fourth pile in another station.
async fn database() -> (TestDatabase, PooledConnection) {
    let database = TestDatabase::new().await;
    let assets = format!(
        "insert into stations (id, name, status, created_at, updated_at, version)
         select ('00000000-0000-0000-0000-00000000000' || number)::uuid, 'North', 'Open', now(), now(), 1
         from generate_series(8, 9) as number;
         insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at,
                            updated_at, version)
         select ('00000000-0000-0000-0000-00000000000' || number)::uuid,
                case when number = 4 then '{}'::uuid else '{STATION}'::uuid end,
                'CP-' || number, 'DC-120', 120, 'DC', now(), now(), 1
         from generate_series(1, 4) as number",
        Uuid::from_u128(8)
    );
    database.execute(&assets).await;
    let connection = database.pool.connection().await.unwrap();
    (database, connection)
}

fn new() -> NewBatch {
    NewBatch {
        id: CommandBatchId(Uuid::now_v7()),
        station_id: STATION,
        bound: OperatorBound::All,
        name: "Reset",
        command: serde_json::json!({"command": "reset", "type": "Soft"}),
        rate_per_second: 10,
        scope: Scope::default(),
        lifetime: MINUTE,
        issued_by: None,
        keyed: None,
    }
}

async fn create(connection: &mut PooledConnection, new: &NewBatch) -> CommandBatch {
    match batches::create(connection, new).await.unwrap() {
        Created::Now(batch) => batch,
        other => panic!("{other:?}"),
    }
}

/// The command of a batch to a pile.
fn command(batch: &CommandBatch, pile_id: PileId) -> NewCommand {
    let issued_at = batch.created_at;
    NewCommand {
        command: Command {
            id: CommandId(Uuid::now_v7()),
            charge_point_id: ChargePointId::parse("CP-1").unwrap(),
            gateway_id: GatewayId::parse("gateway-0").unwrap(),
            kind: CommandKind::Reset { kind: ResetKind::Soft },
            issued_at,
            expires_at: issued_at + MINUTE,
            trace_id: None,
        },
        pile_id,
        partition: 100,
        payload: serde_json::json!({"type": "Soft"}),
        goal: None,
        route: RouteSource::Key,
        degraded: false,
        seen_gateway_id: None,
        confidence: Confidence::Live,
        issued_by: None,
        keyed: Some(request(item_key(batch.id, pile_id), "reset")),
        limits: None,
    }
}

fn request(key: IdempotencyKey, request: &str) -> KeyedRequest {
    KeyedRequest { key, digest: RequestDigest::of(request.as_bytes()) }
}

fn key(subject: &str, key: &str) -> IdempotencyKey {
    IdempotencyKey::OfCaller { subject: subject.to_owned(), key: key.to_owned() }
}

fn settled(batch: &CommandBatch, pile_id: PileId, outcome: Outcome) -> Settled {
    Settled { batch_id: batch.id, pile_id, outcome }
}

fn refused() -> Outcome {
    Outcome::Refused { code: "PILE_OFFLINE".to_owned(), detail: Some("CP-1 is offline".to_owned()) }
}

async fn counts(connection: &mut PooledConnection, batch: &CommandBatch) -> BTreeMap<ItemState, i64> {
    batches::count_items(connection, batch.id).await.unwrap()
}

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
    let created = batches::create(&mut connection, &NewBatch { scope, ..new() }).await.unwrap();
    assert_eq!(created, Created::ForeignPiles(strangers));
    let elsewhere = NewBatch { station_id: StationId(Uuid::from_u128(7)), ..new() };
    let created = batches::create(&mut connection, &elsewhere).await.unwrap();
    assert_eq!(created, Created::NoStation);
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
    let wanted =
        [ContextQuery { pile_id: pile(1), bound: OperatorBound::All, key: Some(key("desk", "order-1")) }];
    let contexts = commands::load_contexts(&mut connection, &wanted).await.unwrap();
    assert!(contexts.iter().all(|context| context.is_key_taken && context.known.is_none()));

    let one =
        NewCommand { keyed: Some(request(key("desk", "order-2"), "reset")), ..command(&batch, pile(1)) };
    commands::insert_many(&mut connection, &[one]).await.unwrap();
    let taken = Some(request(key("desk", "order-2"), "reset"));
    let taken = batches::create(&mut connection, &NewBatch { keyed: taken, ..new() }).await.unwrap();
    assert_eq!(taken, Created::KeyReused);
}

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
