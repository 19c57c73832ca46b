//! The JSON form of a price list, before it is checked.

use super::charging_time::{ChargingTimeBasis, ChargingTimeFee};
use super::money::Price;
use super::price_list::{OccupancyFee, PriceList, Schedule};
use super::season::{MonthDay, Season};
use super::tax::TaxPercent;
use super::tier::Tier;
use super::{band::Band, band::BandKind, zone::Zone};
use crate::calendar::{TimeOfDay, Weekday};
use chrono::NaiveDate;
use rust_decimal::prelude::ToPrimitive;
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;

/// A price list as an operator writes it. Every value that may be invalid is kept as text, so that
/// a check reports all errors and not only the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "PriceList", description = "The prices of a version of a tariff.")]
pub struct PriceListDraft {
    /// The IANA time zone of the stations. Times of day are local times of this zone.
    #[schemars(with = "Zone")]
    pub time_zone: String,
    /// The dates that count as holidays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<NaiveDate>>", length(max = 400))]
    pub holidays: Option<Vec<String>>,
    /// The schedules; the first one whose conditions hold on a date applies. The last one has no
    /// conditions.
    #[schemars(length(min = 1, max = 16))]
    pub schedules: Vec<ScheduleDraft>,
    /// The fee per session, independent of the energy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Price>")]
    pub session_fee: Option<String>,
    /// The fee for the time of charging, before occupancy begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charging_time: Option<ChargingTimeDraft>,
    /// The fee for staying plugged in after the charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupancy: Option<OccupancyDraft>,
    /// The rate of the tax that is added to all prices, in percent. Quotes then show the tax apart.
    /// Absent if tax is not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TaxPercent>")]
    pub tax_percent: Option<String>,
}

/// The bands of a day, and the dates on which they apply: all given conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Schedule")]
pub struct ScheduleDraft {
    /// Only on dates in one of these seasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 12))]
    pub seasons: Option<Vec<SeasonDraft>>,
    /// Only on these days of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<Weekday>>", length(min = 1, max = 7))]
    pub weekdays: Option<Vec<String>>,
    /// `true`: only on holidays; `false`: only on other dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holiday: Option<bool>,
    /// Bands that cover each minute of a day exactly once, in any order.
    #[schemars(length(min = 1, max = 96))]
    pub bands: Vec<BandDraft>,
}

/// A season, both days included; it may extend over the new year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Season")]
pub struct SeasonDraft {
    /// The first day.
    #[schemars(with = "MonthDay")]
    pub from: String,
    /// The last day.
    #[schemars(with = "MonthDay")]
    pub to: String,
}

/// A time of day with its price. If `from` is later than `to`, the band crosses midnight: it then
/// covers the end and the beginning of the same day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Band")]
pub struct BandDraft {
    /// The start.
    #[schemars(with = "TimeOfDay")]
    pub from: String,
    /// The end of the band, exclusive, in local time.
    #[schemars(with = "TimeOfDay")]
    pub to: String,
    /// The kind of band: sharp 尖, peak 峰, flat 平, valley 谷.
    #[schemars(with = "BandKind")]
    pub kind: String,
    /// The price of the electricity (电费), per kWh.
    #[schemars(with = "Price")]
    pub electricity_price: String,
    /// The fee for the service (服务费), per kWh.
    #[schemars(with = "Price")]
    pub service_fee: String,
    /// The prices of the energy of a session beyond thresholds, in ascending order; absent if all of
    /// it has one price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    pub tiers: Option<Vec<TierDraft>>,
}

/// The price of the energy of a session beyond a threshold, while a band lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "TierPrice")]
pub struct TierDraft {
    /// The energy since the start of the session above which the tier applies, in Wh; greater than
    /// that of the tier before.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub above_wh: i64,
    /// The price of the electricity (电费), per kWh.
    #[schemars(with = "Price")]
    pub electricity_price: String,
    /// The fee for the service (服务费), per kWh.
    #[schemars(with = "Price")]
    pub service_fee: String,
}

/// The fee for the time of charging, before occupancy begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ChargingTimeFee")]
pub struct ChargingTimeDraft {
    /// The price per minute; each started second is charged a sixtieth.
    #[schemars(with = "Price")]
    pub price_per_minute: String,
    /// The time that counts: `session`, from the start to the end of charging, or `energyFlow`, the
    /// time in which energy flows.
    #[schemars(with = "ChargingTimeBasis")]
    pub basis: String,
}

/// The fee for staying plugged in after the charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "OccupancyFee")]
pub struct OccupancyDraft {
    /// The price per started minute after the grace period.
    #[schemars(with = "Price")]
    pub price_per_minute: String,
    /// The free time, in minutes.
    #[schemars(range(min = 0, max = 1440))]
    pub grace_minutes: i64,
    /// The maximum fee per session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Price>")]
    pub cap: Option<String>,
}

impl From<PriceList> for PriceListDraft {
    fn from(list: PriceList) -> Self {
        let holidays: Vec<_> = list.holidays.iter().map(NaiveDate::to_string).collect();
        Self {
            time_zone: list.zone.to_string(),
            holidays: (!holidays.is_empty()).then_some(holidays),
            schedules: list.schedules.iter().map(ScheduleDraft::from).collect(),
            session_fee: list.session_fee.map(String::from),
            charging_time: list.charging_time.map(ChargingTimeDraft::from),
            occupancy: list.occupancy.map(OccupancyDraft::from),
            tax_percent: list.tax_percent.map(|percent| percent.to_string()),
        }
    }
}

impl Serialize for PriceList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PriceListDraft::from(self.clone()).serialize(serializer)
    }
}

impl JsonSchema for PriceList {
    fn schema_name() -> Cow<'static, str> {
        PriceListDraft::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        PriceListDraft::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> schemars::Schema {
        PriceListDraft::json_schema(generator)
    }
}

impl From<&Schedule> for ScheduleDraft {
    fn from(schedule: &Schedule) -> Self {
        let conditions = &schedule.conditions;
        let seasons: Vec<_> = conditions.seasons.iter().copied().map(SeasonDraft::from).collect();
        let weekdays: Vec<_> = conditions.weekdays.iter().map(|day| day.as_str().to_owned()).collect();
        Self {
            seasons: (!seasons.is_empty()).then_some(seasons),
            weekdays: (!weekdays.is_empty()).then_some(weekdays),
            holiday: conditions.holiday,
            bands: schedule.bands.iter().map(BandDraft::from).collect(),
        }
    }
}

impl From<Season> for SeasonDraft {
    fn from(season: Season) -> Self {
        Self { from: season.from.to_string(), to: season.to.to_string() }
    }
}

impl From<&Band> for BandDraft {
    fn from(band: &Band) -> Self {
        Self {
            from: band.from.to_string(),
            to: band.to.to_string(),
            kind: band.kind.as_str().to_owned(),
            electricity_price: band.rate.electricity_price.to_string(),
            service_fee: band.rate.service_fee.to_string(),
            tiers: (!band.tiers.is_empty())
                .then(|| band.tiers.iter().copied().map(TierDraft::from).collect()),
        }
    }
}

impl From<Tier> for TierDraft {
    fn from(tier: Tier) -> Self {
        Self {
            // A price list holds whole numbers of Wh in the range of the check.
            above_wh: tier.above_wh.wh().to_i64().unwrap_or_default(),
            electricity_price: tier.rate.electricity_price.to_string(),
            service_fee: tier.rate.service_fee.to_string(),
        }
    }
}

impl From<ChargingTimeFee> for ChargingTimeDraft {
    fn from(fee: ChargingTimeFee) -> Self {
        Self { price_per_minute: fee.price_per_minute.to_string(), basis: fee.basis.as_str().to_owned() }
    }
}

impl From<OccupancyFee> for OccupancyDraft {
    fn from(fee: OccupancyFee) -> Self {
        Self {
            price_per_minute: fee.price_per_minute.to_string(),
            grace_minutes: fee.grace_minutes.into(),
            cap: fee.cap.map(String::from),
        }
    }
}
