//! Commands on a real Postgres: what they are checked against, and how they are settled.

#![expect(clippy::unwrap_used, reason = "a test may panic, that is how it fails")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::assets::StartableStatuses;
use domain::commands::{
    Command, CommandKind, CommandState, FailureCode, OpenSession, PileSnapshot, ResetKind, RouteSource, Step,
};
use domain::devices::presence::Confidence;
use domain::ids::{
    ChargePointId, CommandId, ConnectorId, GatewayId, IdTag, PileId, SessionId, TransactionId,
};
use domain::order::{RecordPosition, Stamp};
use domain::status::ConnectorStatus;
use std::time::Duration;
use storage::commands::{
    self, Conflict, KeyedRequest, Look, NewCommand, Note, Recorded, RecordedCommand, Wanted,
};
use storage::{PooledConnection, StorageError};
use testkit::TestDatabase;
use uuid::Uuid;

const PILE: PileId = PileId(Uuid::from_u128(1));

fn noon() -> DateTime<Utc> {
    "2026-07-25T12:00:00.123Z".parse().unwrap()
}

fn device() -> ChargePointId {
    ChargePointId::parse("CP-1").unwrap()
}

/// A database with one pile, [`PILE`], in which [`device`] stands.
async fn database() -> (TestDatabase, PooledConnection) {
    let database = TestDatabase::new().await;
    let assets = format!(
        "insert into stations (id, name, status, created_at, updated_at, version)
         values ('{PILE}', 'North', 'Open', now(), now(), 1);
         insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at,
                            updated_at, version)
         values ('{PILE}', '{PILE}', 'CP-1', 'DC-120', 120, 'DC', now(), now(), 1);"
    );
    database.execute(&assets).await;
    let connection = database.pool.connection().await.unwrap();
    (database, connection)
}

fn silent() -> PileSnapshot {
    PileSnapshot {
        pile_id: PILE,
        charge_point_id: device(),
        online: None,
        confidence: Confidence::Live,
        heard: None,
        connectors: Vec::new(),
        open_sessions: Vec::new(),
        sighted: Vec::new(),
        starts_in_flight: Vec::new(),
        startable: None,
    }
}

async fn look(connection: &mut PooledConnection, pile_id: PileId) -> Option<PileSnapshot> {
    let wanted = [Wanted { pile_id, key: None }];
    commands::look_at_many(connection, &wanted).await.unwrap().pop().unwrap().pile
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pile_is_seen_with_its_device_connectors_and_open_sessions() {
    let (database, mut connection) = database().await;
    assert_eq!(look(&mut connection, PILE).await, Some(silent()));
    database
        .execute(
            "insert into charge_points (charge_point_id, online, last_seen_at)
             values ('CP-1', true, now()), ('CP-2', false, now());
             insert into connectors (charge_point_id, connector_id, status)
             values ('CP-1', 2, 'Charging'), ('CP-1', 0, 'Available'), ('CP-1', 3, null), ('CP-2', 1, 'Faulted');
             insert into sessions (id, charge_point_id, connector_id, transaction_id, started_at, ended_at)
             values (gen_random_uuid(), 'CP-1', 1, '633', now(), now()),
                    ('00000000-0000-0000-0000-000000000001', 'CP-1', 2, '634', now(), null),
                    ('00000000-0000-0000-0000-000000000002', 'CP-1', 3, null, now(), null),
                    (gen_random_uuid(), 'CP-2', 1, '635', now(), null);",
        )
        .await;
    let connector = |number| ConnectorId::parse(number).unwrap();
    let session = |number: i64, transaction: Option<&str>| OpenSession {
        id: SessionId(Uuid::from_u128(u128::try_from(number).unwrap() - 1)),
        connector_id: connector(number),
        transaction_id: transaction.map(|id| TransactionId::parse(id).unwrap()),
    };
    let expected = PileSnapshot {
        online: Some(true),
        connectors: vec![
            (ConnectorId::WHOLE, ConnectorStatus::Available),
            (connector(2), ConnectorStatus::Charging),
        ],
        open_sessions: vec![session(2, Some("634")), session(3, None)],
        ..silent()
    };
    assert_eq!(look(&mut connection, PILE).await, Some(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pile_is_seen_with_the_startable_statuses_of_its_station() {
    let (database, mut connection) = database().await;
    database.execute("update stations set startable_statuses = '{Available,Preparing}'").await;
    let statuses = vec![ConnectorStatus::Available, ConnectorStatus::Preparing];
    let startable = Some(StartableStatuses::parse(statuses).unwrap());
    assert_eq!(look(&mut connection, PILE).await, Some(PileSnapshot { startable, ..silent() }));
    database.execute("update stations set startable_statuses = '{Charging}'").await;
    let wanted = [Wanted { pile_id: PILE, key: None }];
    let error = commands::look_at_many(&mut connection, &wanted).await.unwrap_err().to_string();
    assert!(error.starts_with("stations holds a row that cannot be"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pile_that_is_retired_or_unknown_is_not_seen() {
    let (database, mut connection) = database().await;
    let unknown = PileId(Uuid::now_v7());
    assert_eq!(look(&mut connection, unknown).await, None);
    database.execute("update piles set retired_at = now()").await;
    assert_eq!(look(&mut connection, PILE).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_cannot_be_is_no_answer() {
    let (database, mut connection) = database().await;
    database
        .execute("insert into connectors (charge_point_id, connector_id, status) values ('CP-1', 1, 'Fine')")
        .await;
    let error =
        commands::look_at_many(&mut connection, &[Wanted { pile_id: PILE, key: None }]).await.unwrap_err();
    assert_eq!(error.to_string(), r#"connectors holds a row that cannot be: status "Fine""#);
}

fn reset() -> Command {
    Command {
        id: CommandId(Uuid::now_v7()),
        charge_point_id: device(),
        gateway_id: GatewayId::parse("gateway-0").unwrap(),
        kind: CommandKind::Reset { kind: ResetKind::Soft },
        issued_at: noon(),
        expires_at: noon() + TimeDelta::seconds(60),
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
    }
}

fn new(command: Command) -> NewCommand {
    NewCommand {
        goal: silent().goal_of(&command.kind),
        command,
        pile_id: PILE,
        partition: 100,
        payload: serde_json::json!({"type": "Soft"}),
        route: RouteSource::Key,
        degraded: false,
        seen_gateway_id: None,
        confidence: Confidence::Live,
        keyed: None,
    }
}

fn start(connector: Option<i64>) -> NewCommand {
    let kind = CommandKind::StartTransaction {
        id_tag: IdTag::parse("TAG").unwrap(),
        connector_id: connector.map(|id| ConnectorId::parse(id).unwrap()),
    };
    new(Command { kind, ..reset() })
}

fn keyed(key: &str, digest: i64) -> NewCommand {
    NewCommand { keyed: Some(KeyedRequest { key: key.to_owned(), digest }), ..new(reset()) }
}

async fn record(connection: &mut PooledConnection, new: &[NewCommand]) -> Result<Recorded, StorageError> {
    commands::record_many(connection, new).await
}

async fn found(connection: &mut PooledConnection, id: CommandId) -> RecordedCommand {
    commands::find(connection, id).await.unwrap().unwrap()
}

async fn state(connection: &mut PooledConnection, id: CommandId) -> CommandState {
    found(connection, id).await.record.life.state()
}

fn note(new: &NewCommand, step: Step) -> Note {
    Note { id: new.command.id, charge_point_id: device(), at: noon(), step }
}

fn unpublished() -> Step {
    Step::Unpublished { detail: "no broker".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_found_as_it_was_recorded() {
    let (_database, mut connection) = database().await;
    let seen_gateway_id = Some(GatewayId::parse("gateway-9").unwrap());
    let new = NewCommand {
        route: RouteSource::LastHeard,
        degraded: true,
        seen_gateway_id: seen_gateway_id.clone(),
        confidence: Confidence::Doubtful,
        ..new(reset())
    };
    assert_eq!(record(&mut connection, std::slice::from_ref(&new)).await.unwrap(), Recorded::All);
    let expected = RecordedCommand {
        record: new.to_record(),
        payload: serde_json::json!({"type": "Soft"}),
        partition: 100,
        trace_id: new.command.trace_id.clone(),
        connector_id: None,
        transaction_id: None,
        degraded: true,
        seen_gateway_id,
        confidence: Confidence::Doubtful,
    };
    assert_eq!(found(&mut connection, new.command.id).await, expected);
    let unknown = CommandId(Uuid::now_v7());
    assert_eq!(commands::find(&mut connection, unknown).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_has_one_id_and_a_pile() {
    let (database, mut connection) = database().await;
    let new = [new(reset())];
    record(&mut connection, &new).await.unwrap();
    assert!(!record(&mut connection, &new).await.unwrap_err().is_transient());
    database.execute("delete from commands; delete from piles").await;
    assert!(!record(&mut connection, &new).await.unwrap_err().is_transient());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_a_publication_is_noted_once() {
    let (_database, mut connection) = database().await;
    let published = Step::Published { offset: 7 };
    let unconfirmed = Step::Unconfirmed { detail: "no answer".to_owned() };
    for (first, expected) in [
        (&published, CommandState::Published),
        (&unconfirmed, CommandState::Unknown),
        (&unpublished(), CommandState::Failed),
    ] {
        let new = new(reset());
        record(&mut connection, std::slice::from_ref(&new)).await.unwrap();
        for _ in 0..2 {
            commands::note_many(&mut connection, &[note(&new, first.clone())]).await.unwrap();
            let record = found(&mut connection, new.command.id).await.record;
            assert_eq!((record.life.state(), record.life.trail().len()), (expected, 2));
        }
    }
    let nobody = new(reset());
    commands::note_many(&mut connection, &[note(&nobody, published)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_start_at_a_time_is_in_flight_on_a_connector() {
    let (_database, mut connection) = database().await;
    let first = start(Some(1));
    assert_eq!(record(&mut connection, &[first.clone(), start(Some(2))]).await.unwrap(), Recorded::All);
    let refused = Recorded::None(Conflict::StartInFlight);
    assert_eq!(record(&mut connection, &[new(reset()), start(Some(1))]).await.unwrap(), refused);
    assert_eq!(look(&mut connection, PILE).await.unwrap().starts_in_flight.len(), 2);
    commands::note_many(&mut connection, &[note(&first, unpublished())]).await.unwrap();
    assert_eq!(record(&mut connection, &[start(Some(1))]).await.unwrap(), Recorded::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_a_connector_may_be_on_any() {
    let (_database, mut connection) = database().await;
    let refused = Recorded::None(Conflict::StartInFlight);
    let any = start(None);
    assert_eq!(record(&mut connection, std::slice::from_ref(&any)).await.unwrap(), Recorded::All);
    assert_eq!(record(&mut connection, &[start(Some(1))]).await.unwrap(), refused);
    commands::note_many(&mut connection, &[note(&any, unpublished())]).await.unwrap();
    assert_eq!(record(&mut connection, &[start(Some(1))]).await.unwrap(), Recorded::All);
    assert_eq!(record(&mut connection, &[start(None)]).await.unwrap(), refused);
    assert_eq!(
        record(&mut connection, &[start(Some(2)), start(None)]).await.unwrap(),
        refused,
        "in one statement"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_the_device_accepted_is_in_flight_until_it_charges_or_its_time_is_over() {
    let (database, mut connection) = database().await;
    let accepted = start(Some(1));
    assert_eq!(record(&mut connection, std::slice::from_ref(&accepted)).await.unwrap(), Recorded::All);
    let mut held = accepted.to_record();
    let position = RecordPosition { partition: 0, offset: 0, appended_at: accepted.command.issued_at };
    let stamp = Stamp::new(None, &position);
    let on_connector = ConnectorId::parse(1).unwrap();
    let mut becomes = async |status: ConnectorStatus, connection: &mut PooledConnection| {
        held.see_status(on_connector, Some(ConnectorStatus::Available), status, stamp);
        let life = serde_json::to_string(&held.life).unwrap();
        let confirmed = format!(
            "update commands set state = 'confirmed', expires_at = now() + interval '1 hour', life = '{life}'"
        );
        database.execute(&confirmed).await;
        record(connection, &[start(Some(1))]).await.unwrap()
    };
    let refused = Recorded::None(Conflict::StartInFlight);
    assert_eq!(becomes(ConnectorStatus::Preparing, &mut connection).await, refused);
    database.execute("update commands set expires_at = now() - interval '1 second'").await;
    let next = start(Some(1));
    assert_eq!(record(&mut connection, std::slice::from_ref(&next)).await.unwrap(), Recorded::All);
    commands::note_many(&mut connection, &[note(&next, unpublished())]).await.unwrap();
    database.execute(&format!("delete from commands where id = '{}'", next.command.id.0)).await;
    assert_eq!(becomes(ConnectorStatus::Charging, &mut connection).await, Recorded::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_leads_to_one_command_until_that_has_failed() {
    let (_database, mut connection) = database().await;
    let first = keyed("order-1", 7);
    assert_eq!(record(&mut connection, std::slice::from_ref(&first)).await.unwrap(), Recorded::All);
    let again = record(&mut connection, &[keyed("order-1", 7)]).await.unwrap();
    assert_eq!(again, Recorded::None(Conflict::Key));
    let wanted = [Wanted { pile_id: PILE, key: Some("order-1".to_owned()) }];
    let looked = commands::look_at_many(&mut connection, &wanted).await.unwrap();
    let expected = Look { pile: Some(silent()), known: Some((first.command.id, 7)), is_key_taken: false };
    assert_eq!(looked, [expected]);
    commands::note_many(&mut connection, &[note(&first, unpublished())]).await.unwrap();
    let second = record(&mut connection, &[keyed("order-1", 7)]).await.unwrap();
    assert_eq!(second, Recorded::All, "what was never published may be tried again");
    assert_eq!(commands::prune_keys(&mut connection, Duration::from_secs(60), 10).await.unwrap(), 0);
    assert_eq!(commands::prune_keys(&mut connection, Duration::ZERO, 10).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_of_which_nothing_is_heard_expires_by_postgres_clock() {
    let (database, mut connection) = database().await;
    database
        .execute(
            "insert into charge_points (charge_point_id, online, last_seen_at, gateway_id)
             values ('CP-1', true, now(), 'gateway-0')",
        )
        .await;
    let due = new(reset());
    let moved = new(Command { gateway_id: GatewayId::parse("gateway-7").unwrap(), ..reset() });
    let later = new(Command { expires_at: noon() + TimeDelta::days(36_500), ..reset() });
    record(&mut connection, &[due.clone(), moved.clone(), later.clone()]).await.unwrap();
    let grace = Duration::from_secs(5);
    let ended = commands::expire_due(&mut connection, grace, 10).await.unwrap();
    assert_eq!(ended.len(), 2);
    assert!(commands::expire_due(&mut connection, grace, 10).await.unwrap().is_empty());
    let failure = async |connection: &mut PooledConnection, new: &NewCommand| {
        found(connection, new.command.id).await.record.life.failure().map(|failure| failure.code)
    };
    assert_eq!(failure(&mut connection, &due).await, Some(FailureCode::NoAnswer));
    assert_eq!(failure(&mut connection, &moved).await, Some(FailureCode::RouteStale));
    assert_eq!(state(&mut connection, later.command.id).await, CommandState::Accepted);
    // Resets are waited for a while longer: the device may have done it all the same.
    assert_eq!(commands::close_past(&mut connection, Duration::ZERO, 10).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_expire_once_however_many_look() {
    let (database, mut connection) = database().await;
    let due: Vec<_> = (0..20).map(|_| new(reset())).collect();
    record(&mut connection, &due).await.unwrap();
    let look = async || {
        let mut connection = database.pool.connection().await.unwrap();
        commands::expire_due(&mut connection, Duration::ZERO, 100).await.unwrap().len()
    };
    let (a, b, c) = tokio::join!(look(), look(), look());
    assert_eq!(a + b + c, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_a_pile_come_in_pages_the_newest_first() {
    let (_database, mut connection) = database().await;
    let all: Vec<_> = (0..5)
        .map(|second| new(Command { issued_at: noon() + TimeDelta::seconds(second / 2), ..reset() }))
        .collect();
    record(&mut connection, &all).await.unwrap();
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = commands::list_of_pile(&mut connection, PILE, before, 2).await.unwrap().unwrap();
        let Some(last) = page.last() else { break };
        before = Some((last.record.issued_at, last.record.id.0));
        seen.extend(page.into_iter().map(|command| command.record.id));
    }
    let expected: Vec<_> = all.iter().rev().map(|new| new.command.id).collect();
    assert_eq!(seen, expected);
    let nobody = PileId(Uuid::now_v7());
    assert_eq!(commands::list_of_pile(&mut connection, nobody, None, 2).await.unwrap(), None);
}
