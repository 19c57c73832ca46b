//! Connectors as reported by the gateways.

use crate::database::bulk::{self, Bulk, Lookup, Rows};
use crate::schema::connectors;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Float8, Int2, Int4, Int8, Jsonb, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::devices::connector::{Connector, StatusView};
use domain::ids::{ChargePointId, ConnectorId, EventKey, TransactionId};
use domain::latest::{Latest, Report};
use domain::measure::Dated;
use domain::order::Stamp;
use domain::sessions::registers::Registers;
use domain::sessions::session::ChargingSession;
use domain::status::ConnectorStatus;
use std::collections::{BTreeSet, HashMap};

#[derive(Queryable, Selectable)]
#[diesel(table_name = connectors, check_for_backend(Pg))]
pub(crate) struct ConnectorRow {
    charge_point_id: String,
    connector_id: i16,
    status: Option<String>,
    error_code: Option<String>,
    info: Option<String>,
    vendor_error_code: Option<String>,
    status_at: Option<DateTime<Utc>>,
    status_appended_at: Option<DateTime<Utc>>,
    status_partition: Option<i32>,
    status_offset: Option<i64>,
    status_event: Option<i64>,
    status_rivals: Option<serde_json::Value>,
    power_w: Option<f64>,
    power_at: Option<DateTime<Utc>>,
    energy_wh: Option<f64>,
    energy_at: Option<DateTime<Utc>>,
    soc_percent: Option<f64>,
    soc_at: Option<DateTime<Utc>>,
    sighted_transaction: Option<String>,
    sighted_at: Option<DateTime<Utc>>,
    status_trail: Option<serde_json::Value>,
    registers: Option<serde_json::Value>,
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("connectors", what)
}

fn dated(value: Option<f64>, at: Option<DateTime<Utc>>) -> Option<Dated<f64>> {
    Some(Dated { at: at?, value: value? })
}

impl ConnectorRow {
    /// The device id and the connector's state.
    pub(crate) fn into_state(self) -> Result<(String, Connector), StorageError> {
        let connector = Connector {
            id: ConnectorId::parse(self.connector_id.into()).map_err(broken)?,
            power_w: dated(self.power_w, self.power_at),
            energy_wh: dated(self.energy_wh, self.energy_at),
            soc_percent: dated(self.soc_percent, self.soc_at),
            registers: self.registers()?,
            sighted: self.sighted()?,
            trail: self
                .status_trail
                .clone()
                .map(serde_json::from_value)
                .transpose()
                .map_err(broken)?
                .unwrap_or_default(),
            status: None,
        };
        let charge_point_id = self.charge_point_id.clone();
        Ok((charge_point_id, Connector { status: self.into_status()?, ..connector }))
    }

    fn registers(&self) -> Result<Registers, StorageError> {
        let stored = self.registers.clone().map(serde_json::from_value).transpose().map_err(broken)?;
        let newest = dated(self.energy_wh, self.energy_at);
        Ok(Registers::restore(stored, newest, self.sighted()?.as_ref()))
    }

    fn sighted(&self) -> Result<Option<Dated<TransactionId>>, StorageError> {
        let (Some(at), Some(transaction)) = (self.sighted_at, &self.sighted_transaction) else {
            return Ok(None);
        };
        Ok(Some(Dated { at, value: TransactionId::parse(transaction).map_err(broken)? }))
    }

    fn into_status(self) -> Result<Option<Latest<StatusView>>, StorageError> {
        let Some(status) = self.status else {
            return Ok(None);
        };
        let record = (self.status_at, self.status_appended_at, self.status_partition, self.status_offset);
        let ((Some(at), Some(appended_at), Some(partition), Some(offset)), Some(event)) =
            (record, self.status_event)
        else {
            return Err(broken("a status without its record"));
        };
        let value = StatusView {
            status: ConnectorStatus::parse(&status).ok_or_else(|| broken(format!("status {status}")))?,
            error_code: self.error_code,
            info: self.info,
            vendor_error_code: self.vendor_error_code,
            implausible_at: None,
        };
        let newest =
            Report { stamp: Stamp { at, appended_at, partition, offset }, event: EventKey(event), value };
        let rivals = self.status_rivals.map(serde_json::from_value).transpose().map_err(broken)?;
        Ok(Some(Latest::restore(newest, rivals.unwrap_or_default())))
    }
}

/// For each open session of `sessions`, [the newest register](Registers::of_session) that it may
/// have shown so far, in Wh; `None` for ended sessions and unknown registers.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn registers_of(
    connection: &mut Connection,
    sessions: &[ChargingSession],
) -> Result<Vec<Option<Dated<f64>>>, StorageError> {
    let open = || sessions.iter().filter(|session| session.is_open());
    if open().next().is_none() {
        return Ok(vec![None; sessions.len()]);
    }
    let devices: BTreeSet<&str> = open().map(|session| session.charge_point_id.as_str()).collect();
    let rows: Vec<ConnectorRow> = connectors::table
        .filter(connectors::charge_point_id.eq_any(devices))
        .select(ConnectorRow::as_select())
        .load(connection)
        .await?;
    let states: Result<HashMap<_, _>, StorageError> = rows
        .into_iter()
        .map(|row| row.into_state().map(|(device, state)| ((device, state.id), state)))
        .collect();
    let states = states?;
    let of = |session: &ChargingSession| {
        let place = (session.charge_point_id.as_str().to_owned(), session.connector_id);
        states.get(&place)?.registers.of_session(session).filter(|_| session.is_open())
    };
    Ok(sessions.iter().map(of).collect())
}

/// Loads the `wanted` connectors that are known, each with its device id; `None` selects all
/// connectors of a device.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub(crate) async fn load_many<'a>(
    tx: &mut Connection,
    wanted: impl Iterator<Item = (&'a ChargePointId, Option<ConnectorId>)>,
) -> Result<Vec<(String, Connector)>, StorageError> {
    let mut keys = Wanted::default();
    for (charge_point, connector) in wanted {
        keys.charge_point_id.push(charge_point.as_str());
        let number = connector.map(|id| i16::try_from(id.number())).transpose().map_err(broken)?;
        keys.connector_id.push(number);
    }
    if keys.connector_id.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<ConnectorRow> = Bulk(keys).load(tx).await?;
    rows.into_iter().map(ConnectorRow::into_state).collect()
}

#[derive(Default)]
struct Wanted<'a> {
    charge_point_id: Vec<&'a str>,
    connector_id: Vec<Option<i16>>,
}

impl Rows for Wanted<'_> {
    type Statement = Wanted<'static>;
    const SQL: &'static str = "select
           charge_point_id, connector_id, status, error_code, info, vendor_error_code, status_at,
           status_appended_at, status_partition, status_offset, status_event, status_rivals, power_w, power_at,
           energy_wh, energy_at, soc_percent, soc_at, sighted_transaction, sighted_at, status_trail, registers
         from unnest($1::text[], $2::smallint[]) as wanted (id, number)
         join connectors on charge_point_id = id and (connector_id = number or number is null)";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.charge_point_id)?;
        columns.push::<Nullable<Int2>, _>(&self.connector_id)
    }
}

impl Lookup for Wanted<'_> {
    type Answer = <<ConnectorRow as Selectable<Pg>>::SelectExpression as Expression>::SqlType;
}

/// Connectors as columns.
#[derive(Default)]
struct Columns<'a> {
    charge_point_id: Vec<&'a str>,
    connector_id: Vec<i16>,
    status: Vec<Option<&'static str>>,
    error_code: Vec<Option<&'a str>>,
    info: Vec<Option<&'a str>>,
    vendor_error_code: Vec<Option<&'a str>>,
    status_at: Vec<Option<DateTime<Utc>>>,
    status_appended_at: Vec<Option<DateTime<Utc>>>,
    status_partition: Vec<Option<i32>>,
    status_offset: Vec<Option<i64>>,
    status_event: Vec<Option<i64>>,
    status_rivals: Vec<Option<serde_json::Value>>,
    power_w: Vec<Option<f64>>,
    power_at: Vec<Option<DateTime<Utc>>>,
    energy_wh: Vec<Option<f64>>,
    energy_at: Vec<Option<DateTime<Utc>>>,
    soc_percent: Vec<Option<f64>>,
    soc_at: Vec<Option<DateTime<Utc>>>,
    sighted_transaction: Vec<Option<&'a str>>,
    sighted_at: Vec<Option<DateTime<Utc>>>,
    status_trail: Vec<Option<serde_json::Value>>,
    registers: Vec<Option<serde_json::Value>>,
}

impl<'a> Columns<'a> {
    fn push(
        &mut self,
        charge_point: &'a ChargePointId,
        connector: &'a Connector,
    ) -> Result<(), StorageError> {
        self.charge_point_id.push(charge_point.as_str());
        self.connector_id.push(i16::try_from(connector.id.number()).map_err(broken)?);
        let newest = connector.status.as_ref().map(Latest::newest);
        let view = newest.map(|report| &report.value);
        self.status.push(view.map(|view| view.status.as_str()));
        self.error_code.push(view.and_then(|view| view.error_code.as_deref()));
        self.info.push(view.and_then(|view| view.info.as_deref()));
        self.vendor_error_code.push(view.and_then(|view| view.vendor_error_code.as_deref()));
        let stamp = newest.map(|report| report.stamp);
        self.status_at.push(stamp.map(|stamp| stamp.at));
        self.status_appended_at.push(stamp.map(|stamp| stamp.appended_at));
        self.status_partition.push(stamp.map(|stamp| stamp.partition));
        self.status_offset.push(stamp.map(|stamp| stamp.offset));
        self.status_event.push(newest.map(|report| report.event.0));
        let rivals = connector.status.as_ref().map(Latest::memory).filter(|held| !held.is_empty());
        self.status_rivals.push(rivals.map(serde_json::to_value).transpose().map_err(broken)?);
        self.power_w.push(connector.power_w.map(|power| power.value));
        self.power_at.push(connector.power_w.map(|power| power.at));
        self.energy_wh.push(connector.energy_wh.map(|energy| energy.value));
        self.energy_at.push(connector.energy_wh.map(|energy| energy.at));
        self.soc_percent.push(connector.soc_percent.map(|soc| soc.value));
        self.soc_at.push(connector.soc_percent.map(|soc| soc.at));
        let sighted = connector.sighted.as_ref();
        self.sighted_transaction.push(sighted.map(|sighted| sighted.value.as_str()));
        self.sighted_at.push(sighted.map(|sighted| sighted.at));
        let trail = Some(&connector.trail).filter(|trail| !trail.is_empty());
        self.status_trail.push(trail.map(serde_json::to_value).transpose().map_err(broken)?);
        // Most connectors have seen one transaction only; their registers follow from the other
        // columns.
        let registers = &connector.registers;
        let is_implied = *registers == Registers::of_newest(connector.energy_wh, sighted);
        let registers = (!is_implied).then(|| serde_json::to_value(registers));
        self.registers.push(registers.transpose().map_err(broken)?);
        Ok(())
    }
}

impl Rows for Columns<'_> {
    type Statement = Columns<'static>;
    const SQL: &'static str = "insert into connectors
           (charge_point_id, connector_id, status, error_code, info, vendor_error_code, status_at,
            status_appended_at, status_partition, status_offset, status_event, status_rivals, power_w, power_at,
            energy_wh, energy_at, soc_percent, soc_at, sighted_transaction, sighted_at, status_trail, registers)
         select * from unnest($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[],
           $7::timestamptz[], $8::timestamptz[], $9::integer[], $10::bigint[],
           $11::bigint[], $12::jsonb[], $13::double precision[], $14::timestamptz[],
           $15::double precision[], $16::timestamptz[], $17::double precision[],
           $18::timestamptz[], $19::text[], $20::timestamptz[], $21::jsonb[], $22::jsonb[])
         on conflict (charge_point_id, connector_id) do update set
           status = excluded.status, error_code = excluded.error_code, info = excluded.info,
           vendor_error_code = excluded.vendor_error_code, status_at = excluded.status_at,
           status_appended_at = excluded.status_appended_at, status_partition = excluded.status_partition,
           status_offset = excluded.status_offset, status_event = excluded.status_event,
           status_rivals = excluded.status_rivals, power_w = excluded.power_w, power_at = excluded.power_at,
           energy_wh = excluded.energy_wh, energy_at = excluded.energy_at,
           soc_percent = excluded.soc_percent, soc_at = excluded.soc_at,
           sighted_transaction = excluded.sighted_transaction, sighted_at = excluded.sighted_at,
           status_trail = excluded.status_trail, registers = excluded.registers";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.charge_point_id)?;
        columns.push::<Int2, _>(&self.connector_id)?;
        columns.push::<Nullable<Text>, _>(&self.status)?;
        columns.push::<Nullable<Text>, _>(&self.error_code)?;
        columns.push::<Nullable<Text>, _>(&self.info)?;
        columns.push::<Nullable<Text>, _>(&self.vendor_error_code)?;
        columns.push::<Nullable<Timestamptz>, _>(&self.status_at)?;
        columns.push::<Nullable<Timestamptz>, _>(&self.status_appended_at)?;
        columns.push::<Nullable<Int4>, _>(&self.status_partition)?;
        columns.push::<Nullable<Int8>, _>(&self.status_offset)?;
        columns.push::<Nullable<Int8>, _>(&self.status_event)?;
        columns.push::<Nullable<Jsonb>, _>(&self.status_rivals)?;
        columns.push::<Nullable<Float8>, _>(&self.power_w)?;
        columns.push::<Nullable<Timestamptz>, _>(&self.power_at)?;
        columns.push::<Nullable<Float8>, _>(&self.energy_wh)?;
        columns.push::<Nullable<Timestamptz>, _>(&self.energy_at)?;
        columns.push::<Nullable<Float8>, _>(&self.soc_percent)?;
        columns.push::<Nullable<Timestamptz>, _>(&self.soc_at)?;
        columns.push::<Nullable<Text>, _>(&self.sighted_transaction)?;
        columns.push::<Nullable<Timestamptz>, _>(&self.sighted_at)?;
        columns.push::<Nullable<Jsonb>, _>(&self.status_trail)?;
        columns.push::<Nullable<Jsonb>, _>(&self.registers)
    }
}

/// Writes connectors in the given order; their charge points' rows must be locked.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn upsert_many(
    tx: &mut Connection,
    connectors: &[(&ChargePointId, &Connector)],
) -> Result<(), StorageError> {
    if connectors.is_empty() {
        return Ok(());
    }
    let mut columns = Columns::default();
    for (charge_point, connector) in connectors {
        columns.push(charge_point, connector)?;
    }
    Bulk(columns).execute(tx).await?;
    Ok(())
}
