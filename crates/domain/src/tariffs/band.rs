//! Price bands: the price of energy by time of day.

use super::money::Price;
use super::tier::Tier;
use crate::calendar::TimeOfDay;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

/// A time of day with its price. If `from` is later than `to`, the band crosses midnight: it then
/// covers the end and the beginning of the same day, because each day is priced by its own bands
/// alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// The start.
    pub from: TimeOfDay,
    /// The end, exclusive.
    pub to: TimeOfDay,
    /// The kind of band.
    pub kind: BandKind,
    /// The price of energy; with tiers, of the energy of a session up to the first threshold.
    pub rate: Rate,
    /// The prices of the energy of a session beyond thresholds, in ascending order; mostly none.
    pub tiers: Vec<Tier>,
}

/// The kinds of bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BandKind {
    /// 尖, the most expensive time.
    Sharp,
    /// 峰, expensive.
    Peak,
    /// 平, neither expensive nor cheap.
    Flat,
    /// 谷, cheap.
    Valley,
}

/// The price of one kWh: electricity and the station's service, separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rate {
    /// The price of the electricity (电费), per kWh.
    pub electricity_price: Price,
    /// The fee for the service (服务费), per kWh.
    pub service_fee: Price,
}

impl Band {
    /// Whether the band contains `minute`, counted from midnight.
    #[must_use]
    pub fn contains(&self, minute: u16) -> bool {
        self.parts().any(|(from, to)| from <= minute && minute < to)
    }

    /// The parts of a day that the band covers, in order, as minutes counted from midnight: one
    /// part, or two if the band crosses midnight.
    pub fn parts(&self) -> impl Iterator<Item = (u16, u16)> + use<> {
        day_parts(self.from, self.to)
    }
}

/// The parts of a day between two times, in order, as minutes counted from midnight: two if the
/// times cross midnight.
pub(super) fn day_parts(from: TimeOfDay, to: TimeOfDay) -> impl Iterator<Item = (u16, u16)> + use<> {
    let (from, to) = (from.minutes(), to.minutes());
    let parts = if from < to { [(from, to), (0, 0)] } else { [(0, to), (from, TimeOfDay::MINUTES)] };
    parts.into_iter().filter(|(from, to)| from < to)
}

impl BandKind {
    /// All kinds, the most expensive first.
    pub const ALL: [Self; 4] = [Self::Sharp, Self::Peak, Self::Flat, Self::Valley];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sharp => "sharp",
            Self::Peak => "peak",
            Self::Flat => "flat",
            Self::Valley => "valley",
        }
    }

    /// The Chinese name.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Sharp => "尖",
            Self::Peak => "峰",
            Self::Flat => "平",
            Self::Valley => "谷",
        }
    }

    /// Parses the name in the API and in storage.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Rate {
    /// The total price of one kWh.
    #[must_use]
    pub fn per_kwh(&self) -> Decimal {
        self.electricity_price.value() + self.service_fee.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_the_same_name_in_every_form() {
        for kind in BandKind::ALL {
            assert_eq!(BandKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(BandKind::parse("谷"), None);
    }
}
