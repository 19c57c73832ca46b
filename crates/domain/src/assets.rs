//! Stations and piles as assets: what an operator registers and edits.

pub(crate) mod connector_spec;
mod facility;
mod location;
mod opening_hours;
mod power;
mod startable;

pub use connector_spec::{ConnectorType, InvalidOutlets, Outlet, Outlets};
pub use facility::Facility;
pub use location::{InvalidLocation, Location, chord};
pub use opening_hours::{InvalidOpeningHours, OpenPeriod, OpeningHours};
pub use power::{InvalidRatedPower, RatedPower};
pub use startable::{InvalidStartableStatuses, StartableStatuses};

use crate::ids::{Actor, ChargePointId, PileId, StationId};
use crate::text::Label;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A place where vehicles are charged.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// Its id.
    pub id: StationId,
    /// What the operator says of it.
    pub details: StationDetails,
    /// When and how often it was edited.
    pub edition: Edition,
}

/// What an operator says of a station. As JSON it has the fields of the API.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = false, "dependentRequired" = { "latitude": ["longitude"], "longitude": ["latitude"] }))]
pub struct StationDetails {
    /// Name.
    pub name: Label,
    /// Postal address.
    pub address: Option<Label>,
    /// The operator that runs it.
    pub operator_id: Option<Label>,
    /// Where it is.
    #[serde(flatten)]
    pub location: Option<Location>,
    /// Whether it is open for business.
    #[schemars(with = "Option<StationStatus>")]
    pub status: StationStatus,
    /// When drivers may come, while it is open for business; `None` when that was not said.
    pub opening_hours: Option<OpeningHours>,
    /// What is there for drivers beside piles.
    #[schemars(with = "Option<Vec<Facility>>")]
    pub facilities: BTreeSet<Facility>,
    /// The connector statuses in which a start may be sent here; null: the setting `dispatch.startable_statuses` applies.
    pub startable_statuses: Option<StartableStatuses>,
}

/// Whether a station is open for business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum StationStatus {
    /// Being built or not yet opened.
    Planned,
    /// Open.
    #[default]
    Open,
    /// Closed for a while.
    Closed,
}

impl StationStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Planned, Self::Open, Self::Closed];

    /// The word for it in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "Planned",
            Self::Open => "Open",
            Self::Closed => "Closed",
        }
    }
}

/// A pile (桩) as an asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Pile {
    /// Its id.
    pub id: PileId,
    /// The station that it stands in.
    pub station_id: StationId,
    /// What the operator says of it.
    pub details: PileDetails,
    /// When and how often it was edited.
    pub edition: Edition,
}

/// What an operator says of a pile. As JSON it has the fields of the API.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = false))]
pub struct PileDetails {
    /// The device in it; no two piles have the same.
    pub charge_point_id: ChargePointId,
    /// Name on site.
    pub name: Option<Label>,
    /// Model.
    pub model: Label,
    /// Vendor.
    pub vendor: Option<Label>,
    /// Serial number on the plate.
    pub serial_number: Option<Label>,
    /// Rated power, in kW.
    pub rated_power_kw: RatedPower,
    /// Alternating or direct current; null when it is not stated.
    pub current_type: Option<CurrentType>,
    /// The connectors that it has; empty when that was not said.
    #[schemars(with = "Option<Outlets>")]
    pub connectors: Outlets,
}

/// Alternating or direct current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CurrentType {
    /// Alternating current.
    #[serde(rename = "AC")]
    Ac,
    /// Direct current.
    #[serde(rename = "DC")]
    Dc,
}

impl CurrentType {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Ac, Self::Dc];

    /// The word for it in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ac => "AC",
            Self::Dc => "DC",
        }
    }
}

/// When an asset was made, last edited, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edition {
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last edited.
    pub updated_at: DateTime<Utc>,
    /// 1 when created, one more at each edit.
    pub version: i64,
    /// When it was retired; `None` while it is in sight.
    pub retired_at: Option<DateTime<Utc>>,
}

/// When and by whom an asset is edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// When. Microseconds.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Actor,
}
