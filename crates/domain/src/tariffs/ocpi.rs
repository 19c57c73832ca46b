//! Converts a version of a tariff to a Tariff object of OCPI 2.2.1.
//!
//! The conversion:
//! - A band is an element with an `ENERGY` component, restricted to `start_time` and `end_time` in
//!   the local time of the location. A band that crosses midnight is two elements; the end of a day
//!   is `00:00`. OCPI expresses neither seconds nor zones here: the location's `time_zone` must be
//!   the one of the price list.
//! - Schedules become elements in the order of the schedules, because in OCPI too the first
//!   matching element prices the energy. Weekdays are `day_of_week`.
//! - Seasons and holidays do not recur in OCPI, whose dates have years. They are expanded for the
//!   dates of a [`Horizon`], as `start_date` and `end_date` (exclusive), and the object ends with
//!   these dates. Without a horizon such a version is an error.
//! - OCPI has one price for energy, the sum of electricity and service. The separate prices are
//!   lost.
//! - The session fee is a `FLAT` component without restrictions. A minute of occupancy is
//!   `PARKING_TIME`, whose price is per hour, in steps of 60 s, which charges a started minute as
//!   the platform does. OCPI has neither a grace period nor a cap for it alone: both are errors.
//! - The `step_size` of energy is 1 Wh, so OCPI's sum may exceed the platform's by up to 1 Wh.
//! - All prices in OCPI are without VAT; whether the tariff's are is for the parties to agree, and
//!   no `vat` is given.
//! - OCPI does not express the rule for changes in the middle of a session ([`super::ChangeRule`]).

use super::band::Band;
use super::money::{Price, as_number};
use super::price_list::{PriceList, Schedule};
use super::{Tariff, TariffVersion};
use crate::calendar::{TimeOfDay, Weekday};
use chrono::{DateTime, Days, NaiveDate, Utc};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// The maximum number of elements of an object.
pub const MAX_ELEMENTS: usize = 2_000;

/// The sender and the id of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    country_code: String,
    party_id: String,
    id: String,
    last_updated: DateTime<Utc>,
}

/// Identifiers that OCPI does not accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeader {
    /// The country code.
    #[error("countryCode must be two letters of ISO 3166, such as CN")]
    CountryCode,
    /// The party id.
    #[error("partyId must be three letters or digits")]
    PartyId,
    /// The tariff id.
    #[error("id must be 1 to 36 printable ASCII characters")]
    Id,
}

/// The dates for which seasons and holidays are expanded. (Newfoundland once set its clocks back at
/// a minute past midnight: the repeated minutes of the date before are not expanded. No zone does
/// so any more.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    first: NaiveDate,
    days: u16,
}

/// What OCPI cannot express.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Inexpressible {
    /// Seasons or holidays without a horizon.
    #[error(
        "schedules[{schedule}] depends on seasons or holidays: specify the dates for which to expand them"
    )]
    NeedsHorizon {
        /// The index of the schedule.
        schedule: usize,
    },
    /// Free minutes of occupancy.
    #[error("occupancy.graceMinutes cannot be expressed in OCPI 2.2.1")]
    OccupancyGrace,
    /// A cap of the occupancy fee.
    #[error("occupancy.cap cannot be expressed in OCPI 2.2.1")]
    OccupancyCap,
    /// Too many bands on too many separate dates.
    #[error("the object would have more than {MAX_ELEMENTS} elements: specify fewer dates")]
    TooManyElements,
}

/// A Tariff object of OCPI 2.2.1.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "OcpiTariff")]
pub struct Object {
    /// The country of the party that owns the tariff, two letters of ISO 3166, from the query
    /// parameter `countryCode`.
    country_code: String,
    /// The party that owns the tariff, three letters or digits, from the query parameter `partyId`.
    party_id: String,
    /// The id of the tariff at that party: the query parameter `id`, else the tariff id of the
    /// platform.
    id: String,
    /// The currency of all prices, ISO 4217.
    currency: &'static str,
    /// The OCPI tariff type; always `REGULAR`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The prices and the times at which they hold. In each dimension the first element whose
    /// restrictions match applies.
    elements: Vec<Element>,
    /// The start of validity, RFC 3339 in UTC, in whole seconds: when the version comes into force
    /// or, if later, the first of the dates that are written out.
    #[serde(serialize_with = "as_seconds")]
    start_date_time: DateTime<Utc>,
    /// The end of validity, RFC 3339 in UTC, in whole seconds, itself not included: when the next
    /// version comes into force or the dates that are written out end, whichever is earlier. Absent
    /// if neither is known.
    #[serde(serialize_with = "as_seconds_if_any", skip_serializing_if = "Option::is_none")]
    end_date_time: Option<DateTime<Utc>>,
    /// When the version was published, RFC 3339 in UTC, in whole seconds.
    #[serde(serialize_with = "as_seconds")]
    last_updated: DateTime<Utc>,
}

/// Prices, and when they apply.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "OcpiTariffElement")]
struct Element {
    /// The price; always exactly one component.
    price_components: [Component; 1],
    /// When the price holds, in the local time of the location; absent if it always holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    restrictions: Option<Restrictions>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "OcpiPriceComponent")]
struct Component {
    /// What is priced: energy, the session (`FLAT`) or occupancy after the charge (`PARKING_TIME`).
    #[serde(rename = "type")]
    dimension: Dimension,
    /// The price in the major unit of the currency: per kWh for `ENERGY` (electricity and service
    /// together), per session for `FLAT`, per hour for `PARKING_TIME`.
    #[serde(serialize_with = "as_number")]
    #[schemars(with = "f64")]
    price: Decimal,
    /// The smallest amount that is billed: 1 Wh for `ENERGY`, 60 seconds for `PARKING_TIME`, 1 for
    /// `FLAT`.
    step_size: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schemars(rename = "OcpiTariffDimensionType")]
enum Dimension {
    Energy,
    Flat,
    ParkingTime,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
#[schemars(rename = "OcpiTariffRestrictions")]
struct Restrictions {
    /// The time of day from which the price holds, `HH:MM` in local time; absent if it holds all
    /// day.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<String>,
    /// The time of day until which the price holds, `HH:MM` in local time, itself not included;
    /// `00:00` is the end of the day. Absent if it holds all day.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<String>,
    /// The first date on which the price holds, `YYYY-MM-DD` in local time; absent if it does not
    /// depend on dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<NaiveDate>,
    /// The date until which the price holds, `YYYY-MM-DD` in local time, itself not included;
    /// absent if it does not depend on dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<NaiveDate>,
    /// The days of the week on which the price holds, such as `MONDAY`; absent if it holds on all
    /// of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    day_of_week: Vec<String>,
}

impl Header {
    /// Validates the sender and the id of an object.
    ///
    /// # Errors
    /// OCPI would not accept one of them.
    pub fn parse(
        country_code: &str,
        party_id: &str,
        id: &str,
        last_updated: DateTime<Utc>,
    ) -> Result<Self, InvalidHeader> {
        if country_code.len() != 2 || !country_code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidHeader::CountryCode);
        }
        if party_id.len() != 3 || !party_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(InvalidHeader::PartyId);
        }
        if !(1..=36).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidHeader::Id);
        }
        let (country_code, party_id, id) = (country_code.to_owned(), party_id.to_owned(), id.to_owned());
        Ok(Self { country_code, party_id, id, last_updated })
    }
}

impl Horizon {
    /// The maximum number of dates.
    pub const MAX_DAYS: u16 = 400;

    /// `days` dates from `first` on; `None` if there are none, more than [`Self::MAX_DAYS`], or
    /// dates outside 1970 to 2099.
    #[must_use]
    pub fn parse(first: NaiveDate, days: u16) -> Option<Self> {
        let known = NaiveDate::from_ymd_opt(1970, 1, 1)?..=NaiveDate::from_ymd_opt(2099, 12, 31)?;
        let end = first.checked_add_days(Days::new(days.into()))?;
        let valid = (1..=Self::MAX_DAYS).contains(&days) && known.contains(&first) && known.contains(&end);
        valid.then_some(Self { first, days })
    }

    /// The first date after the horizon.
    fn end(self) -> NaiveDate {
        self.first.checked_add_days(Days::new(self.days.into())).unwrap_or(NaiveDate::MAX)
    }

    fn dates(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take(self.days.into())
    }
}

/// Converts `version` of `tariff` to an object that ends at `superseded_at` if a later version is
/// known to follow then.
///
/// # Errors
/// What OCPI cannot express.
pub fn object(
    header: &Header,
    tariff: &Tariff,
    version: &TariffVersion,
    superseded_at: Option<DateTime<Utc>>,
    horizon: Option<Horizon>,
) -> Result<Object, Inexpressible> {
    let list = &version.price_list;
    let horizon_start = horizon.map(|horizon| list.zone().day_start(horizon.first));
    let horizon_end = horizon.map(|horizon| list.zone().day_start(horizon.end()));
    Ok(Object {
        country_code: header.country_code.clone(),
        party_id: header.party_id.clone(),
        id: header.id.clone(),
        currency: tariff.details.currency.code(),
        kind: "REGULAR",
        elements: elements(list, horizon)?,
        start_date_time: horizon_start
            .map_or(version.effective_from, |start| start.max(version.effective_from)),
        end_date_time: [superseded_at, horizon_end].into_iter().flatten().min(),
        last_updated: header.last_updated,
    })
}

fn elements(list: &PriceList, horizon: Option<Horizon>) -> Result<Vec<Element>, Inexpressible> {
    let mut elements = fees(list)?;
    for (index, schedule) in list.schedules().iter().enumerate() {
        for dates in date_ranges(list, index, schedule, horizon)? {
            for band in &schedule.bands {
                elements.extend(energy(schedule, dates, band));
            }
            if elements.len() > MAX_ELEMENTS {
                return Err(Inexpressible::TooManyElements);
            }
        }
    }
    Ok(elements)
}

/// The elements of the fees other than energy.
fn fees(list: &PriceList) -> Result<Vec<Element>, Inexpressible> {
    let flat = list.session_fee().map(|fee| Element::free(Dimension::Flat, fee.value(), 1));
    let parking = list.occupancy().map(|fee| {
        if fee.grace_minutes > 0 {
            return Err(Inexpressible::OccupancyGrace);
        }
        if fee.cap.is_some() {
            return Err(Inexpressible::OccupancyCap);
        }
        Ok(Element::free(Dimension::ParkingTime, per_hour(fee.price_per_minute), 60))
    });
    Ok(flat.into_iter().chain(parking.transpose()?).collect())
}

fn per_hour(per_minute: Price) -> Decimal {
    per_minute.value() * Decimal::from(60)
}

/// The first date, and the first one after the range; `None` for any date.
type Dates = Option<(NaiveDate, NaiveDate)>;

/// The dates on which a schedule may apply, regardless of weekdays.
fn date_ranges(
    list: &PriceList,
    index: usize,
    schedule: &Schedule,
    horizon: Option<Horizon>,
) -> Result<Vec<Dates>, Inexpressible> {
    let conditions = &schedule.conditions;
    if conditions.seasons.is_empty() && conditions.holiday.is_none() {
        return Ok(vec![None]);
    }
    let horizon = horizon.ok_or(Inexpressible::NeedsHorizon { schedule: index })?;
    let mut ranges: Vec<(NaiveDate, NaiveDate)> = vec![];
    let dates = horizon.dates().zip(horizon.dates().skip(1).chain([horizon.end()]));
    for (date, next) in dates.filter(|(date, _)| conditions.hold_but_for_weekdays(*date, list.holidays())) {
        match ranges.last_mut() {
            Some((_, end)) if *end == date => *end = next,
            _ => ranges.push((date, next)),
        }
    }
    Ok(ranges.into_iter().map(Some).collect())
}

/// The elements of a band, one per part.
fn energy(schedule: &Schedule, dates: Dates, band: &Band) -> impl Iterator<Item = Element> {
    let price = band.rate.per_kwh();
    let weekdays = &schedule.conditions.weekdays;
    let day_of_week: Vec<_> = weekdays.iter().copied().map(day_of_week).collect();
    band.parts().map(move |part| {
        let whole_day = part == (0, TimeOfDay::MINUTES);
        let clock = |minute: u16| (!whole_day).then(|| clock(minute));
        let restrictions = Restrictions {
            start_time: clock(part.0),
            end_time: clock(part.1),
            start_date: dates.map(|(first, _)| first),
            end_date: dates.map(|(_, end)| end),
            day_of_week: day_of_week.clone(),
        };
        let restrictions = (restrictions != Restrictions::default()).then_some(restrictions);
        Element { restrictions, ..Element::free(Dimension::Energy, price, 1) }
    })
}

impl Element {
    /// An element without restrictions.
    const fn free(dimension: Dimension, price: Decimal, step_size: u16) -> Self {
        Self { price_components: [Component { dimension, price, step_size }], restrictions: None }
    }
}

/// A minute of a day in OCPI's form, in which a day ends at `00:00`.
fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60 % 24, minute % 60)
}

fn day_of_week(day: Weekday) -> String {
    day.as_str().to_uppercase()
}

/// Times in OCPI have at most 25 characters.
fn as_seconds<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&at.format("%Y-%m-%dT%H:%M:%SZ"))
}

fn as_seconds_if_any<S: Serializer>(at: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => as_seconds(at, serializer),
        None => serializer.serialize_none(),
    }
}
