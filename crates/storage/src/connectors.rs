//! Connectors as heard through the gateways.

use crate::schema::connectors;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Float8, Int2, Int4, Int8, Jsonb, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::connector::{Connector, StatusView};
use domain::ids::{ChargePointId, ConnectorId, EventKey};
use domain::latest::{Latest, Report};
use domain::measure::Dated;
use domain::order::Stamp;
use domain::status::ConnectorStatus;

#[derive(Queryable, Selectable)]
#[diesel(table_name = connectors, check_for_backend(diesel::pg::Pg))]
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
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("connectors", what)
}

fn dated(value: Option<f64>, at: Option<DateTime<Utc>>) -> Option<Dated<f64>> {
    Some(Dated { at: at?, value: value? })
}

impl ConnectorRow {
    /// The device and its connector.
    pub(crate) fn into_state(self) -> Result<(String, Connector), StorageError> {
        let connector = Connector {
            id: ConnectorId::parse(self.connector_id.into()).map_err(broken)?,
            power_w: dated(self.power_w, self.power_at),
            energy_wh: dated(self.energy_wh, self.energy_at),
            soc_percent: dated(self.soc_percent, self.soc_at),
            status: None,
        };
        let charge_point_id = self.charge_point_id.clone();
        Ok((charge_point_id, Connector { status: self.into_status()?, ..connector }))
    }

    fn into_status(self) -> Result<Option<Latest<StatusView>>, StorageError> {
        let Some(status) = self.status else {
            return Ok(None);
        };
        let told = (self.status_at, self.status_appended_at, self.status_partition, self.status_offset);
        let ((Some(at), Some(appended_at), Some(partition), Some(offset)), Some(event)) =
            (told, self.status_event)
        else {
            return Err(broken("a status without its record"));
        };
        let value = StatusView {
            status: ConnectorStatus::parse(&status).ok_or_else(|| broken(format!("status {status}")))?,
            error_code: self.error_code,
            info: self.info,
            vendor_error_code: self.vendor_error_code,
        };
        let newest =
            Report { stamp: Stamp { at, appended_at, partition, offset }, event: EventKey(event), value };
        let rivals = self.status_rivals.map(serde_json::from_value).transpose().map_err(broken)?;
        Ok(Some(Latest::restore(newest, rivals.unwrap_or_default())))
    }
}

/// Connectors column by column.
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
        let rivals = connector.status.as_ref().map(Latest::rivals).filter(|rivals| !rivals.is_empty());
        self.status_rivals.push(rivals.map(serde_json::to_value).transpose().map_err(broken)?);
        self.power_w.push(connector.power_w.map(|power| power.value));
        self.power_at.push(connector.power_w.map(|power| power.at));
        self.energy_wh.push(connector.energy_wh.map(|energy| energy.value));
        self.energy_at.push(connector.energy_wh.map(|energy| energy.at));
        self.soc_percent.push(connector.soc_percent.map(|soc| soc.value));
        self.soc_at.push(connector.soc_percent.map(|soc| soc.at));
        Ok(())
    }
}

/// Writes connectors, in the order given; their charge points' rows are locked.
///
/// # Errors
/// When Postgres fails.
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
    diesel::sql_query(
        "insert into connectors
           (charge_point_id, connector_id, status, error_code, info, vendor_error_code, status_at,
            status_appended_at, status_partition, status_offset, status_event, status_rivals, power_w, power_at,
            energy_wh, energy_at, soc_percent, soc_at)
         select * from
           unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         on conflict (charge_point_id, connector_id) do update set
           status = excluded.status, error_code = excluded.error_code, info = excluded.info,
           vendor_error_code = excluded.vendor_error_code, status_at = excluded.status_at,
           status_appended_at = excluded.status_appended_at, status_partition = excluded.status_partition,
           status_offset = excluded.status_offset, status_event = excluded.status_event,
           status_rivals = excluded.status_rivals, power_w = excluded.power_w, power_at = excluded.power_at,
           energy_wh = excluded.energy_wh, energy_at = excluded.energy_at,
           soc_percent = excluded.soc_percent, soc_at = excluded.soc_at",
    )
    .bind::<Array<Text>, _>(columns.charge_point_id)
    .bind::<Array<Int2>, _>(columns.connector_id)
    .bind::<Array<Nullable<Text>>, _>(columns.status)
    .bind::<Array<Nullable<Text>>, _>(columns.error_code)
    .bind::<Array<Nullable<Text>>, _>(columns.info)
    .bind::<Array<Nullable<Text>>, _>(columns.vendor_error_code)
    .bind::<Array<Nullable<Timestamptz>>, _>(columns.status_at)
    .bind::<Array<Nullable<Timestamptz>>, _>(columns.status_appended_at)
    .bind::<Array<Nullable<Int4>>, _>(columns.status_partition)
    .bind::<Array<Nullable<Int8>>, _>(columns.status_offset)
    .bind::<Array<Nullable<Int8>>, _>(columns.status_event)
    .bind::<Array<Nullable<Jsonb>>, _>(columns.status_rivals)
    .bind::<Array<Nullable<Float8>>, _>(columns.power_w)
    .bind::<Array<Nullable<Timestamptz>>, _>(columns.power_at)
    .bind::<Array<Nullable<Float8>>, _>(columns.energy_wh)
    .bind::<Array<Nullable<Timestamptz>>, _>(columns.energy_at)
    .bind::<Array<Nullable<Float8>>, _>(columns.soc_percent)
    .bind::<Array<Nullable<Timestamptz>>, _>(columns.soc_at)
    .execute(tx)
    .await?;
    Ok(())
}
