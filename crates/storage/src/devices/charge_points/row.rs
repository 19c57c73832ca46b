//! The row of a charge point, and rows as columns for a bulk write.

use crate::StorageError;
use crate::database::bulk::{self, Lookup, Rows};
use crate::schema::charge_points;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Int4, Int8, Jsonb, Nullable, Text, Timestamptz};
use domain::commands::pending::Awaited;
use domain::devices::boot_probe::{BootAnswer, BootProbe};
use domain::devices::charge_point::ChargePoint;
use domain::devices::connector::Connector;
use domain::devices::liveness::Doubt;
use domain::devices::liveness::{Disconnection, Liveness};
use domain::devices::presence::Confidence;
use domain::event::BootReport;
use domain::ids::{ChargePointId, ConnectorId, EventKey, GatewayId};
use domain::latest::Report;
use domain::measure::Dated;
use domain::order::Stamp;
use domain::sessions::ledger::Ledger;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Queryable, Selectable)]
#[diesel(table_name = charge_points, check_for_backend(Pg))]
pub(super) struct ChargePointRow {
    pub charge_point_id: String,
    last_seen_at: DateTime<Utc>,
    last_heartbeat_at: Option<DateTime<Utc>>,
    gateway_id: Option<String>,
    seen_at: Option<DateTime<Utc>>,
    seen_appended_at: Option<DateTime<Utc>>,
    seen_partition: Option<i32>,
    seen_offset: Option<i64>,
    seen_event: Option<i64>,
    model: Option<String>,
    vendor: Option<String>,
    firmware_version: Option<String>,
    serial_number: Option<String>,
    booted_at: Option<DateTime<Utc>>,
    memory: Option<serde_json::Value>,
    pub ledger_until: Option<DateTime<Utc>>,
    written_at: Option<DateTime<Utc>>,
}

/// The part of the fold's state that has no columns; empty for most devices, and then stored as
/// null.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Memory {
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<Stamp>,
    #[serde(rename = "goodbyes", skip_serializing_if = "Vec::is_empty")]
    disconnections: Vec<Disconnection>,
    #[serde(rename = "clockless", skip_serializing_if = "Vec::is_empty")]
    implausible_clock: Vec<EventKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<Doubt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    boot_answer: Option<BootAnswer>,
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("charge_points", what)
}

impl ChargePointRow {
    pub(super) fn into_state(
        self,
        connectors: BTreeMap<ConnectorId, Connector>,
        ledger: Ledger,
        commands: Awaited,
    ) -> Result<ChargePoint, StorageError> {
        let memory: Memory =
            self.memory.clone().map(serde_json::from_value).transpose().map_err(broken)?.unwrap_or_default();
        Ok(ChargePoint {
            id: ChargePointId::parse(&self.charge_point_id).map_err(broken)?,
            liveness: Liveness {
                seen: self.seen()?,
                holder: memory.holder,
                disconnections: memory.disconnections,
                doubt: memory.doubt,
                written_at: self.written_at,
                last_seen_at: self.last_seen_at,
                last_heartbeat_at: self.last_heartbeat_at,
            },
            boot: self.booted_at.map(|at| Dated {
                at,
                value: BootReport {
                    model: self.model,
                    vendor: self.vendor,
                    firmware_version: self.firmware_version,
                    serial_number: self.serial_number,
                },
            }),
            connectors,
            ledger,
            ledger_until: self.ledger_until,
            commands,
            boot_probe: BootProbe { asked_at: None, answer: memory.boot_answer },
            implausible_clock: memory.implausible_clock,
        })
    }

    fn seen(&self) -> Result<Option<Report<Option<GatewayId>>>, StorageError> {
        let Some(at) = self.seen_at else { return Ok(None) };
        let record = (self.seen_appended_at, self.seen_partition, self.seen_offset, self.seen_event);
        let (Some(appended_at), Some(partition), Some(offset), Some(event)) = record else {
            return Err(broken("seen_at without its record"));
        };
        let gateway = self.gateway_id.as_deref().map(GatewayId::parse).transpose().map_err(broken)?;
        let stamp = Stamp { at, appended_at, partition, offset };
        Ok(Some(Report { stamp, event: EventKey(event), value: gateway }))
    }
}

/// Selects the rows of some charge points, locked in key order.
pub(super) struct Locked<'a> {
    pub ids: Vec<&'a str>,
}

impl Rows for Locked<'_> {
    type Statement = Locked<'static>;
    const SQL: &'static str = "select
           charge_point_id, last_seen_at, last_heartbeat_at, gateway_id, seen_at, seen_appended_at,
           seen_partition, seen_offset, seen_event, model, vendor, firmware_version, serial_number, booted_at,
           memory, ledger_until, written_at
         from unnest($1::text[]) as wanted (id)
         join charge_points on charge_point_id = id
         order by charge_point_id for update of charge_points";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.ids)
    }
}

impl Lookup for Locked<'_> {
    type Answer = <<ChargePointRow as Selectable<Pg>>::SelectExpression as Expression>::SqlType;
}

/// Charge points as columns.
#[derive(Default)]
pub(super) struct Columns<'a> {
    pub id: Vec<&'a str>,
    pub online: Vec<bool>,
    pub last_seen_at: Vec<DateTime<Utc>>,
    pub last_heartbeat_at: Vec<Option<DateTime<Utc>>>,
    pub gateway_id: Vec<Option<&'a str>>,
    pub seen_at: Vec<Option<DateTime<Utc>>>,
    pub seen_appended_at: Vec<Option<DateTime<Utc>>>,
    pub seen_partition: Vec<Option<i32>>,
    pub seen_offset: Vec<Option<i64>>,
    pub seen_event: Vec<Option<i64>>,
    pub model: Vec<Option<&'a str>>,
    pub vendor: Vec<Option<&'a str>>,
    pub firmware_version: Vec<Option<&'a str>>,
    pub serial_number: Vec<Option<&'a str>>,
    pub booted_at: Vec<Option<DateTime<Utc>>>,
    pub memory: Vec<Option<serde_json::Value>>,
    pub ledger_until: Vec<Option<DateTime<Utc>>>,
    pub confidence: Vec<Option<&'static str>>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(states: &[&'a ChargePoint]) -> Result<Self, StorageError> {
        let mut columns = Self::default();
        for state in states {
            columns.push(state)?;
        }
        Ok(columns)
    }

    fn push(&mut self, state: &'a ChargePoint) -> Result<(), StorageError> {
        self.id.push(state.id.as_str());
        self.online.push(state.liveness.online());
        self.last_seen_at.push(state.liveness.last_seen_at);
        self.last_heartbeat_at.push(state.liveness.last_heartbeat_at);
        self.gateway_id.push(state.liveness.gateway().map(GatewayId::as_str));
        let seen = state.liveness.seen.as_ref();
        self.seen_at.push(seen.map(|seen| seen.stamp.at));
        self.seen_appended_at.push(seen.map(|seen| seen.stamp.appended_at));
        self.seen_partition.push(seen.map(|seen| seen.stamp.partition));
        self.seen_offset.push(seen.map(|seen| seen.stamp.offset));
        self.seen_event.push(seen.map(|seen| seen.event.0));
        let boot = state.boot.as_ref();
        self.model.push(boot.and_then(|boot| boot.value.model.as_deref()));
        self.vendor.push(boot.and_then(|boot| boot.value.vendor.as_deref()));
        self.firmware_version.push(boot.and_then(|boot| boot.value.firmware_version.as_deref()));
        self.serial_number.push(boot.and_then(|boot| boot.value.serial_number.as_deref()));
        self.booted_at.push(boot.map(|boot| boot.at));
        self.memory.push(memory_of(state)?);
        self.ledger_until.push(state.ledger_until);
        let confidence = state.liveness.confidence();
        self.confidence.push((confidence != Confidence::Live).then(|| confidence.as_str()));
        Ok(())
    }
}

impl Rows for Columns<'_> {
    type Statement = Columns<'static>;
    const SQL: &'static str = "update charge_points set
           online = new.online, last_seen_at = new.last_seen_at, last_heartbeat_at = new.last_heartbeat_at,
           gateway_id = new.gateway_id, seen_at = new.seen_at, seen_appended_at = new.seen_appended_at,
           seen_partition = new.seen_partition, seen_offset = new.seen_offset, seen_event = new.seen_event,
           model = new.model, vendor = new.vendor, firmware_version = new.firmware_version,
           serial_number = new.serial_number, booted_at = new.booted_at, memory = new.memory,
           ledger_until = new.ledger_until, confidence = new.confidence,
           written_at = case
             when (charge_points.seen_appended_at, charge_points.seen_partition, charge_points.seen_offset)
               is distinct from (new.seen_appended_at, new.seen_partition, new.seen_offset)
             then statement_timestamp() else charge_points.written_at end
         from unnest($1::text[], $2::boolean[], $3::timestamptz[], $4::timestamptz[], $5::text[],
           $6::timestamptz[], $7::timestamptz[], $8::integer[], $9::bigint[], $10::bigint[],
           $11::text[], $12::text[], $13::text[], $14::text[], $15::timestamptz[],
           $16::jsonb[], $17::timestamptz[], $18::text[])
           as new (id, online, last_seen_at, last_heartbeat_at, gateway_id, seen_at, seen_appended_at,
                   seen_partition, seen_offset, seen_event, model, vendor, firmware_version, serial_number,
                   booted_at, memory, ledger_until, confidence)
         where charge_point_id = new.id";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.id)?;
        columns.push::<Bool, _>(&self.online)?;
        columns.push::<Timestamptz, _>(&self.last_seen_at)?;
        columns.push::<Nullable<Timestamptz>, _>(&self.last_heartbeat_at)?;
        columns.push::<Nullable<Text>, _>(&self.gateway_id)?;
        columns.push::<Nullable<Timestamptz>, _>(&self.seen_at)?;
        columns.push::<Nullable<Timestamptz>, _>(&self.seen_appended_at)?;
        columns.push::<Nullable<Int4>, _>(&self.seen_partition)?;
        columns.push::<Nullable<Int8>, _>(&self.seen_offset)?;
        columns.push::<Nullable<Int8>, _>(&self.seen_event)?;
        columns.push::<Nullable<Text>, _>(&self.model)?;
        columns.push::<Nullable<Text>, _>(&self.vendor)?;
        columns.push::<Nullable<Text>, _>(&self.firmware_version)?;
        columns.push::<Nullable<Text>, _>(&self.serial_number)?;
        columns.push::<Nullable<Timestamptz>, _>(&self.booted_at)?;
        columns.push::<Nullable<Jsonb>, _>(&self.memory)?;
        columns.push::<Nullable<Timestamptz>, _>(&self.ledger_until)?;
        columns.push::<Nullable<Text>, _>(&self.confidence)
    }
}

fn memory_of(state: &ChargePoint) -> Result<Option<serde_json::Value>, StorageError> {
    let memory = Memory {
        holder: state.liveness.holder,
        disconnections: state.liveness.disconnections.clone(),
        implausible_clock: state.implausible_clock.clone(),
        doubt: state.liveness.doubt.clone(),
        boot_answer: state.boot_probe.answer.clone(),
    };
    let lists = memory.disconnections.is_empty() && memory.implausible_clock.is_empty();
    if lists && memory.holder.is_none() && memory.doubt.is_none() && memory.boot_answer.is_none() {
        return Ok(None);
    }
    serde_json::to_value(memory).map(Some).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_the_memory_under_the_keys_of_the_previous_release() {
        let stamp = serde_json::json!({
            "at": "2026-11-28T12:22:19Z", "appended_at": "2026-11-28T12:22:20Z", "partition": 1, "offset": 7,
        });
        let lost =
            |cause: &str| serde_json::json!({ "stamp": stamp, "event": 1, "gateway": "g-1", "cause": cause });
        let stored = serde_json::json!({
            "holder": stamp,
            "goodbyes": [lost("told"), lost("unanswered"), lost("unasked")],
            "clockless": [8],
        });
        let memory: Memory = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!((memory.disconnections.len(), memory.implausible_clock.len()), (3, 1));
        assert_eq!(serde_json::to_value(memory).unwrap(), stored);
    }
}
