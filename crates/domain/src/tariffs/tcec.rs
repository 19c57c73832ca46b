//! Converts the prices of one date to the business policy of T/CEC 102
//! (`query_equip_business_policy`): `SumPeriod` periods, each with its start and its prices of
//! electricity and service.
//!
//! What the format cannot express:
//! - Dates. There is one document per date, and the system that answers a query chooses the date of
//!   the query in the zone of the price list. Seasons, weekdays and holidays therefore take effect
//!   on their days. A version that comes into force in the middle of a day is returned from the
//!   next query on.
//! - The kinds of periods: 尖峰平谷 are returned with the document, in [`Periods::names`].
//! - Session fees, fees for charging time, occupancy fees and taxes: existing ones are listed with
//!   the document, in [`Periods::left_out`].
//! - Tiers: an error, because the document would name wrong prices of energy.
//! - Currencies other than CNY, prices with more than four decimal places, more than 32 periods:
//!   errors.

use super::Tariff;
use super::band::Band;
use super::band::BandKind;
use super::money::as_number;
use super::price_list::PriceList;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

/// The maximum number of periods of a document.
pub const MAX_PERIODS: usize = 32;
/// The maximum number of decimal places of a price.
pub const MAX_DECIMALS: u32 = 4;

/// The periods of a date, with the related values that the document cannot express.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Periods {
    /// The part of the document that contains prices.
    pub document: Document,
    /// The kind of each period: 尖, 峰, 平 or 谷.
    pub names: Vec<&'static str>,
    /// The charges other than energy that the document does not contain.
    pub left_out: Vec<LeftOut>,
}

/// Charges other than energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LeftOut {
    /// The session fee.
    SessionFee,
    /// The fee for charging time.
    ChargingTime,
    /// The occupancy fee.
    Occupancy,
    /// The tax.
    Tax,
}

/// The fields of the document that contain prices; the caller adds the requester and the connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(rename = "TcecPricePeriods")]
pub struct Document {
    /// The number of periods in `PolicyInfos`, at most 32.
    sum_period: usize,
    /// The periods of the day by ascending start. Each lasts until the next one starts, the last
    /// one until midnight.
    policy_infos: Vec<PolicyInfo>,
}

/// A period; it lasts until the next one starts, the last one until midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(rename = "TcecPolicyInfo")]
struct PolicyInfo {
    /// The start, `HHmmss`.
    start_time: String,
    /// The price of the electricity, in yuan per kWh.
    #[serde(serialize_with = "as_number")]
    #[schemars(with = "f64")]
    elec_price: Decimal,
    /// The fee for the service, in yuan per kWh. The misspelling is the standard's.
    #[serde(rename = "SevicePrice", serialize_with = "as_number")]
    #[schemars(with = "f64")]
    service_price: Decimal,
}

/// What T/CEC 102 cannot express.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Inexpressible {
    /// A currency other than yuan.
    #[error("prices must be in CNY in T/CEC 102")]
    Currency,
    /// Too many price changes in the day.
    #[error("the day has more than {MAX_PERIODS} periods, the limit of T/CEC 102")]
    TooManyPeriods,
    /// Prices that depend on the energy of the session.
    #[error("schedules[{schedule}] has tiers, which cannot be expressed in T/CEC 102")]
    Tiers {
        /// The index of the schedule.
        schedule: usize,
    },
    /// A price with too many decimal places.
    #[error(
        "schedules[{schedule}] has a price with more than {MAX_DECIMALS} decimal places, the limit of T/CEC 102"
    )]
    TooManyDecimals {
        /// The index of the schedule.
        schedule: usize,
    },
}

/// Converts the prices of `list`, a price list of `tariff`, for a date.
///
/// # Errors
/// What T/CEC 102 cannot express.
pub fn periods(tariff: &Tariff, list: &PriceList, date: NaiveDate) -> Result<Periods, Inexpressible> {
    if tariff.details.currency.code() != "CNY" {
        return Err(Inexpressible::Currency);
    }
    let (schedule, found) = list.schedule_on(date);
    if found.bands.iter().any(|band| !band.tiers.is_empty()) {
        return Err(Inexpressible::Tiers { schedule });
    }
    let starts = starts(&found.bands);
    let prices = starts.iter().flat_map(|(_, band)| [band.rate.electricity_price, band.rate.service_fee]);
    if prices.map(|price| price.decimals()).max().unwrap_or_default() > MAX_DECIMALS {
        return Err(Inexpressible::TooManyDecimals { schedule });
    }
    if starts.len() > MAX_PERIODS {
        return Err(Inexpressible::TooManyPeriods);
    }
    let fees = [
        list.session_fee().map(|_| LeftOut::SessionFee),
        list.charging_time().map(|_| LeftOut::ChargingTime),
        list.occupancy().map(|_| LeftOut::Occupancy),
        list.tax_percent().map(|_| LeftOut::Tax),
    ];
    Ok(Periods {
        document: Document {
            sum_period: starts.len(),
            policy_infos: starts.iter().map(|(minute, band)| PolicyInfo::of(*minute, band)).collect(),
        },
        names: starts.iter().map(|(_, band)| band.kind).map(BandKind::chinese).collect(),
        left_out: fees.into_iter().flatten().collect(),
    })
}

/// The minutes of a day, counted from midnight, at which kind or price changes, each with the band
/// that begins then.
fn starts(bands: &[Band]) -> Vec<(u16, &Band)> {
    let mut starts: Vec<_> =
        bands.iter().flat_map(|band| band.parts().map(move |(from, _)| (from, band))).collect();
    starts.sort_by_key(|(from, _)| *from);
    starts.dedup_by(|(_, next), (_, before)| (next.kind, next.rate) == (before.kind, before.rate));
    starts
}

impl PolicyInfo {
    fn of(minute: u16, band: &Band) -> Self {
        Self {
            start_time: format!("{:02}{:02}00", minute / 60, minute % 60),
            elec_price: band.rate.electricity_price.value(),
            service_price: band.rate.service_fee.value(),
        }
    }
}
