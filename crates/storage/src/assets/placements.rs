//! Where devices were over time: in which pile, at which station, of which operator. Triggers keep
//! the table when piles and stations are edited (migration 27), and give each session the place of
//! its device at its start (migration 28).

use crate::database::operators;
use crate::schema::{placements, sessions};
use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::{OperatorBound, Placement};
use domain::ids::{ChargePointId, PileId, StationId};
use domain::text::Label;
use uuid::Uuid;

/// How many devices are locked while sessions of earlier releases are placed.
const DEVICES_AT_ONCE: i64 = 200;

/// A time in which a device was in a pile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The device.
    pub charge_point_id: ChargePointId,
    /// Where it was.
    pub place: Placement,
    /// Since when; `None` for everything that was heard of the device until `until`.
    pub from: Option<DateTime<Utc>>,
    /// Until when; `None` for the current assignment. Later than the edit that ended it if a session
    /// that was recorded before the edit began after it, by a clock that is ahead.
    pub until: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = placements, check_for_backend(Pg))]
struct Row {
    charge_point_id: String,
    pile_id: Uuid,
    station_id: Uuid,
    operator_id: Option<String>,
    // Before all time in the first placement of a device.
    #[diesel(select_expression = sql("nullif(placements.placed_from, '-infinity')"),
             select_expression_type = SqlLiteral<Nullable<Timestamptz>>)]
    from: Option<DateTime<Utc>>,
    placed_until: Option<DateTime<Utc>>,
}

/// Up to `limit` assignments of devices to a pile while its station was within `bound`, the latest first; with `before`, those that began
/// before that instant.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list_of_pile(
    connection: &mut Connection,
    bound: &OperatorBound,
    pile: PileId,
    before: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<Assignment>, StorageError> {
    let mut query = placements::table
        .filter(placements::pile_id.eq(pile.0))
        .filter(operators::placements(bound))
        .order(placements::placed_from.desc())
        .limit(limit)
        .select(Row::as_select())
        .into_boxed::<Pg>();
    if let Some(before) = before {
        query = query.filter(placements::placed_from.lt(before));
    }
    query.load(connection).await?.into_iter().map(Assignment::try_from).collect()
}

/// Gives the sessions of `devices` that have no place the one where the device was at their start.
/// The rows of the devices must be locked, as for every change of sessions.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn place_sessions(tx: &mut Connection, devices: &[&str]) -> Result<usize, StorageError> {
    let placed = diesel::sql_query(
        "update sessions set pile_id = place.pile_id, station_id = place.station_id, operator_id = place.operator_id
         from placements as place
         where sessions.charge_point_id = any($1) and sessions.station_id is null
           and place.charge_point_id = sessions.charge_point_id and place.placed_from <= sessions.started_at
           and (place.placed_until is null or place.placed_until > sessions.started_at)",
    )
    .bind::<Array<Text>, _>(devices)
    .execute(tx)
    .await?;
    Ok(placed)
}

/// The same for all devices, some at a time; returns how many sessions now have a place.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn place_known_sessions(connection: &mut Connection) -> Result<usize, StorageError> {
    let mut placed = 0;
    let mut after = String::new();
    loop {
        let devices: Vec<String> = sessions::table
            .filter(sessions::station_id.is_null())
            .filter(sessions::charge_point_id.gt(&after))
            .select(sessions::charge_point_id)
            .distinct()
            .order(sessions::charge_point_id)
            .limit(DEVICES_AT_ONCE)
            .load(connection)
            .await?;
        let Some(last) = devices.last() else { return Ok(placed) };
        after.clone_from(last);
        placed += connection
            .transaction(async |tx| {
                let devices: Vec<&str> = devices.iter().map(String::as_str).collect();
                feed::lock_devices(tx, &devices).await?;
                place_sessions(tx, &devices).await
            })
            .await?;
    }
}

/// The place in a row of a table that repeats it.
///
/// # Errors
/// If the row is invalid.
pub(crate) fn from_columns(
    pile: Option<Uuid>,
    station: Option<Uuid>,
    operator: Option<&str>,
) -> Result<Option<Placement>, StorageError> {
    pile.zip(station).map(|(pile, station)| place(pile, station, operator)).transpose()
}

fn place(pile: Uuid, station: Uuid, operator: Option<&str>) -> Result<Placement, StorageError> {
    let operator_id = operator.map(Label::parse).transpose().map_err(broken)?;
    Ok(Placement { pile_id: PileId(pile), station_id: StationId(station), operator_id })
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("placements", what)
}

impl TryFrom<Row> for Assignment {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        Ok(Self {
            charge_point_id: ChargePointId::parse(&row.charge_point_id).map_err(broken)?,
            place: place(row.pile_id, row.station_id, row.operator_id.as_deref())?,
            from: row.from,
            until: row.placed_until,
        })
    }
}
