//! The terms of a price beyond the price of the first kWh.

use super::charging_time::ChargingTimeFee;
use super::price_list::{FoundBand, PriceList};
use super::tax::TaxPercent;
use super::tier::Tier;
use schemars::JsonSchema;
use serde::Serialize;

/// The terms that apply to a minute in addition to the price of the first kWh of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// The prices of the energy of a session beyond thresholds, in ascending order; empty if all of
    /// it has one price.
    pub tiers: Vec<Tier>,
    /// The fee for the time of charging; null if there is none.
    pub charging_time: Option<ChargingTimeFee>,
    /// The rate of the tax that is added to all prices, in percent; null if the version names none.
    pub tax_percent: Option<TaxPercent>,
}

impl Terms {
    pub(super) fn of(list: &PriceList, found: &FoundBand<'_>) -> Self {
        Self {
            tiers: found.band.tiers.clone(),
            charging_time: list.charging_time().copied(),
            tax_percent: list.tax_percent(),
        }
    }
}
