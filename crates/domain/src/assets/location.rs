//! Coordinates on the earth.

use schemars::JsonSchema;
use serde::Serialize;

/// Coordinates on the earth, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Location {
    /// Degrees north.
    #[schemars(range(min = -90.0, max = 90.0))]
    latitude: f64,
    /// Degrees east.
    #[schemars(range(min = -180.0, max = 180.0))]
    longitude: f64,
}

/// Invalid coordinates. The message is suitable for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("latitude must be within ±90 and longitude within ±180 degrees")]
pub struct InvalidLocation;

impl Location {
    /// The coordinates at `latitude` and `longitude`, in degrees.
    ///
    /// # Errors
    /// A value is out of range or not a number.
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

    /// The point on a sphere of radius 1 around the centre of the earth: there neither the poles nor
    /// the date line are special, and what is nearer over ground is nearer in a straight line, too.
    #[must_use]
    pub fn in_space(self) -> [f64; 3] {
        let (latitude, longitude) = (self.latitude.to_radians(), self.longitude.to_radians());
        [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
    }

    /// The great-circle distance to `other`, in m, on a sphere as large as the earth: the error is
    /// at most 0.6 %.
    #[must_use]
    pub fn distance_m(self, other: Self) -> f64 {
        let half_sine = |one: f64, other: f64| ((other - one).to_radians() / 2.0).sin();
        let north = half_sine(self.latitude, other.latitude);
        let east = half_sine(self.longitude, other.longitude);
        let (here, there) = (self.latitude.to_radians().cos(), other.latitude.to_radians().cos());
        // Rounding may exceed 1 for antipodes.
        let haversine = (north * north + here * there * east * east).clamp(0.0, 1.0);
        2.0 * EARTH_RADIUS_M * haversine.sqrt().asin()
    }
}

/// Mean radius of the earth (IUGG), in m.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// The straight line between two points on the unit sphere that are `distance_m` apart over the
/// ground of the earth; at most half around it.
#[must_use]
pub fn chord(distance_m: f64) -> f64 {
    let angle = distance_m / EARTH_RADIUS_M;
    2.0 * (angle.clamp(0.0, std::f64::consts::PI) / 2.0).sin()
}

/// Whether `one` and `other` may be the same chord, computed by this service and by PostgreSQL: they
/// differ by much more than rounding otherwise, and by more than 6 µm on the ground.
#[must_use]
pub fn is_same_chord(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-12
}

#[cfg(test)]
mod tests;
