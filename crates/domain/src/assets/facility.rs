//! Facilities of a station for drivers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A facility for drivers at a station or within a few steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Facility {
    /// Toilets.
    Restroom,
    /// Wireless internet.
    Wifi,
    /// A roof over the piles.
    Canopy,
    /// Step-free access and space for wheelchairs.
    WheelchairAccess,
    /// A waiting room.
    Lounge,
    /// A café.
    Cafe,
    /// A restaurant.
    Restaurant,
    /// A convenience store.
    ConvenienceStore,
    /// A supermarket.
    Supermarket,
    /// A shopping mall.
    Mall,
    /// A hotel.
    Hotel,
    /// A car wash.
    CarWash,
    /// A car park for longer than the time of charging.
    Parking,
}

impl Facility {
    /// All facilities, in the order of listing.
    pub const ALL: [Self; 13] = [
        Self::Restroom,
        Self::Wifi,
        Self::Canopy,
        Self::WheelchairAccess,
        Self::Lounge,
        Self::Cafe,
        Self::Restaurant,
        Self::ConvenienceStore,
        Self::Supermarket,
        Self::Mall,
        Self::Hotel,
        Self::CarWash,
        Self::Parking,
    ];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Restroom => "Restroom",
            Self::Wifi => "Wifi",
            Self::Canopy => "Canopy",
            Self::WheelchairAccess => "WheelchairAccess",
            Self::Lounge => "Lounge",
            Self::Cafe => "Cafe",
            Self::Restaurant => "Restaurant",
            Self::ConvenienceStore => "ConvenienceStore",
            Self::Supermarket => "Supermarket",
            Self::Mall => "Mall",
            Self::Hotel => "Hotel",
            Self::CarWash => "CarWash",
            Self::Parking => "Parking",
        }
    }

    /// Parses the name in the API and in storage.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|facility| facility.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_facility_has_the_same_name_in_every_form() {
        for facility in Facility::ALL {
            assert_eq!(Facility::parse(facility.as_str()), Some(facility));
            assert_eq!(serde_json::to_value(facility).unwrap(), facility.as_str());
        }
        assert_eq!(Facility::parse("Pool"), None);
    }
}
