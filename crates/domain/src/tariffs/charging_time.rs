//! The fee for the time of charging.

use super::money::Price;
use schemars::JsonSchema;
use serde::Serialize;

/// The fee for the time of charging, before occupancy begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ChargingTimePrice")]
pub struct ChargingTimeFee {
    /// The price per minute; each started second is charged a sixtieth.
    pub price_per_minute: Price,
    /// The time that counts.
    pub basis: ChargingTimeBasis,
}

/// The time that a fee for charging time counts. Neither includes the occupancy after the end of
/// charging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChargingTimeBasis {
    /// All time from the start to the end of charging, pauses included.
    Session,
    /// The time in which energy flows: that between two readings whose registers differ.
    EnergyFlow,
}

impl ChargingTimeBasis {
    /// All bases.
    pub const ALL: [Self; 2] = [Self::Session, Self::EnergyFlow];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::EnergyFlow => "energyFlow",
        }
    }

    /// Parses the name in the API and in storage.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_basis_has_the_same_name_in_every_form() {
        for basis in ChargingTimeBasis::ALL {
            assert_eq!(ChargingTimeBasis::parse(basis.as_str()), Some(basis));
            assert_eq!(serde_json::to_value(basis).unwrap(), basis.as_str());
        }
        assert_eq!(ChargingTimeBasis::parse("Session"), None);
    }
}
