//! Stations and piles as assets: what an operator registers and edits.

use crate::ids::{ChargePointId, PileId, StationId};
use crate::text::Label;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

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

/// What an operator says of a station.
#[derive(Debug, Clone, PartialEq)]
pub struct StationDetails {
    /// Name.
    pub name: Label,
    /// Postal address.
    pub address: Option<Label>,
    /// The operator that runs it.
    pub operator_id: Option<Label>,
    /// Where it is.
    pub location: Option<Location>,
    /// Whether it is open for business.
    pub status: StationStatus,
}

/// Whether a station is open for business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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

/// A point on the earth, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Location {
    latitude: f64,
    longitude: f64,
}

/// Not a point on the earth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("latitude must be within ±90 and longitude within ±180 degrees")]
pub struct InvalidLocation;

impl Location {
    /// The point at `latitude` and `longitude`, in degrees.
    ///
    /// # Errors
    /// When either is out of range or no number.
    pub fn parse(latitude: f64, longitude: f64) -> Result<Self, InvalidLocation> {
        let valid = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        valid.then_some(Self { latitude, longitude }).ok_or(InvalidLocation)
    }

    /// Degrees north.
    #[must_use]
    pub const fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east.
    #[must_use]
    pub const fn longitude(self) -> f64 {
        self.longitude
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

/// What an operator says of a pile.
#[derive(Debug, Clone, PartialEq)]
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
    /// Alternating or direct current.
    pub current_type: CurrentType,
}

/// Alternating or direct current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// Rated power in kW: more than 0, at most 10,000.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct RatedPower(f64);

/// Not a power that a pile can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be more than 0 and at most 10000 kW")]
pub struct InvalidRatedPower;

impl RatedPower {
    /// Accepts what a pile can have.
    ///
    /// # Errors
    /// When it is out of range or no number.
    pub fn parse(kw: f64) -> Result<Self, InvalidRatedPower> {
        (kw > 0.0 && kw <= 10_000.0).then_some(Self(kw)).ok_or(InvalidRatedPower)
    }

    /// In kW.
    #[must_use]
    pub const fn kw(self) -> f64 {
        self.0
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
}
