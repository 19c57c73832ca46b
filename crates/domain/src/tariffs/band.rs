//! Price bands: what energy costs at which time of the day.

use super::money::Price;
use crate::calendar::TimeOfDay;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

/// A time of the day with its price. From a later to an earlier time it crosses midnight: it then has the end and the beginning
/// of one and the same day, for each day is priced by its own bands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    /// When it begins.
    pub from: TimeOfDay,
    /// When it ends; the minute itself is no longer in it.
    pub to: TimeOfDay,
    /// What it is called.
    pub kind: BandKind,
    /// What its energy costs.
    pub rate: Rate,
}

/// What bands are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BandKind {
    /// 尖, the dearest time.
    Sharp,
    /// 峰, dear.
    Peak,
    /// 平, neither dear nor cheap.
    Flat,
    /// 谷, cheap.
    Valley,
}

/// What one kWh costs: the energy itself and the service of the station, apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rate {
    /// For the electricity (电费), per kWh.
    pub electricity_price: Price,
    /// For the service (服务费), per kWh.
    pub service_fee: Price,
}

impl Band {
    /// Whether a minute of a day, counted from midnight, is in it.
    #[must_use]
    pub fn contains(&self, minute: u16) -> bool {
        self.parts().any(|(from, to)| from <= minute && minute < to)
    }

    /// The parts of a day that it has, in order, as minutes counted from midnight: one, or two if it crosses midnight.
    pub fn parts(&self) -> impl Iterator<Item = (u16, u16)> + use<> {
        day_parts(self.from, self.to)
    }
}

/// The parts of a day between two times, in order, as minutes counted from midnight: two if they cross midnight.
pub(super) fn day_parts(from: TimeOfDay, to: TimeOfDay) -> impl Iterator<Item = (u16, u16)> + use<> {
    let (from, to) = (from.minutes(), to.minutes());
    let parts = if from < to { [(from, to), (0, 0)] } else { [(0, to), (from, TimeOfDay::MINUTES)] };
    parts.into_iter().filter(|(from, to)| from < to)
}

impl BandKind {
    /// Every kind, the dearest first.
    pub const ALL: [Self; 4] = [Self::Sharp, Self::Peak, Self::Flat, Self::Valley];

    /// The word for it in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sharp => "sharp",
            Self::Peak => "peak",
            Self::Flat => "flat",
            Self::Valley => "valley",
        }
    }

    /// The Chinese word for it.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Sharp => "尖",
            Self::Peak => "峰",
            Self::Flat => "平",
            Self::Valley => "谷",
        }
    }

    /// The kind called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Rate {
    /// For one kWh, all together.
    #[must_use]
    pub fn per_kwh(&self) -> Decimal {
        self.electricity_price.value() + self.service_fee.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_spelt_the_same_everywhere() {
        for kind in BandKind::ALL {
            assert_eq!(BandKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(BandKind::parse("谷"), None);
    }
}
