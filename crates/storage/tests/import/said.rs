//! Details of stations and piles for import files.

use chrono::{DateTime, Utc};
use domain::assets::{
    CurrentType, EditStamp, Facility, Location, OpeningHours, OperatorBound, Outlets, PileDetails,
    RatedPower, Revision, StartableStatuses, Station, StationDetails, StationStatus,
};
use domain::ids::{Actor, ChargePointId, PileId, StationId};
use domain::status::ConnectorStatus;
use domain::text::Label;
use std::collections::BTreeSet;
use storage::Connection;
use storage::assets::audit::Edited;
use storage::assets::import::Outcome;
use uuid::Uuid;

pub fn stamp() -> EditStamp {
    let at: DateTime<Utc> = "2026-07-25T12:00:00.000001Z".parse().unwrap();
    EditStamp { at, by: Actor::parse("op-7").unwrap() }
}

pub fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

pub fn device(name: &str) -> ChargePointId {
    ChargePointId::parse(name).unwrap()
}

/// Details with the required fields only.
pub fn least_of_station(name: &str) -> StationDetails {
    StationDetails {
        name: label(name),
        address: None,
        operator_id: None,
        location: None,
        status: StationStatus::Open,
        opening_hours: None,
        facilities: BTreeSet::new(),
        startable_statuses: None,
    }
}

/// Details with all fields.
pub fn most_of_station(name: &str) -> StationDetails {
    let startable = vec![ConnectorStatus::Available, ConnectorStatus::Preparing];
    let startable = StartableStatuses::parse(startable).unwrap();
    StationDetails {
        address: Some(label("虹桥路1号")),
        operator_id: Some(label("op-7")),
        location: Some(Location::parse(31.2, -121.4).unwrap()),
        status: StationStatus::Planned,
        opening_hours: Some(OpeningHours::Always),
        facilities: BTreeSet::from([Facility::Wifi, Facility::Restroom]),
        startable_statuses: Some(startable),
        ..least_of_station(name)
    }
}

pub fn pile(charge_point_id: &str, name: &str) -> PileDetails {
    PileDetails {
        charge_point_id: device(charge_point_id),
        name: Some(label(name)),
        model: label("DC-120"),
        vendor: None,
        serial_number: None,
        rated_power_kw: RatedPower::parse(120.0).unwrap(),
        current_type: Some(CurrentType::Dc),
        connectors: Outlets::default(),
    }
}

/// Creates a station.
pub async fn station(connection: &mut Connection) -> StationId {
    let at = stamp().at;
    let revision = Revision { created_at: at, updated_at: at, version: 1, retired_at: None };
    let station = Station { id: StationId(Uuid::now_v7()), details: least_of_station("North"), revision };
    storage::assets::stations::insert(connection, &station, &stamp().by).await.unwrap();
    station.id
}

/// The pile of a device.
pub async fn pile_of(connection: &mut Connection, charge_point_id: &str) -> domain::assets::Pile {
    let filter = storage::assets::piles::Filter {
        charge_point_id: Some(device(charge_point_id)),
        ..storage::assets::piles::Filter::default()
    };
    storage::assets::piles::list(connection, &OperatorBound::All, &filter, None, 2)
        .await
        .unwrap()
        .pop()
        .unwrap()
}

/// The edits of a pile: version, action, name before, name after; the newest first.
pub async fn edits(connection: &mut Connection, id: PileId) -> Vec<(i64, String, String, String)> {
    let edits = storage::assets::audit::list(connection, &OperatorBound::All, Edited::Pile, id.0, None, 100)
        .await
        .unwrap();
    let name = |details: Option<serde_json::Value>| {
        details.and_then(|details| details["name"].as_str().map(str::to_owned)).unwrap_or_default()
    };
    edits.into_iter().map(|edit| (edit.version, edit.action, name(edit.before), name(edit.after))).collect()
}

/// Numbers of created, updated, unchanged and refused entries.
pub fn counts<R>(outcome: &Outcome<R>) -> [usize; 4] {
    [outcome.created, outcome.updated, outcome.unchanged, outcome.refused.len()]
}
