//! Charging sessions, and the ledgers that they are derived from.

/// The columns of a [`SessionRow`].
macro_rules! session_columns {
    () => {
        "id, charge_point_id, connector_id, transaction_id, id_tag, reservation_id, started_at, meter_start_wh,
         ended_at, end_reason, meter_stop_wh, command_id, started_by, id_tag_rest"
    };
}

pub mod archive;
mod end;
pub mod limits;
mod metered;
pub mod metering;
mod read;
mod recall;
pub mod receipts;
mod registers;
pub mod repair;
pub mod revenue;

pub use end::{SessionEndRefusal, end};
pub use metered::find_metered;
pub(crate) use read::SessionRow;
pub use read::{Filter, PlacedSession, estimate_count, find, list};
pub(crate) use recall::recall;
pub use registers::fill_registers;

use crate::assets::placements;
use crate::database::bulk::{self, Bulk, Lookup, Rows};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Float8, Int2, Int8, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::Placement;
use domain::devices::charge_point::ChargePoint;
use domain::feed::{FeedChange, FeedKind};
use domain::ids::{ChargePointId, IdTag, SessionId};
use domain::sessions::ledger::Ledger;
use domain::sessions::session::{ChargingSession, SessionState};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("sessions", what)
}

/// The ledgers of those devices in `ids` that have one.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub(crate) async fn load_ledgers(
    tx: &mut Connection,
    ids: Vec<&str>,
) -> Result<BTreeMap<String, Ledger>, StorageError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(String, serde_json::Value)> = Bulk(WantedLedgers { ids }).load(tx).await?;
    let ledger = |(id, ledger)| Ok((id, serde_json::from_value(ledger)?));
    let ledgers: Result<_, serde_json::Error> = rows.into_iter().map(ledger).collect();
    ledgers.map_err(|error| StorageError::inconsistent("session_ledgers", error))
}

struct WantedLedgers<'a> {
    ids: Vec<&'a str>,
}

impl Rows for WantedLedgers<'_> {
    type Statement = WantedLedgers<'static>;
    const SQL: &'static str = "select charge_point_id, ledger from unnest($1::text[]) as wanted (id) join session_ledgers on charge_point_id = id";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.ids)
    }
}

impl Lookup for WantedLedgers<'_> {
    type Answer = (Text, Jsonb);
}

/// Writes the ledgers of `states`, whose rows must be locked.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn upsert_ledgers(tx: &mut Connection, states: &[&ChargePoint]) -> Result<(), StorageError> {
    if states.is_empty() {
        return Ok(());
    }
    let ids = states.iter().map(|state| state.id.as_str()).collect();
    let ledgers: Result<_, _> = states.iter().map(|state| serde_json::to_value(&state.ledger)).collect();
    Bulk(Ledgers { ids, ledgers: ledgers.map_err(broken)? }).execute(tx).await?;
    Ok(())
}

struct Ledgers<'a> {
    ids: Vec<&'a str>,
    ledgers: Vec<serde_json::Value>,
}

impl Rows for Ledgers<'_> {
    type Statement = Ledgers<'static>;
    const SQL: &'static str = "insert into session_ledgers (charge_point_id, ledger) select * from unnest($1::text[], $2::jsonb[]) on conflict (charge_point_id) do update set ledger = excluded.ledger";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.ids)?;
        columns.push::<Jsonb, _>(&self.ledgers)
    }
}

/// Sessions as columns.
#[derive(Default)]
struct Columns<'a> {
    id: Vec<Uuid>,
    charge_point_id: Vec<&'a str>,
    connector_id: Vec<i16>,
    transaction_id: Vec<Option<&'a str>>,
    id_tag: Vec<Option<&'a str>>,
    id_tag_rest: Vec<Option<&'a str>>,
    reservation_id: Vec<Option<i64>>,
    started_at: Vec<DateTime<Utc>>,
    meter_start_wh: Vec<Option<f64>>,
    ended_at: Vec<Option<DateTime<Utc>>>,
    end_reason: Vec<Option<&'a str>>,
    meter_stop_wh: Vec<Option<f64>>,
    command_id: Vec<Option<Uuid>>,
    started_by: Vec<&'static str>,
}

impl<'a> Columns<'a> {
    fn push(&mut self, session: &'a ChargingSession) -> Result<(), StorageError> {
        self.id.push(session.id.0);
        self.charge_point_id.push(session.charge_point_id.as_str());
        self.connector_id.push(i16::try_from(session.connector_id.number()).map_err(broken)?);
        self.transaction_id.push(session.transaction_id.as_ref().map(|id| id.as_str()));
        let (head, rest) = session.id_tag.as_ref().map(IdTag::parts).unzip();
        self.id_tag.push(head);
        self.id_tag_rest.push(rest.flatten());
        self.reservation_id.push(session.reservation_id);
        self.started_at.push(session.started_at);
        self.meter_start_wh.push(session.meter_start_wh);
        let (ended_at, reason, meter_stop_wh) = match &session.state {
            SessionState::Open => (None, None, None),
            SessionState::Ended { at, reason, meter_stop_wh } => {
                (Some(*at), reason.as_deref(), *meter_stop_wh)
            }
        };
        self.ended_at.push(ended_at);
        self.end_reason.push(reason);
        self.meter_stop_wh.push(meter_stop_wh);
        self.command_id.push(session.command_id.map(|id| id.0));
        self.started_by.push(session.started_by.as_str());
        Ok(())
    }
}

impl Rows for Columns<'_> {
    type Statement = Columns<'static>;
    const SQL: &'static str = "insert into sessions
           (id, charge_point_id, connector_id, transaction_id, id_tag, id_tag_rest, reservation_id, started_at,
            meter_start_wh, ended_at, end_reason, meter_stop_wh, command_id, started_by)
         select * from unnest($1::uuid[], $2::text[], $3::smallint[], $4::text[], $5::text[], $6::text[],
           $7::bigint[], $8::timestamptz[], $9::double precision[], $10::timestamptz[],
           $11::text[], $12::double precision[], $13::uuid[], $14::text[])
         on conflict (id) do update set
           transaction_id = excluded.transaction_id, id_tag = excluded.id_tag,
           id_tag_rest = excluded.id_tag_rest, reservation_id = excluded.reservation_id, started_at = excluded.started_at,
           meter_start_wh = excluded.meter_start_wh, ended_at = excluded.ended_at,
           end_reason = excluded.end_reason, meter_stop_wh = excluded.meter_stop_wh,
           command_id = excluded.command_id, started_by = excluded.started_by
         returning id, pile_id, station_id, operator_id";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<SqlUuid, _>(&self.id)?;
        columns.push::<Text, _>(&self.charge_point_id)?;
        columns.push::<Int2, _>(&self.connector_id)?;
        columns.push::<Nullable<Text>, _>(&self.transaction_id)?;
        columns.push::<Nullable<Text>, _>(&self.id_tag)?;
        columns.push::<Nullable<Text>, _>(&self.id_tag_rest)?;
        columns.push::<Nullable<Int8>, _>(&self.reservation_id)?;
        columns.push::<Timestamptz, _>(&self.started_at)?;
        columns.push::<Nullable<Float8>, _>(&self.meter_start_wh)?;
        columns.push::<Nullable<Timestamptz>, _>(&self.ended_at)?;
        columns.push::<Nullable<Text>, _>(&self.end_reason)?;
        columns.push::<Nullable<Float8>, _>(&self.meter_stop_wh)?;
        columns.push::<Nullable<SqlUuid>, _>(&self.command_id)?;
        columns.push::<Text, _>(&self.started_by)
    }
}

impl Lookup for Columns<'_> {
    type Answer = PlaceColumns;
}

/// The id, the pile, the station and the operator of a session.
type PlaceColumns = (SqlUuid, Nullable<SqlUuid>, Nullable<SqlUuid>, Nullable<Text>);

/// Where sessions took place; sessions without a place are not contained.
pub(crate) type Places = HashMap<SessionId, Placement>;

/// A row of [`PlaceColumns`].
type PlaceRow = (Uuid, Option<Uuid>, Option<Uuid>, Option<String>);

fn places(rows: Vec<PlaceRow>) -> Result<Places, StorageError> {
    let mut places = Places::with_capacity(rows.len());
    for (id, pile, station, operator) in rows {
        let place = placements::from_columns(pile, station, operator.as_deref())?;
        places.extend(place.map(|place| (SessionId(id), place)));
    }
    Ok(places)
}

/// Inserts or updates sessions, and returns their places, which the database sets by their start.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn upsert_many(
    tx: &mut Connection,
    sessions: &[ChargingSession],
) -> Result<Places, StorageError> {
    if sessions.is_empty() {
        return Ok(Places::new());
    }
    let mut columns = Columns::default();
    for session in sessions {
        columns.push(session)?;
    }
    places(Bulk(columns).load(tx).await?)
}

/// Deletes withdrawn sessions, each given with its device, and returns their places.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn delete_many(
    tx: &mut Connection,
    withdrawn: &[(&ChargePointId, SessionId)],
) -> Result<Places, StorageError> {
    if withdrawn.is_empty() {
        return Ok(Places::new());
    }
    let (devices, ids) = withdrawn.iter().map(|(device, id)| (device.as_str(), id.0)).unzip();
    places(Bulk(Withdrawn { devices, ids }).load(tx).await?)
}

/// Writes their places into the changes of sessions.
pub(crate) fn place_changes(changes: &mut [FeedChange], places: &Places) {
    for change in changes {
        if let FeedKind::SessionChanged(body) = &mut change.kind {
            body.place = places.get(&body.session_id).cloned();
        }
    }
}

struct Withdrawn<'a> {
    devices: Vec<&'a str>,
    ids: Vec<Uuid>,
}

impl Rows for Withdrawn<'_> {
    type Statement = Withdrawn<'static>;
    const SQL: &'static str = "delete from sessions using unnest($1::text[], $2::uuid[]) as withdrawn (device, session) where charge_point_id = device and id = session returning id, pile_id, station_id, operator_id";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.devices)?;
        columns.push::<SqlUuid, _>(&self.ids)
    }
}

impl Lookup for Withdrawn<'_> {
    type Answer = PlaceColumns;
}
