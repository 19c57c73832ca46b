//! Many stations as columns of one statement.

use crate::StorageError;
use crate::assets::stations::row::startable_words;
use crate::database::bulk::{self, Rows};
use chrono::{DateTime, Utc};
use diesel::result::QueryResult;
use diesel::sql_types::{Float8, Int8, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::assets::{Facility, Location, Station};
use domain::text::Label;
use serde_json::Value;
use uuid::Uuid;

/// The details and revisions of stations, as columns.
#[derive(Default)]
struct DetailArrays<'a> {
    id: Vec<Uuid>,
    name: Vec<&'a str>,
    address: Vec<Option<&'a str>>,
    operator_id: Vec<Option<&'a str>>,
    latitude: Vec<Option<f64>>,
    longitude: Vec<Option<f64>>,
    status: Vec<&'static str>,
    opening_hours: Vec<Option<Value>>,
    /// Comma-separated, because `unnest` would flatten an array of arrays.
    facilities: Vec<String>,
    /// Comma-separated, like the facilities.
    startable_statuses: Vec<Option<String>>,
    updated_at: Vec<DateTime<Utc>>,
    version: Vec<i64>,
}

impl<'a> DetailArrays<'a> {
    fn of(stations: &'a [Station]) -> Result<Self, StorageError> {
        let mut columns = Self::default();
        for station in stations {
            columns.push(station)?;
        }
        Ok(columns)
    }

    fn push(&mut self, station: &'a Station) -> Result<(), StorageError> {
        let details = &station.details;
        let opening_hours = details.opening_hours.as_ref().map(serde_json::to_value).transpose();
        self.opening_hours
            .push(opening_hours.map_err(|error| StorageError::inconsistent("stations", error))?);
        self.id.push(station.id.0);
        self.name.push(details.name.as_str());
        self.address.push(details.address.as_ref().map(Label::as_str));
        self.operator_id.push(details.operator_id.as_ref().map(Label::as_str));
        self.latitude.push(details.location.map(Location::latitude));
        self.longitude.push(details.location.map(Location::longitude));
        self.status.push(details.status.as_str());
        let facilities: Vec<_> = details.facilities.iter().copied().map(Facility::as_str).collect();
        self.facilities.push(facilities.join(","));
        let startable = details.startable_statuses.as_ref().map(startable_words);
        self.startable_statuses.push(startable.map(|statuses| statuses.join(",")));
        self.updated_at.push(station.revision.updated_at);
        self.version.push(station.revision.version);
        Ok(())
    }

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<SqlUuid, _>(&self.id)?;
        columns.push::<Text, _>(&self.name)?;
        columns.push::<Nullable<Text>, _>(&self.address)?;
        columns.push::<Nullable<Text>, _>(&self.operator_id)?;
        columns.push::<Nullable<Float8>, _>(&self.latitude)?;
        columns.push::<Nullable<Float8>, _>(&self.longitude)?;
        columns.push::<Text, _>(&self.status)?;
        columns.push::<Nullable<Jsonb>, _>(&self.opening_hours)?;
        columns.push::<Text, _>(&self.facilities)?;
        columns.push::<Nullable<Text>, _>(&self.startable_statuses)?;
        columns.push::<Timestamptz, _>(&self.updated_at)?;
        columns.push::<Int8, _>(&self.version)
    }
}

/// Stations to insert.
pub(super) struct Made<'a>(DetailArrays<'a>);

impl<'a> Made<'a> {
    pub(super) fn of(stations: &'a [Station]) -> Result<Self, StorageError> {
        DetailArrays::of(stations).map(Self)
    }
}

impl Rows for Made<'_> {
    type Statement = Made<'static>;
    const SQL: &'static str = "insert into stations
           (id, name, address, operator_id, latitude, longitude, status, opening_hours, facilities, startable_statuses,
            created_at, updated_at, version)
         select id, name, address, operator_id, latitude, longitude, status, opening_hours,
                string_to_array(facilities, ','), string_to_array(startable_statuses, ','), at, at, version
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::double precision[],
           $6::double precision[], $7::text[], $8::jsonb[], $9::text[], $10::text[],
           $11::timestamptz[], $12::bigint[]) as new
           (id, name, address, operator_id, latitude, longitude, status, opening_hours, facilities, startable_statuses, at,
            version)";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        self.0.columns(columns)
    }
}

/// Locked stations with their new details.
pub(super) struct Replaced<'a>(DetailArrays<'a>);

impl<'a> Replaced<'a> {
    pub(super) fn of(stations: &'a [Station]) -> Result<Self, StorageError> {
        DetailArrays::of(stations).map(Self)
    }
}

impl Rows for Replaced<'_> {
    type Statement = Replaced<'static>;
    const SQL: &'static str = "update stations set
           name = new.name, address = new.address, operator_id = new.operator_id, latitude = new.latitude,
           longitude = new.longitude, status = new.status, opening_hours = new.opening_hours,
           facilities = string_to_array(new.facilities, ','),
           startable_statuses = string_to_array(new.startable_statuses, ','), updated_at = new.at, version = new.version
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::double precision[],
           $6::double precision[], $7::text[], $8::jsonb[], $9::text[], $10::text[],
           $11::timestamptz[], $12::bigint[]) as new
           (id, name, address, operator_id, latitude, longitude, status, opening_hours, facilities, startable_statuses, at,
            version)
         where stations.id = new.id";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        self.0.columns(columns)
    }
}
