//! The row of an issue.

use super::{IssueRecord, broken};
use crate::StorageError;
use crate::schema::issues;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use domain::ids::{ChargePointId, ConnectorId, GatewayId, IssueId, PileId, StationId};
use domain::issues::{Cause, Fact, Severity};
use serde_json::Value;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = issues, check_for_backend(Pg))]
pub(super) struct Row {
    id: Uuid,
    cause: String,
    severity: String,
    gateway_id: Option<String>,
    station_id: Option<Uuid>,
    pile_id: Option<Uuid>,
    charge_point_id: Option<String>,
    connector_id: Option<i32>,
    operator_id: Option<String>,
    opened_at: DateTime<Utc>,
    fact: Value,
    recurrences: i32,
    version: i64,
    changed_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    proof: Option<Value>,
    acknowledged_at: Option<DateTime<Utc>>,
    acknowledged_by: Option<String>,
    assignee: Option<String>,
    muted_until: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for IssueRecord {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let fact = |value: Value| serde_json::from_value::<Fact>(value).map_err(broken);
        let connector = row.connector_id.map(|number| ConnectorId::parse(number.into())).transpose();
        Ok(Self {
            id: IssueId(row.id),
            cause: Cause::parse(&row.cause).ok_or_else(|| broken(&row.cause))?,
            severity: Severity::parse(&row.severity).ok_or_else(|| broken(&row.severity))?,
            gateway_id: row.gateway_id.as_deref().map(GatewayId::parse).transpose().map_err(broken)?,
            station_id: row.station_id.map(StationId),
            pile_id: row.pile_id.map(PileId),
            charge_point_id: row
                .charge_point_id
                .as_deref()
                .map(ChargePointId::parse)
                .transpose()
                .map_err(broken)?,
            connector_id: connector.map_err(broken)?,
            operator_id: row.operator_id,
            opened_at: row.opened_at,
            fact: fact(row.fact)?,
            recurrences: u32::try_from(row.recurrences).map_err(broken)?,
            version: row.version,
            changed_at: row.changed_at,
            closed: match row.closed_at.zip(row.proof) {
                Some((at, proof)) => Some((at, fact(proof)?)),
                None => None,
            },
            acknowledged: row.acknowledged_at.zip(row.acknowledged_by),
            assignee: row.assignee,
            muted_until: row.muted_until,
        })
    }
}
