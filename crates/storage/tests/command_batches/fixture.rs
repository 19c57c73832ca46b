//! A database with a station of three piles, batches of commands to them, and their keys.

use domain::assets::OperatorBound;
use domain::commands::{Command, CommandKind, ResetKind, RouteSource};
use domain::devices::presence::Confidence;
use domain::ids::{Actor, ChargePointId, CommandBatchId, CommandId, GatewayId, PileId, StationId};
use std::collections::BTreeMap;
use std::time::Duration;
use storage::PooledConnection;
use storage::commands::batches::{
    self, CommandBatch, Created, ItemState, NewBatch, Outcome, Scope, Settled, item_key,
};
use storage::commands::{IdempotencyKey, KeyedRequest, NewCommand, RequestDigest};
use testkit::TestDatabase;
use uuid::Uuid;

pub const STATION: StationId = StationId(Uuid::from_u128(9));
pub const MINUTE: Duration = Duration::from_secs(60);

pub const fn pile(number: u128) -> PileId {
    PileId(Uuid::from_u128(number))
}

/// A database with a station of three piles, and a fourth pile in another station.
pub async fn database() -> (TestDatabase, PooledConnection) {
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

pub fn new() -> NewBatch {
    NewBatch {
        id: CommandBatchId(Uuid::now_v7()),
        station_id: STATION,
        bound: OperatorBound::All,
        name: "Reset",
        command: serde_json::json!({"command": "reset", "type": "Soft"}),
        rate_per_second: 10,
        scope: Scope::default(),
        lifetime: MINUTE,
        issued_by: Some(Actor::parse("desk").unwrap()),
        keyed: None,
    }
}

pub async fn create(connection: &mut PooledConnection, new: &NewBatch) -> CommandBatch {
    match batches::create(connection, new).await.unwrap() {
        Created::Now(batch) => batch,
        other => panic!("{other:?}"),
    }
}

/// The command of a batch to a pile.
pub fn command(batch: &CommandBatch, pile_id: PileId) -> NewCommand {
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

pub fn request(key: IdempotencyKey, request: &str) -> KeyedRequest {
    KeyedRequest { key, digest: RequestDigest::of(request.as_bytes()) }
}

pub fn key(subject: &str, key: &str) -> IdempotencyKey {
    IdempotencyKey::OfCaller { subject: subject.to_owned(), key: key.to_owned() }
}

pub fn settled(batch: &CommandBatch, pile_id: PileId, outcome: Outcome) -> Settled {
    Settled { batch_id: batch.id, pile_id, outcome }
}

pub fn refused() -> Outcome {
    Outcome::Refused { code: "PILE_OFFLINE".to_owned(), detail: Some("CP-1 is offline".to_owned()) }
}

pub async fn counts(connection: &mut PooledConnection, batch: &CommandBatch) -> BTreeMap<ItemState, i64> {
    batches::count_items(connection, &[batch.id]).await.unwrap().remove(&batch.id).unwrap_or_default()
}
