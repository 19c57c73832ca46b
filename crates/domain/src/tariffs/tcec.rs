//! The prices of one date as the business policy of T/CEC 102 (`query_equip_business_policy`): `SumPeriod` periods, each with its
//! start and its prices of electricity and service.
//!
//! What that format cannot say:
//! - Dates. There is one document for each date, and whoever answers a query picks the date of the query in the zone of the price list;
//!   so seasons, weekdays and holidays are all answered, each on its day. A version that comes into force in the middle of a day is
//!   answered from the next query on.
//! - What a period is called: 尖峰平谷 stand beside the document, in [`Periods::names`].
//! - Session fees and fees for occupancy: those that there are stand beside it, in [`Periods::left_out`].
//! - Other currencies than CNY, prices with more than four digits behind the point, more than 32 periods: errors.

use super::Tariff;
use super::band::Band;
use super::band::BandKind;
use super::money::as_number;
use super::price_list::PriceList;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

/// The most periods of a document.
pub const MAX_PERIODS: usize = 32;
/// The most digits behind the point of a price.
pub const MAX_DECIMALS: u32 = 4;

/// The periods of a date, and what belongs to them that the document cannot say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Periods {
    /// The part of the document that tells prices.
    pub document: Document,
    /// What each period is called: 尖, 峰, 平 or 谷.
    pub names: Vec<&'static str>,
    /// What is charged beside energy and is not told.
    pub left_out: Vec<LeftOut>,
}

/// What is charged beside energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LeftOut {
    /// The fee for each session.
    SessionFee,
    /// The fee for staying plugged in.
    Occupancy,
}

/// The fields of the document that tell prices; the caller adds who asked for which connector.
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

/// A period: it goes on until the next one starts, the last one until midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(rename = "TcecPolicyInfo")]
struct PolicyInfo {
    /// `HHmmss`.
    start_time: String,
    /// Yuan per kWh.
    #[serde(serialize_with = "as_number")]
    #[schemars(with = "f64")]
    elec_price: Decimal,
    /// Yuan per kWh. The standard spells it so.
    #[serde(rename = "SevicePrice", serialize_with = "as_number")]
    #[schemars(with = "f64")]
    service_price: Decimal,
}

/// What T/CEC 102 cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Inexpressible {
    /// It knows yuan only.
    #[error("prices must be in CNY in T/CEC 102")]
    Currency,
    /// Too many changes of price in the day.
    #[error("the day has more than {MAX_PERIODS} periods, the most of T/CEC 102")]
    TooManyPeriods,
    /// A price too fine.
    #[error(
        "schedules[{schedule}] has a price with more than {MAX_DECIMALS} digits behind the point, the most of T/CEC 102"
    )]
    TooManyDecimals {
        /// In which schedule, counted from 0.
        schedule: usize,
    },
}

/// What a price list of `tariff` says for a date.
///
/// # Errors
/// What T/CEC 102 cannot say.
pub fn periods(tariff: &Tariff, list: &PriceList, date: NaiveDate) -> Result<Periods, Inexpressible> {
    if tariff.details.currency.code() != "CNY" {
        return Err(Inexpressible::Currency);
    }
    let (schedule, found) = list.schedule_on(date);
    let starts = starts(&found.bands);
    let prices = starts.iter().flat_map(|(_, band)| [band.rate.electricity_price, band.rate.service_fee]);
    if prices.map(|price| price.decimals()).max().unwrap_or_default() > MAX_DECIMALS {
        return Err(Inexpressible::TooManyDecimals { schedule });
    }
    if starts.len() > MAX_PERIODS {
        return Err(Inexpressible::TooManyPeriods);
    }
    let fees =
        [list.session_fee().map(|_| LeftOut::SessionFee), list.occupancy().map(|_| LeftOut::Occupancy)];
    Ok(Periods {
        document: Document {
            sum_period: starts.len(),
            policy_infos: starts.iter().map(|(minute, band)| PolicyInfo::of(*minute, band)).collect(),
        },
        names: starts.iter().map(|(_, band)| band.kind).map(BandKind::chinese).collect(),
        left_out: fees.into_iter().flatten().collect(),
    })
}

/// When the name or the price changes in a day, in minutes counted from midnight, and the band that begins then.
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
