//! The power of piles and connectors.

use crate::schema::written_as;
use schemars::json_schema;
use serde::{Deserialize, Serialize};

/// Rated power in kW: more than 0, at most 10,000.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct RatedPower(f64);

/// An invalid rated power. The message is suitable for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be more than 0 and at most 10000 kW")]
pub struct InvalidRatedPower;

impl RatedPower {
    /// Accepts more than 0 and at most 10,000 kW.
    ///
    /// # Errors
    /// The value is out of range or not a number.
    pub fn parse(kw: f64) -> Result<Self, InvalidRatedPower> {
        (kw > 0.0 && kw <= 10_000.0).then_some(Self(kw)).ok_or(InvalidRatedPower)
    }

    /// The power in kW.
    #[must_use]
    pub const fn kw(self) -> f64 {
        self.0
    }
}

written_as!(
    RatedPower,
    "RatedPower",
    json_schema!({ "description": "In kW.", "type": "number", "exclusiveMinimum": 0, "maximum": 10_000 })
);

impl TryFrom<f64> for RatedPower {
    type Error = InvalidRatedPower;
    fn try_from(kw: f64) -> Result<Self, InvalidRatedPower> {
        Self::parse(kw)
    }
}

impl From<RatedPower> for f64 {
    fn from(power: RatedPower) -> Self {
        power.0
    }
}
