//! Tariffs: what charging costs, when and where, and how that price is determined.
//!
//! The rules, each defined where it is implemented:
//! - A price is the one of the minute that the wall clock of the zone shows ([`Zone`]).
//! - Each date is priced by one schedule, the first whose conditions hold on it, and by its bands
//!   alone ([`Band`]).
//! - Of the tariffs that are bound to a place, the one of the narrowest level applies ([`Level`]).
//! - Energy flows evenly between two readings; each item of a quote is rounded, and the quote is
//!   their sum ([`Quote`]).
//! - The energy of a session may have tiers ([`Tier`]), and its time a price ([`ChargingTimeFee`]).
//! - A price list that names a tax rate has prices without tax ([`TaxPercent`]); tax is computed on
//!   the sum of the amounts with one rate.
//! - The tariff's [`ChangeRule`] decides about changes in the middle of a session.
//!
//! If another platform's format cannot express a version, the conversion returns an error and never
//! omits anything silently ([`ocpi`], [`tcec`]).

mod approval;
mod band;
mod binding;
mod book;
mod charging_time;
mod check;
mod considered;
mod currency;
mod draft;
mod energy;
mod money;
pub mod ocpi;
mod price_list;
mod quote;
mod receipt;
mod recorded;
mod revenue;
mod season;
mod session_quote;
mod tax;
pub mod tcec;
mod terms;
mod tier;
mod timetable;
mod usage;
mod what_if;
mod zone;

pub use approval::{ApprovalRefusal, Proposal};
pub use band::{Band, BandKind, Rate};
pub use binding::{Binding, BindingOverlap, Level, PricedPlace, Subject, clashes};
pub use book::{Applied, PriceAt, PriceBook, Resolution, Unpriced};
pub use charging_time::{ChargingTimeBasis, ChargingTimeFee};
pub use check::{
    Finding, Findings, MAX_BANDS, MAX_GRACE_MINUTES, MAX_HOLIDAYS, MAX_SCHEDULES, MAX_SEASONS, MAX_TIER_WH,
    MAX_TIERS,
};
pub use considered::{Considered, Outcome};
pub use currency::{Currency, UnknownCurrency};
pub use draft::{
    BandDraft, ChargingTimeDraft, OccupancyDraft, PriceListDraft, ScheduleDraft, SeasonDraft, TierDraft,
};
pub use energy::{Energy, InvalidEnergy};
pub use money::{InvalidPrice, Money, Price};
pub use price_list::{Conditions, FoundBand, OccupancyFee, PriceList, Schedule};
pub use quote::{ChargingTimeItem, EnergyItem, OccupancyItem, Quote, TaxItem, Totals};
pub use receipt::{
    AppliedTariff, BandEnergy, Receipt, ReceiptReading, ReceiptSession, ReceiptUnpriced, UnpricedCode,
};
pub use revenue::{BandRevenue, Fees, Revenue, RevenueByBand};
pub use season::{InvalidMonthDay, MonthDay, Season};
pub use session_quote::{MeteredSession, SessionQuote, UnquotableSession};
pub use tax::{InvalidTaxPercent, TaxPercent};
pub use terms::Terms;
pub use tier::Tier;
pub use timetable::{Timetable, TimetableRow, UnpricedTime};
pub use usage::{InvalidUsage, MAX_READINGS, Reading, Usage};
pub use what_if::{Comparison, Earnings, PricedSession, WhatIf};
pub use zone::{UnknownZone, Zone};

use crate::ids::TariffId;
use crate::text::Label;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A tariff (费率): a name under which versions of a price list follow one another.
#[derive(Debug, Clone, PartialEq)]
pub struct Tariff {
    /// The tariff id.
    pub id: TariffId,
    /// The details that operators edit.
    pub details: TariffDetails,
    /// The versions, in any order. A version never changes.
    pub versions: Vec<TariffVersion>,
}

/// The editable details of a tariff. As JSON it has the fields of the API.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = false))]
pub struct TariffDetails {
    /// The name under which operators know the tariff.
    pub name: Label,
    /// The operator that owns the tariff; `None` if not stated.
    pub operator_id: Option<Label>,
    /// The currency of all prices.
    pub currency: Currency,
    /// Whether it may price anything.
    #[schemars(default, with = "Option<TariffStatus>")]
    pub status: TariffStatus,
    /// The rule for a session in which prices change.
    #[schemars(default, with = "Option<ChangeRule>")]
    pub change_rule: ChangeRule,
}

/// Whether a tariff may price anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum TariffStatus {
    /// Not yet: the tariff is being prepared.
    #[default]
    Draft,
    /// Yes.
    Active,
}

impl TariffStatus {
    /// All statuses.
    pub const ALL: [Self; 2] = [Self::Draft, Self::Active];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Active => "Active",
        }
    }
}

/// The rule for a session in which another version or another tariff comes into force. The tariff
/// that applies when the session starts decides. Bands alternate through the day under either rule.
///
/// Under either rule the session fee is the one at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum ChangeRule {
    /// The version that applies when the session starts prices all of it, including occupancy: the
    /// driver pays the prices that were shown.
    #[default]
    FrozenAtStart,
    /// Each kWh is priced by the version that applies when it flows, occupancy by the one that
    /// applies when charging ends.
    ByConsumption,
}

impl ChangeRule {
    /// All rules.
    pub const ALL: [Self; 2] = [Self::FrozenAtStart, Self::ByConsumption];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FrozenAtStart => "FrozenAtStart",
            Self::ByConsumption => "ByConsumption",
        }
    }
}

/// A version of a tariff. It never changes; a change of prices is a later version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TariffVersion {
    /// 1 for the first version of a tariff, one more for each that follows.
    #[schemars(range(min = 1))]
    pub number: u32,
    /// The instant since which the version is in force: until a version with a later instant or,
    /// for the same instant, a greater number.
    pub effective_from: DateTime<Utc>,
    /// The prices of the version.
    pub price_list: PriceList,
}

impl Tariff {
    /// The version in force at an instant.
    #[must_use]
    pub fn version_at(&self, at: DateTime<Utc>) -> Option<&TariffVersion> {
        let begun = self.versions.iter().filter(|version| version.effective_from <= at);
        begun.max_by_key(|version| (version.effective_from, version.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_every_form() {
        for status in TariffStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        for rule in ChangeRule::ALL {
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.as_str());
        }
    }
}
