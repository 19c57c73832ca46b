//! Places on the earth.

use serde::Serialize;

/// A point on the earth, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
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
