//! The row of a pile.

use super::current_type;
use crate::StorageError;
use crate::schema::piles;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use domain::assets::{Pile, PileDetails, RatedPower, Revision};
use domain::ids::{ChargePointId, PileId, StationId};
use domain::text::Label;
use serde_json::Value;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = piles, check_for_backend(Pg))]
pub(super) struct Row {
    id: Uuid,
    station_id: Uuid,
    charge_point_id: String,
    name: Option<String>,
    model: String,
    vendor: Option<String>,
    serial_number: Option<String>,
    rated_power_kw: f64,
    current_type: Option<String>,
    placeholder_current_type: Option<String>,
    connectors: Value,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
    retired_at: Option<DateTime<Utc>>,
}

/// The columns that an operator edits; an absent value is written as null.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = piles, treat_none_as_null = true)]
pub(super) struct DetailColumns<'a> {
    charge_point_id: &'a str,
    name: Option<&'a str>,
    model: &'a str,
    vendor: Option<&'a str>,
    serial_number: Option<&'a str>,
    rated_power_kw: f64,
    current_type: &'static str,
    placeholder_current_type: Option<&'static str>,
    connectors: Value,
}

impl<'a> TryFrom<&'a PileDetails> for DetailColumns<'a> {
    type Error = StorageError;

    fn try_from(details: &'a PileDetails) -> Result<Self, StorageError> {
        let (current_type, placeholder_current_type) = current_type::to_columns(details);
        Ok(Self {
            charge_point_id: details.charge_point_id.as_str(),
            name: details.name.as_ref().map(Label::as_str),
            model: details.model.as_str(),
            vendor: details.vendor.as_ref().map(Label::as_str),
            serial_number: details.serial_number.as_ref().map(Label::as_str),
            rated_power_kw: details.rated_power_kw.kw(),
            current_type,
            placeholder_current_type,
            connectors: serde_json::to_value(&details.connectors).map_err(broken)?,
        })
    }
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("piles", what)
}

impl TryFrom<Row> for Pile {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let label = |text: Option<String>| text.as_deref().map(Label::parse).transpose().map_err(broken);
        let placeholder = row.placeholder_current_type.as_deref();
        let current_type = current_type::from_columns(row.current_type.as_deref(), placeholder)?;
        Ok(Self {
            id: PileId(row.id),
            station_id: StationId(row.station_id),
            details: PileDetails {
                charge_point_id: ChargePointId::parse(&row.charge_point_id).map_err(broken)?,
                name: label(row.name)?,
                model: Label::parse(&row.model).map_err(broken)?,
                vendor: label(row.vendor)?,
                serial_number: label(row.serial_number)?,
                rated_power_kw: RatedPower::parse(row.rated_power_kw).map_err(broken)?,
                current_type,
                connectors: serde_json::from_value(row.connectors).map_err(broken)?,
            },
            revision: Revision {
                created_at: row.created_at,
                updated_at: row.updated_at,
                version: row.version,
                retired_at: row.retired_at,
            },
        })
    }
}
