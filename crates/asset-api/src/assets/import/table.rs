//! The kinds of rows that a file can contain: piles or stations.

use super::rows::{Cell, Columns};
use crate::assets::{piles, stations};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::uuid;
use domain::assets::OperatorBound;
use domain::ids::{ChargePointId, StationId};
use std::hash::Hash;
use storage::assets::import::Importable;

/// An entry that is read from a row.
pub trait Table: Importable + 'static {
    /// The name of the kind in the log.
    const NAME: &'static str;
    /// The columns that a CSV file may have.
    const COLUMNS: &'static Columns;
    /// The field that identifies the entry; it must be unique within a file.
    const KEY: &'static str;
    /// The value of that field.
    type Key: Hash + Eq + Send;

    /// Reads the row that begins in `line`, as a caller with `bound` may write it.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] with all faults of the row.
    fn read(line: u64, fields: Fields, bound: &OperatorBound) -> Result<Self, ApiError>;

    /// The value that identifies the entry; `None` when the row always creates a new asset.
    fn key(&self) -> Option<Self::Key>;

    /// The field to which a refusal applies.
    fn field(refusal: &Self::Refusal) -> &'static str;
}

impl Table for storage::assets::piles::Entry {
    const NAME: &'static str = "piles";
    const COLUMNS: &'static Columns = &[
        ("stationId", Cell::Text, true),
        ("chargePointId", Cell::Text, true),
        ("name", Cell::Text, false),
        ("model", Cell::Text, true),
        ("vendor", Cell::Text, false),
        ("serialNumber", Cell::Text, false),
        ("ratedPowerKw", Cell::Json, true),
        ("currentType", Cell::Text, false),
        ("connectors", Cell::Json, false),
    ];
    const KEY: &'static str = "chargePointId";
    type Key = ChargePointId;

    // Whether the caller may write to the station is known to the database.
    fn read(line: u64, mut fields: Fields, _bound: &OperatorBound) -> Result<Self, ApiError> {
        let station = fields.required("stationId", uuid);
        let details = piles::body::read(fields)?;
        // The fields were refused already if the station is missing.
        let station_id = StationId(station.ok_or_else(|| ApiError::Invalid(Vec::new()))?);
        Ok(Self { line, station_id, details })
    }

    fn key(&self) -> Option<ChargePointId> {
        Some(self.details.charge_point_id.clone())
    }

    fn field(refusal: &Self::Refusal) -> &'static str {
        match refusal {
            storage::assets::piles::EntryRefusal::Overtaken | storage::assets::piles::EntryRefusal::Taken => {
                Self::KEY
            }
            storage::assets::piles::EntryRefusal::StationNotFound
            | storage::assets::piles::EntryRefusal::OtherStation(_) => "stationId",
        }
    }
}

impl Table for storage::assets::stations::Entry {
    const NAME: &'static str = "stations";
    const COLUMNS: &'static Columns = &[
        ("id", Cell::Text, false),
        ("name", Cell::Text, true),
        ("address", Cell::Text, false),
        ("operatorId", Cell::Text, false),
        ("latitude", Cell::Json, false),
        ("longitude", Cell::Json, false),
        ("status", Cell::Text, false),
        ("openingHours", Cell::Json, false),
        ("facilities", Cell::Json, false),
        ("startableStatuses", Cell::Json, false),
    ];
    const KEY: &'static str = "id";
    type Key = StationId;

    fn read(line: u64, mut fields: Fields, bound: &OperatorBound) -> Result<Self, ApiError> {
        let id = fields.optional("id", uuid).map(StationId);
        Ok(Self { line, id, details: stations::body::read(fields, bound)? })
    }

    fn key(&self) -> Option<StationId> {
        self.id
    }

    fn field(_refusal: &Self::Refusal) -> &'static str {
        Self::KEY
    }
}
