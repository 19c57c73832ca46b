//! The cost of staying plugged in after the charge.

use crate::ids::TariffId;
use crate::tariffs::book::VersionPeriod;
use crate::tariffs::currency::Currency;
use crate::tariffs::money::{Money, Price};
use crate::tariffs::price_list::OccupancyFee;
use crate::tariffs::tax::TaxPercent;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

/// The cost of staying plugged in after the charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OccupancyItem {
    /// The tariff that applied.
    pub tariff_id: TariffId,
    /// The number of the version that applied.
    pub version: u32,
    /// The price per minute.
    pub price_per_minute: Price,
    /// The free minutes.
    pub grace_minutes: u16,
    /// The charged minutes after the free ones, including a started last minute.
    pub charged_minutes: i64,
    /// Whether the cap reduced the amount.
    pub capped: bool,
    /// The rate of the tax on this item, in percent; null if the version names none.
    pub tax_percent: Option<TaxPercent>,
    /// The cost of all minutes, rounded.
    pub amount: Money,
}

/// The cost of occupying a connector for `held` after the charge.
pub(super) fn occupancy_item(
    currency: Currency,
    period: &VersionPeriod<'_>,
    held: TimeDelta,
) -> Option<OccupancyItem> {
    let list = &period.applied.version.price_list;
    let OccupancyFee { price_per_minute, grace_minutes, cap } = *list.occupancy()?;
    let charged = held - TimeDelta::minutes(grace_minutes.into());
    let begun = i64::from(charged > TimeDelta::minutes(charged.num_minutes()));
    let charged_minutes = (charged.num_minutes() + begun).max(0);
    let uncapped = price_per_minute.value() * Decimal::from(charged_minutes);
    let capped = cap.filter(|cap| cap.value() < uncapped);
    Some(OccupancyItem {
        tariff_id: period.applied.tariff.id,
        version: period.applied.version.number,
        price_per_minute,
        grace_minutes,
        charged_minutes,
        capped: capped.is_some(),
        tax_percent: list.tax_percent(),
        amount: Money::rounded(capped.map_or(uncapped, Price::value), currency),
    })
}
