//! Commands in a real PostgreSQL: their context, and their outcomes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

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
    self, CommandContext, Conflict, ContextQuery, KeyedRequest, NewCommand, PublishOutcome, Recorded,
    RecordedCommand,
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

/// A database with one pile, [`PILE`], whose device is [`device`].
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

async fn snapshot(connection: &mut PooledConnection, pile_id: PileId) -> Option<PileSnapshot> {
    let wanted = [ContextQuery { pile_id, key: None }];
    commands::load_contexts(connection, &wanted).await.unwrap().pop().unwrap().pile
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_a_pile_with_its_device_connectors_and_open_sessions() {
    let (database, mut connection) = database().await;
    assert_eq!(snapshot(&mut connection, PILE).await, Some(silent()));
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
    assert_eq!(snapshot(&mut connection, PILE).await, Some(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_a_pile_with_the_startable_statuses_of_its_station() {
    let (database, mut connection) = database().await;
    database.execute("update stations set startable_statuses = '{Available,Preparing}'").await;
    let statuses = vec![ConnectorStatus::Available, ConnectorStatus::Preparing];
    let startable = Some(StartableStatuses::parse(statuses).unwrap());
    assert_eq!(snapshot(&mut connection, PILE).await, Some(PileSnapshot { startable, ..silent() }));
    database.execute("update stations set startable_statuses = '{Charging}'").await;
    let wanted = [ContextQuery { pile_id: PILE, key: None }];
    let error = commands::load_contexts(&mut connection, &wanted).await.unwrap_err().to_string();
    assert!(error.starts_with("stations holds an invalid row"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_no_retired_or_unknown_pile() {
    let (database, mut connection) = database().await;
    let unknown = PileId(Uuid::now_v7());
    assert_eq!(snapshot(&mut connection, unknown).await, None);
    database.execute("update piles set retired_at = now()").await;
    assert_eq!(snapshot(&mut connection, PILE).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_an_invalid_status_as_an_error() {
    let (database, mut connection) = database().await;
    database
        .execute("insert into connectors (charge_point_id, connector_id, status) values ('CP-1', 1, 'Fine')")
        .await;
    let error = commands::load_contexts(&mut connection, &[ContextQuery { pile_id: PILE, key: None }])
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), r#"connectors holds an invalid row: status "Fine""#);
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
    commands::insert_many(connection, new).await
}

async fn found(connection: &mut PooledConnection, id: CommandId) -> RecordedCommand {
    commands::find(connection, id).await.unwrap().unwrap()
}

async fn state(connection: &mut PooledConnection, id: CommandId) -> CommandState {
    found(connection, id).await.record.life.state()
}

fn outcome(new: &NewCommand, step: Step) -> PublishOutcome {
    PublishOutcome { id: new.command.id, charge_point_id: device(), at: noon(), step }
}

fn unpublished() -> Step {
    Step::Unpublished { detail: "no broker".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_survives_recording_and_reading() {
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
async fn records_the_outcome_of_a_publication_once() {
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
            commands::record_outcomes(&mut connection, &[outcome(&new, first.clone())]).await.unwrap();
            let record = found(&mut connection, new.command.id).await.record;
            assert_eq!((record.life.state(), record.life.trail().len()), (expected, 2));
        }
    }
    let unrecorded = new(reset());
    commands::record_outcomes(&mut connection, &[outcome(&unrecorded, published)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn allows_one_start_in_flight_per_connector() {
    let (_database, mut connection) = database().await;
    let first = start(Some(1));
    assert_eq!(record(&mut connection, &[first.clone(), start(Some(2))]).await.unwrap(), Recorded::All);
    let refused = Recorded::None(Conflict::StartInFlight);
    assert_eq!(record(&mut connection, &[new(reset()), start(Some(1))]).await.unwrap(), refused);
    assert_eq!(snapshot(&mut connection, PILE).await.unwrap().starts_in_flight.len(), 2);
    commands::record_outcomes(&mut connection, &[outcome(&first, unpublished())]).await.unwrap();
    assert_eq!(record(&mut connection, &[start(Some(1))]).await.unwrap(), Recorded::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_a_connector_conflicts_with_all() {
    let (_database, mut connection) = database().await;
    let refused = Recorded::None(Conflict::StartInFlight);
    let any = start(None);
    assert_eq!(record(&mut connection, std::slice::from_ref(&any)).await.unwrap(), Recorded::All);
    assert_eq!(record(&mut connection, &[start(Some(1))]).await.unwrap(), refused);
    commands::record_outcomes(&mut connection, &[outcome(&any, unpublished())]).await.unwrap();
    assert_eq!(record(&mut connection, &[start(Some(1))]).await.unwrap(), Recorded::All);
    assert_eq!(record(&mut connection, &[start(None)]).await.unwrap(), refused);
    assert_eq!(
        record(&mut connection, &[start(Some(2)), start(None)]).await.unwrap(),
        refused,
        "conflicts within one statement must be found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_start_is_in_flight_until_charging_or_expiry() {
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
    commands::record_outcomes(&mut connection, &[outcome(&next, unpublished())]).await.unwrap();
    database.execute(&format!("delete from commands where id = '{}'", next.command.id.0)).await;
    assert_eq!(becomes(ConnectorStatus::Charging, &mut connection).await, Recorded::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_command_until_it_has_failed() {
    let (_database, mut connection) = database().await;
    let first = keyed("order-1", 7);
    assert_eq!(record(&mut connection, std::slice::from_ref(&first)).await.unwrap(), Recorded::All);
    let again = record(&mut connection, &[keyed("order-1", 7)]).await.unwrap();
    assert_eq!(again, Recorded::None(Conflict::Key));
    let wanted = [ContextQuery { pile_id: PILE, key: Some("order-1".to_owned()) }];
    let contexts = commands::load_contexts(&mut connection, &wanted).await.unwrap();
    let expected =
        CommandContext { pile: Some(silent()), known: Some((first.command.id, 7)), is_key_taken: false };
    assert_eq!(contexts, [expected]);
    commands::record_outcomes(&mut connection, &[outcome(&first, unpublished())]).await.unwrap();
    let second = record(&mut connection, &[keyed("order-1", 7)]).await.unwrap();
    assert_eq!(second, Recorded::All, "a request that was never published may be repeated");
    assert_eq!(commands::prune_keys(&mut connection, Duration::from_secs(60), 10).await.unwrap(), 0);
    assert_eq!(commands::prune_keys(&mut connection, Duration::ZERO, 10).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_a_response_expires_by_postgresql_s_clock() {
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
    // Resets stay open for longer: the device may have executed them nevertheless.
    assert_eq!(commands::close_past(&mut connection, Duration::ZERO, 10).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_callers_expire_each_command_once() {
    let (database, mut connection) = database().await;
    let due: Vec<_> = (0..20).map(|_| new(reset())).collect();
    record(&mut connection, &due).await.unwrap();
    let expire = async || {
        let mut connection = database.pool.connection().await.unwrap();
        commands::expire_due(&mut connection, Duration::ZERO, 100).await.unwrap().len()
    };
    let (a, b, c) = tokio::join!(expire(), expire(), expire());
    assert_eq!(a + b + c, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_the_commands_of_a_pile_in_pages_newest_first() {
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
    let unknown = PileId(Uuid::now_v7());
    assert_eq!(commands::list_of_pile(&mut connection, unknown, None, 2).await.unwrap(), None);
}
