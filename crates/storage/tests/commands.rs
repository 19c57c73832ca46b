//! Commands on a real Postgres: what they are checked against, and how they are settled.

#![expect(clippy::unwrap_used, reason = "a test may panic, that is how it fails")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::command::{
    Command, CommandKind, CommandState, GatewayRoute, OpenSession, PileSnapshot, ResetKind,
};
use domain::ids::{ChargePointId, CommandId, ConnectorId, GatewayId, PileId, TransactionId};
use domain::status::ConnectorStatus;
use storage::commands::{self, Publication, RecordedCommand};
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
        connectors: Vec::new(),
        open_sessions: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pile_is_seen_with_its_device_connectors_and_open_sessions() {
    let (database, mut connection) = database().await;
    assert_eq!(commands::snapshot(&mut connection, PILE).await.unwrap(), Some(silent()));
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
    let session = |number, transaction: Option<&str>| OpenSession {
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
    assert_eq!(commands::snapshot(&mut connection, PILE).await.unwrap(), Some(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pile_that_is_retired_or_unknown_is_not_seen() {
    let (database, mut connection) = database().await;
    let unknown = PileId(Uuid::now_v7());
    assert_eq!(commands::snapshot(&mut connection, unknown).await.unwrap(), None);
    database.execute("update piles set retired_at = now()").await;
    assert_eq!(commands::snapshot(&mut connection, PILE).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_cannot_be_is_no_answer() {
    let (database, mut connection) = database().await;
    database
        .execute("insert into connectors (charge_point_id, connector_id, status) values ('CP-1', 1, 'Fine')")
        .await;
    let error = commands::snapshot(&mut connection, PILE).await.unwrap_err();
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

async fn record(connection: &mut PooledConnection, command: &Command) -> Result<(), StorageError> {
    commands::insert(connection, command, PILE, 100, &serde_json::json!({"type": "Soft"})).await
}

async fn found(connection: &mut PooledConnection, id: CommandId) -> RecordedCommand {
    commands::find(connection, id).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_found_as_it_was_recorded() {
    let (_database, mut connection) = database().await;
    let command = reset();
    record(&mut connection, &command).await.unwrap();
    let expected = RecordedCommand {
        id: command.id,
        pile_id: PILE,
        charge_point_id: device(),
        name: "Reset".to_owned(),
        payload: serde_json::json!({"type": "Soft"}),
        route: GatewayRoute { gateway_id: command.gateway_id, partition: 100 },
        issued_at: command.issued_at,
        expires_at: command.expires_at,
        trace_id: command.trace_id,
        publication: None,
    };
    assert_eq!(found(&mut connection, command.id).await, expected);
    assert_eq!(expected.state(), CommandState::Accepted);
    let unknown = CommandId(Uuid::now_v7());
    assert_eq!(commands::find(&mut connection, unknown).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_has_one_id_and_a_pile() {
    let (database, mut connection) = database().await;
    let command = reset();
    record(&mut connection, &command).await.unwrap();
    assert!(!record(&mut connection, &command).await.unwrap_err().is_transient());
    database.execute("delete from commands; delete from piles").await;
    assert!(!record(&mut connection, &command).await.unwrap_err().is_transient());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_a_command_is_noted_once() {
    let (_database, mut connection) = database().await;
    let published = Publication::Published { offset: 7, at: noon() };
    let unknown = Publication::Unknown { failure: "no answer".to_owned() };
    let failed = Publication::Failed { failure: "refused".to_owned() };
    for first in [&published, &unknown, &failed] {
        let command = reset();
        record(&mut connection, &command).await.unwrap();
        assert!(commands::settle(&mut connection, command.id, first).await.unwrap());
        for late in [&published, &unknown, &failed] {
            assert!(!commands::settle(&mut connection, command.id, late).await.unwrap());
        }
        let settled = found(&mut connection, command.id).await;
        assert_eq!(settled.publication.as_ref(), Some(first));
        assert_eq!(settled.state(), first.state());
    }
    let nobody = CommandId(Uuid::now_v7());
    assert!(!commands::settle(&mut connection, nobody, &published).await.unwrap());
}
