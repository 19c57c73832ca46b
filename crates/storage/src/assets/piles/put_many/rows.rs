//! Many piles as columns of one statement.

use crate::StorageError;
use crate::assets::piles::current_type;
use crate::database::bulk::{self, Lookup, Rows};
use chrono::{DateTime, Utc};
use diesel::result::QueryResult;
use diesel::sql_types::{Float8, Int8, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::assets::Pile;
use domain::text::Label;
use serde_json::Value;
use uuid::Uuid;

/// The details and revisions of piles, as columns.
#[derive(Default)]
struct DetailArrays<'a> {
    id: Vec<Uuid>,
    charge_point_id: Vec<&'a str>,
    name: Vec<Option<&'a str>>,
    model: Vec<&'a str>,
    vendor: Vec<Option<&'a str>>,
    serial_number: Vec<Option<&'a str>>,
    rated_power_kw: Vec<f64>,
    current_type: Vec<&'static str>,
    placeholder_current_type: Vec<Option<&'static str>>,
    connectors: Vec<Value>,
    updated_at: Vec<DateTime<Utc>>,
    version: Vec<i64>,
}

impl<'a> DetailArrays<'a> {
    fn of(piles: &'a [Pile]) -> Result<Self, StorageError> {
        let mut columns = Self::default();
        for pile in piles {
            columns.push(pile)?;
        }
        Ok(columns)
    }

    fn push(&mut self, pile: &'a Pile) -> Result<(), StorageError> {
        let details = &pile.details;
        let connectors = serde_json::to_value(&details.connectors);
        self.connectors.push(connectors.map_err(|error| StorageError::inconsistent("piles", error))?);
        self.id.push(pile.id.0);
        self.charge_point_id.push(details.charge_point_id.as_str());
        self.name.push(details.name.as_ref().map(Label::as_str));
        self.model.push(details.model.as_str());
        self.vendor.push(details.vendor.as_ref().map(Label::as_str));
        self.serial_number.push(details.serial_number.as_ref().map(Label::as_str));
        self.rated_power_kw.push(details.rated_power_kw.kw());
        let (current_type, placeholder) = current_type::to_columns(details);
        self.current_type.push(current_type);
        self.placeholder_current_type.push(placeholder);
        self.updated_at.push(pile.revision.updated_at);
        self.version.push(pile.revision.version);
        Ok(())
    }

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<SqlUuid, _>(&self.id)?;
        columns.push::<Text, _>(&self.charge_point_id)?;
        columns.push::<Nullable<Text>, _>(&self.name)?;
        columns.push::<Text, _>(&self.model)?;
        columns.push::<Nullable<Text>, _>(&self.vendor)?;
        columns.push::<Nullable<Text>, _>(&self.serial_number)?;
        columns.push::<Float8, _>(&self.rated_power_kw)?;
        columns.push::<Text, _>(&self.current_type)?;
        columns.push::<Nullable<Text>, _>(&self.placeholder_current_type)?;
        columns.push::<Jsonb, _>(&self.connectors)?;
        columns.push::<Timestamptz, _>(&self.updated_at)?;
        columns.push::<Int8, _>(&self.version)
    }
}

/// Piles to insert, unless their device already has a pile; returns the ids of the inserted ones.
pub(super) struct Made<'a> {
    details: DetailArrays<'a>,
    station_id: Vec<Uuid>,
}

impl<'a> Made<'a> {
    pub(super) fn of(piles: &'a [Pile]) -> Result<Self, StorageError> {
        let station_id = piles.iter().map(|pile| pile.station_id.0).collect();
        Ok(Self { details: DetailArrays::of(piles)?, station_id })
    }
}

impl Rows for Made<'_> {
    type Statement = Made<'static>;
    const SQL: &'static str = "insert into piles
           (id, charge_point_id, name, model, vendor, serial_number, rated_power_kw, current_type, placeholder_current_type,
            connectors, created_at, updated_at, version, station_id)
         select id, charge_point_id, name, model, vendor, serial_number, rated_power_kw, current_type, placeholder_current_type,
                connectors, at, at, version, station_id
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
           $7::double precision[], $8::text[], $9::text[], $10::jsonb[], $11::timestamptz[],
           $12::bigint[], $13::uuid[]) as new
           (id, charge_point_id, name, model, vendor, serial_number, rated_power_kw, current_type, placeholder_current_type,
            connectors, at, version, station_id)
         order by charge_point_id
         on conflict (charge_point_id) where retired_at is null do nothing
         returning id";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        self.details.columns(columns)?;
        columns.push::<SqlUuid, _>(&self.station_id)
    }
}

impl Lookup for Made<'_> {
    type Answer = SqlUuid;
}

/// Locked piles with their new details.
pub(super) struct Replaced<'a>(DetailArrays<'a>);

impl<'a> Replaced<'a> {
    pub(super) fn of(piles: &'a [Pile]) -> Result<Self, StorageError> {
        DetailArrays::of(piles).map(Self)
    }
}

impl Rows for Replaced<'_> {
    type Statement = Replaced<'static>;
    const SQL: &'static str = "update piles set
           name = new.name, model = new.model, vendor = new.vendor, serial_number = new.serial_number,
           rated_power_kw = new.rated_power_kw, current_type = new.current_type,
           placeholder_current_type = new.placeholder_current_type, connectors = new.connectors,
           updated_at = new.at, version = new.version
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
           $7::double precision[], $8::text[], $9::text[], $10::jsonb[], $11::timestamptz[],
           $12::bigint[]) as new
           (id, charge_point_id, name, model, vendor, serial_number, rated_power_kw, current_type, placeholder_current_type,
            connectors, at, version)
         where piles.id = new.id";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        self.0.columns(columns)
    }
}
