//! Stations and piles as assets, which operators register and edit.

pub(crate) mod connector_spec;
mod facility;
mod location;
mod opening_hours;
mod operator_bound;
mod placement;
mod power;
mod startable;

pub use connector_spec::{ConnectorType, InvalidOutlets, Outlet, Outlets};
pub use facility::Facility;
pub use location::{InvalidLocation, Location, chord, is_same_chord};
pub use opening_hours::{InvalidOpeningHours, OpenPeriod, OpeningHours};
pub use operator_bound::OperatorBound;
pub use placement::Placement;
pub use power::{InvalidRatedPower, RatedPower};
pub use startable::{InvalidStartableStatuses, StartableStatuses};

use crate::ids::{Actor, ChargePointId, PileId, StationId};
use crate::text::Label;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A site where vehicles are charged.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// The station id.
    pub id: StationId,
    /// The details that operators edit.
    pub details: StationDetails,
    /// Times and number of edits.
    pub revision: Revision,
}

/// The editable details of a station. As JSON it has the fields of the API.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = false, "dependentRequired" = { "latitude": ["longitude"], "longitude": ["latitude"] }))]
pub struct StationDetails {
    /// The name under which drivers and operators know the station.
    pub name: Label,
    /// Postal address.
    pub address: Option<Label>,
    /// The operator that runs the station.
    pub operator_id: Option<Label>,
    /// The coordinates; `None` if not stated.
    #[serde(flatten)]
    pub location: Option<Location>,
    /// Whether the station is open for business.
    #[schemars(with = "Option<StationStatus>")]
    pub status: StationStatus,
    /// When drivers may come while the station is open for business; `None` if not stated.
    pub opening_hours: Option<OpeningHours>,
    /// The facilities for drivers.
    #[schemars(with = "Option<Vec<Facility>>")]
    pub facilities: BTreeSet<Facility>,
    /// The connector statuses in which a start may be sent to this station; null if the setting
    /// `dispatch.startable_statuses` applies.
    pub startable_statuses: Option<StartableStatuses>,
}

/// Whether a station is open for business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum StationStatus {
    /// Under construction or not yet opened.
    Planned,
    /// Open.
    #[default]
    Open,
    /// Temporarily closed.
    Closed,
}

impl StationStatus {
    /// All statuses.
    pub const ALL: [Self; 3] = [Self::Planned, Self::Open, Self::Closed];

    /// The name in the API and in storage.
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
    /// The pile id.
    pub id: PileId,
    /// The station of the pile.
    pub station_id: StationId,
    /// The details that operators edit.
    pub details: PileDetails,
    /// Times and number of edits.
    pub revision: Revision,
}

/// The editable details of a pile. As JSON it has the fields of the API.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = false))]
pub struct PileDetails {
    /// The assigned device; no two piles have the same.
    pub charge_point_id: ChargePointId,
    /// The name on site.
    pub name: Option<Label>,
    /// The model that the vendor sells it as.
    pub model: Label,
    /// The company that made it; null if not stated.
    pub vendor: Option<Label>,
    /// The serial number on the plate.
    pub serial_number: Option<Label>,
    /// Rated power, in kW.
    pub rated_power_kw: RatedPower,
    /// Alternating or direct current; null if not stated.
    pub current_type: Option<CurrentType>,
    /// The connectors of the pile; empty if not stated.
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
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::Ac, Self::Dc];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ac => "AC",
            Self::Dc => "DC",
        }
    }
}

/// When an asset was created and last edited, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision {
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last edited.
    pub updated_at: DateTime<Utc>,
    /// 1 when created, one more with each edit.
    pub version: i64,
    /// When the asset was retired; `None` while it is active.
    pub retired_at: Option<DateTime<Utc>>,
}

/// The time and the author of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditStamp {
    /// When the edit is made. Microseconds.
    pub at: DateTime<Utc>,
    /// The author.
    pub by: Actor,
}
