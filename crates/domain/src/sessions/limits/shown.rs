//! The limits of a session as services show them.

use super::SessionLimits;
use crate::tariffs::{Currency, Price};
use schemars::JsonSchema;
use serde::Serialize;

/// The limits that the start command of a session set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SessionLimits")]
pub struct ShownLimits {
    /// The most energy, in Wh; null: no limit.
    max_energy_wh: Option<u32>,
    /// The longest time since the beginning, in seconds; null: no limit.
    max_duration_s: Option<u32>,
    /// The highest total of the quote, in `currency`; null: no limit.
    max_amount: Option<Price>,
    /// The currency of `maxAmount`, ISO 4217: that of the tariff when the start was commanded. Null
    /// if `maxAmount` is null.
    currency: Option<Currency>,
}

impl From<SessionLimits> for ShownLimits {
    fn from(limits: SessionLimits) -> Self {
        let SessionLimits { max_energy_wh, max_duration_s, max_amount, currency } = limits;
        Self { max_energy_wh, max_duration_s, max_amount, currency }
    }
}
