//! Reading the history of a device.

use super::broken;
use crate::assets::placements::Assignment;
use crate::database::day_partitions::planned_anew;
use crate::schema::status_changes;
use crate::{Connection, StorageError};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::devices::history::Change;
use domain::devices::presence::Confidence;
use domain::feed::{ConnectivityChanged, ConnectorStatusChanged};
use domain::ids::{ChargePointId, ConnectorId, GatewayId};
use domain::status::ConnectorStatus;
use std::cmp::Reverse;

/// The position of a change in the history of its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryPosition {
    /// When the change was recorded.
    pub noted_at: DateTime<Utc>,
    /// The change's number among those that were recorded together.
    pub number: i32,
}

/// A change in the history of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedChange {
    /// The position in the history.
    pub place: HistoryPosition,
    /// When the change happened, by the event's time.
    pub at: DateTime<Utc>,
    /// The change.
    pub change: Change,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = status_changes, check_for_backend(Pg))]
struct Row {
    noted_at: DateTime<Utc>,
    place: i32,
    at: DateTime<Utc>,
    connector_id: Option<i16>,
    status: Option<String>,
    previous_status: Option<String>,
    error_code: Option<String>,
    vendor_error_code: Option<String>,
    online: Option<bool>,
    gateway_id: Option<String>,
    confidence: Option<String>,
}

/// The part of the history that one statement reads. Each day is a partition with its own index,
/// and a statement locks all that it may read: reading the whole history, a few dozen concurrent
/// statements would fill PostgreSQL's lock table for all clients.
const WINDOW: TimeDelta = TimeDelta::days(8);
/// Number of windows after which one statement reads everything older; with the default retention
/// of 90 days nothing is older.
const WINDOWS: u32 = 12;

/// Which changes are read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection {
    /// Only changes of the status of this connector.
    pub connector: Option<ConnectorId>,
    /// Only changes that follow this one in the list.
    pub after: Option<HistoryPosition>,
    /// Only changes that happened at or after this instant.
    pub from: Option<DateTime<Utc>>,
    /// Only changes that happened before this instant.
    pub until: Option<DateTime<Utc>>,
}

/// The same as [`list_of_device`] for the devices of a pile, each during its assignments, whose
/// latest comes first.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list_of_pile(
    connection: &mut Connection,
    assignments: &[Assignment],
    selection: Selection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<RecordedChange>, StorageError> {
    let mut changes = Vec::new();
    for stay in stays(assignments) {
        let selection = Selection { from: stay.from, until: stay.until, ..selection };
        changes.extend(list_of_device(connection, stay.device, selection, now, limit).await?);
    }
    changes.sort_by_key(|change| Reverse(change.place));
    changes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(changes)
}

/// A time in which a device was in a pile, wherever the pile was.
struct Stay<'a> {
    device: &'a ChargePointId,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// The stays of devices; assignments of one device that follow each other are one stay.
fn stays(assignments: &[Assignment]) -> Vec<Stay<'_>> {
    let mut stays: Vec<Stay<'_>> = Vec::new();
    for Assignment { charge_point_id: device, from, until, .. } in assignments {
        match stays.last_mut() {
            Some(later) if later.device == device && later.from == *until => later.from = *from,
            _ => stays.push(Stay { device, from: *from, until: *until }),
        }
    }
    stays
}

/// Up to `limit` changes of `device` in `selection`, read backwards from `now`, the last recorded
/// first. Changes older than the retention period are deleted.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list_of_device(
    connection: &mut Connection,
    device: &ChargePointId,
    selection: Selection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<RecordedChange>, StorageError> {
    let mut changes = Vec::new();
    for number in 0..=WINDOWS {
        let rows = limit.saturating_sub(i64::try_from(changes.len()).unwrap_or(i64::MAX));
        if rows <= 0 {
            break;
        }
        let window = Window::back_from(selection.after.map_or(now, |place| place.noted_at), number);
        let query = of_device(device, selection)?.filter(planned_anew()).limit(rows);
        let found: Vec<Row> = window.of(query).load(connection).await?;
        changes.extend(found.into_iter().map(RecordedChange::try_from).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(changes)
}

type Query<'a> = status_changes::BoxedQuery<'a, Pg, diesel::dsl::SqlTypeOf<diesel::dsl::AsSelect<Row, Pg>>>;

fn of_device(device: &ChargePointId, selection: Selection) -> Result<Query<'_>, StorageError> {
    let Selection { connector, after, from, until } = selection;
    let mut query = status_changes::table
        .filter(status_changes::charge_point_id.eq(device.as_str()))
        .order((status_changes::noted_at.desc(), status_changes::place.desc()))
        .select(Row::as_select())
        .into_boxed::<Pg>();
    if let Some(connector) = connector {
        let number = i16::try_from(connector.number()).map_err(broken)?;
        query = query.filter(status_changes::connector_id.eq(number));
    }
    if let Some(HistoryPosition { noted_at, number }) = after {
        // Written so that later days are excluded and the index scan starts at the position, since
        // diesel has no row comparison.
        let earlier = status_changes::noted_at.lt(noted_at).or(status_changes::place.lt(number));
        query = query.filter(status_changes::noted_at.le(noted_at)).filter(earlier);
    }
    if let Some(from) = from {
        query = query.filter(status_changes::at.ge(from));
    }
    if let Some(until) = until {
        query = query.filter(status_changes::at.lt(until));
    }
    Ok(query)
}

/// A part of the history: recorded after `above`, and at or before `up_to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    above: Option<DateTime<Utc>>,
    up_to: Option<DateTime<Utc>>,
}

impl Window {
    /// The window `number`, counted backwards from `newest`. The first one has no end, since clocks
    /// differ, and the last one no beginning.
    fn back_from(newest: DateTime<Utc>, number: u32) -> Self {
        let back = |windows: u32| newest - WINDOW * i32::try_from(windows).unwrap_or(i32::MAX);
        Self {
            above: (number < WINDOWS).then(|| back(number + 1)),
            up_to: (number > 0).then(|| back(number)),
        }
    }

    fn of(self, mut query: Query<'_>) -> Query<'_> {
        if let Some(above) = self.above {
            query = query.filter(status_changes::noted_at.gt(above));
        }
        if let Some(up_to) = self.up_to {
            query = query.filter(status_changes::noted_at.le(up_to));
        }
        query
    }
}

fn status(name: &str) -> Result<ConnectorStatus, StorageError> {
    ConnectorStatus::parse(name).ok_or_else(|| broken(format!("status {name}")))
}

impl TryFrom<Row> for RecordedChange {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let place = HistoryPosition { noted_at: row.noted_at, number: row.place };
        let change = match (row.connector_id, row.status, row.online) {
            (Some(connector), Some(name), None) => Change::Status(ConnectorStatusChanged {
                connector_id: ConnectorId::parse(connector.into()).map_err(broken)?,
                status: status(&name)?,
                previous_status: row.previous_status.as_deref().map(status).transpose()?,
                error_code: row.error_code,
                vendor_error_code: row.vendor_error_code,
                claimed_at: None,
            }),
            (None, None, Some(online)) => {
                let gateway_id = row.gateway_id.as_deref().map(GatewayId::parse);
                let gateway_id = gateway_id.transpose().map_err(broken)?;
                let confidence = match row.confidence.as_deref() {
                    None => Confidence::Live,
                    Some(word) => {
                        Confidence::parse(word).ok_or_else(|| broken(format!("confidence {word}")))?
                    }
                };
                Change::Connectivity(ConnectivityChanged { online, gateway_id, confidence })
            }
            _ => return Err(broken("neither a status nor a connectivity")),
        };
        Ok(Self { place, at: row.at, change })
    }
}
