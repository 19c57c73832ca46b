//! The row of a station.

use crate::StorageError;
use crate::schema::stations;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use domain::assets::{
    Facility, Location, Revision, StartableStatuses, Station, StationDetails, StationStatus,
};
use domain::ids::StationId;
use domain::status::ConnectorStatus;
use domain::text::Label;
use serde_json::Value;
use uuid::Uuid;

#[derive(Queryable, QueryableByName, Selectable)]
#[diesel(table_name = stations, check_for_backend(Pg))]
pub(super) struct Row {
    id: Uuid,
    name: String,
    address: Option<String>,
    operator_id: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    status: String,
    opening_hours: Option<Value>,
    facilities: Vec<String>,
    startable_statuses: Option<Vec<String>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
    retired_at: Option<DateTime<Utc>>,
}

/// The columns that an operator edits; an absent value is written as null.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = stations, treat_none_as_null = true)]
pub(super) struct DetailColumns<'a> {
    name: &'a str,
    address: Option<&'a str>,
    operator_id: Option<&'a str>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    status: &'static str,
    opening_hours: Option<Value>,
    facilities: Vec<&'static str>,
    startable_statuses: Option<Vec<&'static str>>,
}

impl<'a> TryFrom<&'a StationDetails> for DetailColumns<'a> {
    type Error = StorageError;

    fn try_from(details: &'a StationDetails) -> Result<Self, StorageError> {
        let opening_hours = details.opening_hours.as_ref().map(serde_json::to_value).transpose();
        Ok(Self {
            name: details.name.as_str(),
            address: details.address.as_ref().map(Label::as_str),
            operator_id: details.operator_id.as_ref().map(Label::as_str),
            latitude: details.location.map(Location::latitude),
            longitude: details.location.map(Location::longitude),
            status: details.status.as_str(),
            opening_hours: opening_hours.map_err(broken)?,
            facilities: details.facilities.iter().map(|facility| facility.as_str()).collect(),
            startable_statuses: details.startable_statuses.as_ref().map(startable_words),
        })
    }
}

/// The statuses in the form of the column.
pub(super) fn startable_words(statuses: &StartableStatuses) -> Vec<&'static str> {
    statuses.as_slice().iter().map(|status| status.as_str()).collect()
}

/// Parses the statuses of a column.
///
/// # Errors
/// If a word is unknown, or names a status in which no charge can start.
pub(crate) fn parse_startable(statuses: &[String]) -> Result<StartableStatuses, StorageError> {
    let status =
        |word: &String| ConnectorStatus::parse(word).ok_or_else(|| broken(format!("status {word:?}")));
    StartableStatuses::parse(statuses.iter().map(status).collect::<Result<_, _>>()?).map_err(broken)
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("stations", what)
}

impl TryFrom<Row> for Station {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let label = |text: Option<String>| text.as_deref().map(Label::parse).transpose().map_err(broken);
        let status = StationStatus::ALL.into_iter().find(|status| status.as_str() == row.status);
        let location = row.latitude.zip(row.longitude);
        let facility =
            |name: &String| Facility::parse(name).ok_or_else(|| broken(format!("facility {name}")));
        Ok(Self {
            id: StationId(row.id),
            details: StationDetails {
                name: Label::parse(&row.name).map_err(broken)?,
                address: label(row.address)?,
                operator_id: label(row.operator_id)?,
                location: location.map(|(lat, lon)| Location::parse(lat, lon)).transpose().map_err(broken)?,
                status: status.ok_or_else(|| broken(format!("status {}", row.status)))?,
                opening_hours: row.opening_hours.map(serde_json::from_value).transpose().map_err(broken)?,
                facilities: row.facilities.iter().map(facility).collect::<Result<_, _>>()?,
                startable_statuses: row.startable_statuses.as_deref().map(parse_startable).transpose()?,
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
