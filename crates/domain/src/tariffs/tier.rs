//! Tiers: the price of energy by the energy that a session has drawn.

use super::band::{Band, Rate};
use super::energy::Energy;
use schemars::JsonSchema;
use serde::Serialize;

/// The price of the energy of a session beyond a threshold, while a band lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tier {
    /// The energy since the start of the session above which the tier applies, in Wh.
    pub above_wh: Energy,
    /// The price of a kWh, in parts.
    #[serde(flatten)]
    pub rate: Rate,
}

/// The tier in which a session draws energy.
#[derive(Debug, Clone, Copy)]
pub(super) struct CurrentTier {
    /// 0 for the price of the band itself, 1 for its first tier.
    pub number: usize,
    /// The price of energy in the tier.
    pub rate: Rate,
    /// The energy since the start of the session at which the next tier begins; `None` in the last.
    pub until: Option<Energy>,
}

impl Band {
    /// The tier of the energy that follows `drawn`, the energy since the start of the session.
    pub(super) fn tier_after(&self, drawn: Energy) -> CurrentTier {
        let number = self.tiers.partition_point(|tier| tier.above_wh <= drawn);
        let current = number.checked_sub(1).and_then(|index| self.tiers.get(index));
        CurrentTier {
            number,
            rate: current.map_or(self.rate, |tier| tier.rate),
            until: self.tiers.get(number).map(|tier| tier.above_wh),
        }
    }
}
