//! Charging sessions, and the ledgers that they are derived from.

/// The columns of a [`SessionRow`].
macro_rules! session_columns {
    () => {
        "id, charge_point_id, connector_id, transaction_id, id_tag, reservation_id, started_at, meter_start_wh,
         ended_at, end_reason, meter_stop_wh, command_id, started_by, id_tag_rest"
    };
}

mod metered;
mod read;
mod recall;
mod registers;
pub mod repair;

pub use metered::{MeteredSession, find_metered};
pub(crate) use read::SessionRow;
pub use read::{find, list_of_device};
pub(crate) use recall::recall;
pub use registers::fill_registers;

use crate::database::bulk::{self, Bulk, Lookup, Rows};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Float8, Int2, Int8, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::devices::charge_point::ChargePoint;
use domain::ids::{ChargePointId, IdTag, SessionId};
use domain::sessions::ledger::Ledger;
use domain::sessions::session::{ChargingSession, SessionState};
use std::collections::BTreeMap;
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
           command_id = excluded.command_id, started_by = excluded.started_by";

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

/// Inserts or updates sessions.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn upsert_many(
    tx: &mut Connection,
    sessions: &[ChargingSession],
) -> Result<(), StorageError> {
    if sessions.is_empty() {
        return Ok(());
    }
    let mut columns = Columns::default();
    for session in sessions {
        columns.push(session)?;
    }
    Bulk(columns).execute(tx).await?;
    Ok(())
}

/// Deletes withdrawn sessions, each given with its device.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn delete_many(
    tx: &mut Connection,
    withdrawn: &[(&ChargePointId, SessionId)],
) -> Result<(), StorageError> {
    if withdrawn.is_empty() {
        return Ok(());
    }
    let (devices, ids) = withdrawn.iter().map(|(device, id)| (device.as_str(), id.0)).unzip();
    Bulk(Withdrawn { devices, ids }).execute(tx).await?;
    Ok(())
}

struct Withdrawn<'a> {
    devices: Vec<&'a str>,
    ids: Vec<Uuid>,
}

impl Rows for Withdrawn<'_> {
    type Statement = Withdrawn<'static>;
    const SQL: &'static str = "delete from sessions using unnest($1::text[], $2::uuid[]) as withdrawn (device, session) where charge_point_id = device and id = session";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.devices)?;
        columns.push::<SqlUuid, _>(&self.ids)
    }
}
