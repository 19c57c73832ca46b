//! A database with one pile, and commands to it.

use chrono::{DateTime, TimeDelta, Utc};
use domain::assets::OperatorBound;
use domain::commands::{Command, CommandKind, CommandState, PileSnapshot, ResetKind, RouteSource, Step};
use domain::devices::presence::Confidence;
use domain::ids::{Actor, ChargePointId, CommandId, ConnectorId, GatewayId, IdTag, PileId};
use storage::commands::{
    self, ContextQuery, ContextScope, IdempotencyKey, KeyedRequest, NewCommand, PublishOutcome, Recorded,
    RecordedCommand, RequestDigest,
};
use storage::{PooledConnection, StorageError};
use testkit::TestDatabase;
use uuid::Uuid;

pub const PILE: PileId = PileId(Uuid::from_u128(1));

pub fn noon() -> DateTime<Utc> {
    "2026-07-25T12:00:00.123Z".parse().unwrap()
}

pub fn device() -> ChargePointId {
    ChargePointId::parse("CP-1").unwrap()
}

/// A database with one pile, [`PILE`], whose device is [`device`].
pub async fn database() -> (TestDatabase, PooledConnection) {
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

pub fn silent() -> PileSnapshot {
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

pub async fn snapshot(connection: &mut PooledConnection, pile_id: PileId) -> Option<PileSnapshot> {
    let wanted =
        [ContextQuery { pile_id, bound: OperatorBound::All, key: None, scope: ContextScope::Everything }];
    commands::load_contexts(connection, &wanted).await.unwrap().pop().unwrap().pile
}

pub fn reset() -> Command {
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

pub fn new(command: Command) -> NewCommand {
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
        issued_by: Some(Actor::parse("order-service").unwrap()),
        keyed: None,
        limits: None,
    }
}

pub fn start(connector: Option<i64>) -> NewCommand {
    let kind = CommandKind::StartTransaction {
        id_tag: IdTag::parse("TAG").unwrap(),
        connector_id: connector.map(|id| ConnectorId::parse(id).unwrap()),
    };
    new(Command { kind, ..reset() })
}

/// The key `key` of the caller `subject`.
pub fn key(subject: &str, key: &str) -> IdempotencyKey {
    IdempotencyKey::OfCaller { subject: subject.to_owned(), key: key.to_owned() }
}

/// A command under a key, for the request `request`.
pub fn keyed(key: IdempotencyKey, request: &str) -> NewCommand {
    let digest = RequestDigest::of(request.as_bytes());
    NewCommand { keyed: Some(KeyedRequest { key, digest }), ..new(reset()) }
}

pub async fn record(connection: &mut PooledConnection, new: &[NewCommand]) -> Result<Recorded, StorageError> {
    commands::insert_many(connection, new).await
}

pub async fn found(connection: &mut PooledConnection, id: CommandId) -> RecordedCommand {
    commands::find(connection, &OperatorBound::All, id).await.unwrap().unwrap()
}

pub async fn state(connection: &mut PooledConnection, id: CommandId) -> CommandState {
    found(connection, id).await.record.life.state()
}

pub fn outcome(new: &NewCommand, step: Step) -> PublishOutcome {
    let inserted = Some(Box::new(new.to_record()));
    PublishOutcome { id: new.command.id, charge_point_id: device(), at: noon(), step, inserted }
}

pub fn unpublished() -> Step {
    Step::Unpublished { detail: "no broker".to_owned() }
}
