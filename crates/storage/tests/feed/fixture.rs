//! Assets, events, commands and a reader for tests of the feed.

use chrono::{DateTime, Utc};
use domain::assets::{
    CurrentType, EditStamp, OperatorBound, Outlets, Pile, PileDetails, RatedPower, Revision, Station,
    StationDetails, StationStatus,
};
use domain::commands::{Command, CommandKind, ResetKind, RouteSource, Step};
use domain::devices::charge_point::ChargePoint;
use domain::devices::presence::Confidence;
use domain::event::{EventKind, GatewayEvent, StatusReport};
use domain::feed::{ConnectorStatusChanged, FeedChange, FeedKind, FeedSubject};
use domain::ids::{Actor, ChargePointId, CommandId, ConnectorId, EventId, GatewayId, PileId, StationId};
use domain::order::RecordPosition;
use domain::status::ConnectorStatus;
use domain::text::Label;
use std::collections::BTreeSet;
use std::time::Duration;
use storage::assets::{piles, stations};
use storage::commands::{NewCommand, PublishOutcome};
use storage::ingest::batch::{Folded, Written, write};
use storage::ingest::partitions::{self, PartitionLease};
use storage::{Connection, LoadPlan, feed};
use uuid::Uuid;

/// Creates rows of devices that were heard.
pub const HEARD: &str = "insert into charge_points (charge_point_id, online, last_seen_at)
     values ('CP-1', false, now()), ('CP-2', false, now()), ('CP-3', false, now())";

pub fn noon() -> DateTime<Utc> {
    "2026-07-25T12:00:00.123Z".parse().unwrap()
}

pub fn device(id: &str) -> ChargePointId {
    ChargePointId::parse(id).unwrap()
}

/// A change of a device.
pub fn change(id: &str) -> FeedChange {
    let body = ConnectorStatusChanged {
        connector_id: ConnectorId::WHOLE,
        status: ConnectorStatus::Available,
        previous_status: None,
        error_code: None,
        vendor_error_code: None,
        claimed_at: None,
    };
    FeedChange {
        subject: FeedSubject::ChargePoint(device(id)),
        at: noon(),
        kind: FeedKind::ConnectorStatusChanged(body),
    }
}

pub async fn lease(connection: &mut Connection, partition: i32) -> PartitionLease {
    partitions::register(connection, "events", &[(partition, 0)]).await.unwrap();
    let owner = Uuid::now_v7();
    let lease = Duration::from_secs(60);
    partitions::acquire(connection, "events", owner, 1, lease).await.unwrap().remove(0)
}

/// Writes a batch in which each of `devices`, in key order, reports `status` of its connector 1;
/// each report is newer than the device's last one from any writer.
pub async fn report(
    connection: &mut Connection,
    lease: &PartitionLease,
    devices: &[&str],
    status: ConnectorStatus,
) -> Written {
    let report = |charge_point_id: ChargePointId, at: DateTime<Utc>| {
        let event = GatewayEvent {
            event_id: EventId::parse(&format!("{}-{}", lease.partition, lease.next_offset)).unwrap(),
            charge_point_id,
            gateway_id: GatewayId::parse("pod").ok(),
            claimed_at: Some(at),
            trace_id: None,
            kind: EventKind::StatusChanged(StatusReport {
                connector_id: ConnectorId::parse(1).unwrap(),
                status,
                error_code: None,
                info: None,
                vendor_error_code: None,
            }),
        };
        (event, RecordPosition { partition: lease.partition, offset: lease.next_offset, appended_at: at })
    };
    let reports: Vec<_> = devices.iter().map(|id| report(device(id), noon())).collect();
    let load_plan = LoadPlan::of(reports.iter().map(|(event, position)| (event, *position)));
    let fold = |mut states: Vec<ChargePoint>| {
        for state in &mut states {
            let newest = state.liveness.seen.as_ref().map(|seen| seen.stamp.at);
            let at = newest.map_or(noon(), |at| at + chrono::TimeDelta::milliseconds(1));
            let (event, position) = report(state.id.clone(), at);
            state.apply(&event, &position);
        }
        Folded { states, ..Folded::default() }
    };
    write(connection, lease, lease.next_offset + 1, &load_plan, fold).await.unwrap()
}

/// An anonymous edit.
pub fn signed() -> EditStamp {
    EditStamp { at: noon(), by: Actor::anonymous() }
}

/// Replaces the details of a pile.
pub async fn replace(connection: &mut Connection, pile: &Pile) {
    let replaced = piles::update(connection, &OperatorBound::All, pile.id, None, &signed(), |_| {
        Ok(pile.details.clone())
    })
    .await;
    let replaced: Result<_, piles::PileRefusal> = replaced.unwrap();
    replaced.unwrap();
}

/// Creates a station with one pile, whose device is `id`.
pub async fn assets(connection: &mut Connection, id: &str) -> (Station, Pile) {
    let revision = Revision { created_at: noon(), updated_at: noon(), version: 1, retired_at: None };
    let station = Station {
        id: StationId(Uuid::now_v7()),
        details: StationDetails {
            name: Label::parse("North").unwrap(),
            address: None,
            operator_id: None,
            location: None,
            status: StationStatus::Open,
            opening_hours: None,
            facilities: BTreeSet::new(),
            startable_statuses: None,
        },
        revision,
    };
    let pile = Pile {
        id: PileId(Uuid::now_v7()),
        station_id: station.id,
        details: PileDetails {
            charge_point_id: device(id),
            name: None,
            model: Label::parse("DC-120").unwrap(),
            vendor: None,
            serial_number: None,
            rated_power_kw: RatedPower::parse(120.0).unwrap(),
            current_type: Some(CurrentType::Dc),
            connectors: Outlets::default(),
        },
        revision,
    };
    stations::insert(connection, &station, &Actor::anonymous()).await.unwrap();
    piles::insert(connection, &OperatorBound::All, &pile, &Actor::anonymous()).await.unwrap().unwrap();
    (station, pile)
}

/// Reads the feed from its beginning, page by page.
#[derive(Debug, Default)]
pub struct Reader {
    position: i64,
    pub changes: Vec<FeedChange>,
}

impl Reader {
    pub async fn all(connection: &mut Connection) -> Self {
        let mut reader = Self::default();
        reader.read(connection).await;
        reader
    }

    /// Reads what is committed so far.
    pub async fn read(&mut self, connection: &mut Connection) {
        loop {
            let numbered = feed::sequence(connection).await.unwrap();
            let chunks = feed::list_after(connection, self.position, 3).await.unwrap();
            if chunks.is_empty() && numbered == 0 {
                break;
            }
            for chunk in chunks {
                assert_eq!(chunk.position, self.position + 1, "positions must have no gaps");
                self.position = chunk.position;
                self.changes.extend(chunk.changes);
            }
        }
    }

    pub fn keys(&self) -> Vec<String> {
        self.changes.iter().map(FeedChange::key).collect()
    }
}

pub fn reset(id: &str) -> Command {
    Command {
        id: CommandId(Uuid::now_v7()),
        charge_point_id: device(id),
        gateway_id: GatewayId::parse("gateway-0").unwrap(),
        kind: CommandKind::Reset { kind: ResetKind::Soft },
        issued_at: noon(),
        expires_at: noon(),
        trace_id: None,
    }
}

pub fn new(command: Command, pile_id: PileId) -> NewCommand {
    NewCommand {
        command,
        pile_id,
        partition: 7,
        payload: serde_json::json!({}),
        goal: None,
        route: RouteSource::Key,
        degraded: false,
        seen_gateway_id: None,
        confidence: Confidence::Live,
        issued_by: None,
        keyed: None,
        limits: None,
    }
}

pub fn outcome(command: &Command, step: Step) -> PublishOutcome {
    let charge_point_id = command.charge_point_id.clone();
    PublishOutcome { id: command.id, charge_point_id, at: noon(), step, inserted: None }
}
