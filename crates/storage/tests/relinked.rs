//! Commands whose sessions are replaced, or become visible late, after the commands have ended.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::assets::OperatorBound;
use domain::commands::{Command, CommandKind, CommandState, RouteSource, Step};
use domain::devices::charge_point::ChargePoint;
use domain::devices::presence::Confidence;
use domain::event::{EventKind, GatewayEvent, MeterValues, StatusReport, TransactionStart, TransactionStop};
use domain::ids::{
    ChargePointId, CommandId, ConnectorId, EventId, GatewayId, IdTag, PileId, SessionId, TransactionId,
};
use domain::order::RecordPosition;
use domain::status::ConnectorStatus;
use std::time::Duration;
use storage::commands::{self, NewCommand, PublishOutcome, Recorded};
use storage::ingest::batch::{Folded, write};
use storage::ingest::partitions::{self, PartitionLease};
use storage::{LoadPlan, PooledConnection, sessions};
use testkit::TestDatabase;
use uuid::Uuid;

const PILE: PileId = PileId(Uuid::from_u128(1));

struct Stage {
    database: TestDatabase,
    connection: PooledConnection,
    lease: PartitionLease,
    began: DateTime<Utc>,
}

fn device() -> ChargePointId {
    ChargePointId::parse("CP-1").unwrap()
}

fn connector() -> ConnectorId {
    ConnectorId::parse(1).unwrap()
}

fn transaction() -> Option<TransactionId> {
    TransactionId::parse("700").ok()
}

impl Stage {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let assets = format!(
            "insert into stations (id, name, status, created_at, updated_at, version)
             values ('{PILE}', 'North', 'Open', now(), now(), 1);
             insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at,
                                updated_at, version)
             values ('{PILE}', '{PILE}', 'CP-1', 'DC-120', 120, 'DC', now(), now(), 1);"
        );
        database.execute(&assets).await;
        let mut connection = database.pool.connection().await.unwrap();
        partitions::register(&mut connection, "events", &[(0, 0)]).await.unwrap();
        let owner = Uuid::now_v7();
        let lease = Duration::from_secs(60);
        let leases = partitions::acquire(&mut connection, "events", owner, 1, lease).await.unwrap();
        let now = database.json("select to_jsonb(extract(epoch from clock_timestamp())::bigint)").await;
        let now = DateTime::from_timestamp(now.as_i64().unwrap(), 0).unwrap();
        let began = now - TimeDelta::hours(2);
        Self { database, connection, lease: leases.into_iter().next().unwrap(), began }
    }

    fn at(&self, seconds: i64) -> DateTime<Utc> {
        self.began + TimeDelta::seconds(seconds)
    }

    /// Writes a batch of one event that is sent at `seconds`.
    async fn write_event(&mut self, seconds: i64, kind: EventKind) {
        let offset = self.lease.next_offset;
        let event = GatewayEvent {
            event_id: EventId::parse(&format!("event-{offset}")).unwrap(),
            charge_point_id: device(),
            gateway_id: GatewayId::parse("pod-0").ok(),
            claimed_at: Some(self.at(seconds)),
            trace_id: None,
            kind,
        };
        let position = RecordPosition { partition: 0, offset, appended_at: self.at(seconds) };
        let load_plan = LoadPlan::of([(&event, position)]);
        let fold = |mut states: Vec<ChargePoint>| {
            states[0].apply(&event, &position);
            Folded { states, ..Folded::default() }
        };
        write(&mut self.connection, &self.lease, offset + 1, &load_plan, fold).await.unwrap();
        self.lease.next_offset = offset + 1;
    }

    /// Records and publishes a command issued at `seconds`.
    async fn command(&mut self, seconds: i64, kind: CommandKind, session: Option<SessionId>) -> CommandId {
        let command = Command {
            id: CommandId(Uuid::now_v7()),
            charge_point_id: device(),
            gateway_id: GatewayId::parse("pod-0").unwrap(),
            issued_at: self.at(seconds),
            expires_at: self.at(seconds + 60),
            trace_id: None,
            kind,
        };
        let (id, at) = (command.id, command.issued_at);
        let new = NewCommand {
            goal: command.kind.goal(session),
            command,
            pile_id: PILE,
            partition: 1,
            payload: serde_json::json!({}),
            route: RouteSource::Key,
            degraded: false,
            seen_gateway_id: None,
            confidence: Confidence::Live,
            issued_by: None,
            keyed: None,
            limits: None,
        };
        assert_eq!(commands::insert_many(&mut self.connection, &[new]).await.unwrap(), Recorded::All);
        let step = Step::Published { offset: 1 };
        let published = PublishOutcome { id, charge_point_id: device(), at, step, inserted: None };
        commands::record_outcomes(&mut self.connection, &[published]).await.unwrap();
        id
    }

    async fn start(&mut self, seconds: i64) -> CommandId {
        let id_tag = IdTag::parse("DRIVER").unwrap();
        let kind = CommandKind::StartTransaction { id_tag, connector_id: Some(connector()) };
        self.command(seconds, kind, None).await
    }

    /// The state and the session of a command.
    async fn outcome(&mut self, id: CommandId) -> (CommandState, Option<SessionId>) {
        let record =
            commands::find(&mut self.connection, &OperatorBound::All, id).await.unwrap().unwrap().record;
        (record.life.state(), record.session_id())
    }

    /// The only session of the device: its id, its command and its driver.
    async fn session(&mut self) -> (SessionId, Option<CommandId>, Option<String>) {
        let filter = sessions::Filter { charge_point_id: Some(device()), ..Default::default() };
        let found =
            sessions::list(&mut self.connection, &OperatorBound::All, &filter, None, 9).await.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        let session = &found[0].session;
        (session.id, session.command_id, session.id_tag.as_ref().map(ToString::to_string))
    }

    async fn is_open(&self, id: CommandId) -> bool {
        let row = self.database.json(&format!("select to_jsonb(open) from commands where id = '{id}'")).await;
        row == serde_json::json!(true)
    }
}

fn status(status: ConnectorStatus) -> EventKind {
    EventKind::StatusChanged(StatusReport {
        connector_id: connector(),
        status,
        error_code: None,
        info: None,
        vendor_error_code: None,
    })
}

fn reading() -> EventKind {
    EventKind::MeterValues(MeterValues {
        connector_id: connector(),
        transaction_id: transaction(),
        readings: Vec::new(),
        begin_wh: None,
        end_wh: None,
    })
}

fn started(id_tag: Option<&str>) -> EventKind {
    EventKind::TransactionStarted(TransactionStart {
        connector_id: connector(),
        transaction_id: transaction(),
        id_tag: id_tag.map(|tag| IdTag::parse(tag).unwrap()),
        meter_start_wh: None,
        reservation_id: None,
    })
}

fn stopped() -> EventKind {
    EventKind::TransactionStopped(TransactionStop {
        transaction_id: transaction(),
        reason: None,
        meter_stop_wh: None,
        stopped_at: None,
    })
}

fn driver() -> Option<String> {
    Some("DRIVER".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_start_follows_its_session() {
    for id_tag in [None, Some("DRIVER")] {
        let mut stage = Stage::new().await;
        let command = stage.start(10).await;
        stage.write_event(20, reading()).await;
        let (first, ..) = stage.session().await;
        assert_eq!(stage.outcome(command).await, (CommandState::Confirmed, Some(first)));
        assert!(!stage.is_open(command).await);
        stage.write_event(15, started(id_tag)).await;
        let (second, ..) = stage.session().await;
        assert_ne!(first, second);
        assert_eq!(stage.session().await, (second, Some(command), driver()));
        assert_eq!(stage.outcome(command).await, (CommandState::Confirmed, Some(second)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_releases_a_session_of_another_driver_and_stays_open() {
    let mut stage = Stage::new().await;
    let command = stage.start(10).await;
    stage.write_event(20, reading()).await;
    stage.write_event(15, started(Some("OTHER"))).await;
    let (session, ..) = stage.session().await;
    assert_eq!(stage.session().await, (session, None, Some("OTHER".to_owned())));
    assert_eq!(stage.outcome(command).await, (CommandState::Confirmed, None));
    assert!(stage.is_open(command).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_follows_its_session() {
    for is_replaced_first in [true, false] {
        let mut stage = Stage::new().await;
        stage.write_event(20, reading()).await;
        let (first, ..) = stage.session().await;
        let kind = CommandKind::StopTransaction { transaction_id: transaction().unwrap() };
        let command = stage.command(30, kind, Some(first)).await;
        if is_replaced_first {
            stage.write_event(15, started(None)).await;
        }
        stage.write_event(40, stopped()).await;
        if !is_replaced_first {
            assert!(!stage.is_open(command).await);
            stage.write_event(15, started(None)).await;
        }
        let (second, ..) = stage.session().await;
        assert_ne!(first, second);
        assert_eq!(stage.outcome(command).await, (CommandState::Confirmed, Some(second)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_confirmed_by_a_charging_connector_waits_for_its_session() {
    for session in [reading(), stopped()] {
        let mut stage = Stage::new().await;
        stage.write_event(1, status(ConnectorStatus::Available)).await;
        let command = stage.start(10).await;
        stage.write_event(12, status(ConnectorStatus::Charging)).await;
        assert_eq!(stage.outcome(command).await, (CommandState::Confirmed, None));
        let window = Duration::from_secs(600);
        assert_eq!(commands::close_past(&mut stage.connection, window, 10).await.unwrap(), 0);
        stage.write_event(1_500, session).await;
        let (id, ..) = stage.session().await;
        assert_eq!(stage.session().await, (id, Some(command), driver()));
        assert_eq!(stage.outcome(command).await, (CommandState::Confirmed, Some(id)));
    }
}
