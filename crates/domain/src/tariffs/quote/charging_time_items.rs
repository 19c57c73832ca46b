//! The cost of the time of charging.

use crate::ids::TariffId;
use crate::tariffs::book::VersionPeriod;
use crate::tariffs::charging_time::{ChargingTimeBasis, ChargingTimeFee};
use crate::tariffs::currency::Currency;
use crate::tariffs::money::Money;
use crate::tariffs::tax::TaxPercent;
use crate::tariffs::usage::Usage;
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

/// The cost of the time of charging under one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChargingTimeItem {
    /// The start, in local time of the zone.
    pub from: DateTime<FixedOffset>,
    /// The end, exclusive, in local time of the zone.
    pub to: DateTime<FixedOffset>,
    /// The tariff that applied.
    pub tariff_id: TariffId,
    /// The number of the version that applied.
    pub version: u32,
    /// The price per minute, and the time that counts.
    #[serde(flatten)]
    pub fee: ChargingTimeFee,
    /// The rate of the tax on this item, in percent; null if the version names none.
    pub tax_percent: Option<TaxPercent>,
    /// The counted time in seconds, including a started last second.
    pub charged_seconds: i64,
    /// The cost of the counted time, rounded.
    pub amount: Money,
}

/// The cost of the time of charging, one item per version that has a fee for it.
pub(super) fn charging_time_items(
    currency: Currency,
    version_periods: &[VersionPeriod<'_>],
    usage: &Usage,
) -> Vec<ChargingTimeItem> {
    let mut merged: Vec<VersionPeriod<'_>> = vec![];
    for period in version_periods.iter().filter(|period| period.from < period.to) {
        match merged.last_mut() {
            Some(last) if is_same_version(last, period) => last.to = period.to,
            _ => merged.push(*period),
        }
    }
    merged.iter().filter_map(|period| item(currency, period, usage)).collect()
}

fn is_same_version(one: &VersionPeriod<'_>, other: &VersionPeriod<'_>) -> bool {
    (one.applied.tariff.id, one.applied.version.number)
        == (other.applied.tariff.id, other.applied.version.number)
}

fn item(currency: Currency, period: &VersionPeriod<'_>, usage: &Usage) -> Option<ChargingTimeItem> {
    let list = &period.applied.version.price_list;
    let fee = *list.charging_time()?;
    // The seconds are differences of one curve, so that those of all items add up to the seconds of
    // the session: a second counts where it started.
    let seconds_until = |at| started_seconds(counted_until(usage, fee.basis, at));
    let charged_seconds = seconds_until(period.to) - seconds_until(period.from);
    let cost = fee.price_per_minute.value() * Decimal::from(charged_seconds) / Decimal::from(60);
    Some(ChargingTimeItem {
        from: list.zone().local(period.from),
        to: list.zone().local(period.to),
        tariff_id: period.applied.tariff.id,
        version: period.applied.version.number,
        fee,
        tax_percent: list.tax_percent(),
        charged_seconds,
        amount: Money::rounded(cost, currency),
    })
}

/// The time that counts, from the start of the session until an instant.
fn counted_until(usage: &Usage, basis: ChargingTimeBasis, at: DateTime<Utc>) -> TimeDelta {
    match basis {
        ChargingTimeBasis::Session => at - usage.started_at(),
        ChargingTimeBasis::EnergyFlow => usage.flow_until(at),
    }
}

/// The seconds of a time, including a started last second.
fn started_seconds(time: TimeDelta) -> i64 {
    time.num_seconds() + i64::from(time > TimeDelta::seconds(time.num_seconds()))
}
