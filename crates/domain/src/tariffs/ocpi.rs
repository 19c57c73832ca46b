//! A version of a tariff as a Tariff object of OCPI 2.2.1.
//!
//! How it is said there:
//! - A band is an element with an `ENERGY` component, restricted to `start_time` and `end_time`, in the local time of the
//!   location. A band that crosses midnight is two elements; the end of a day is `00:00`. Seconds and zones are not said there:
//!   the location's `time_zone` must be the one of the price list.
//! - Schedules become elements in the order of the schedules, since in OCPI too the first element that fits prices the energy.
//!   Weekdays are `day_of_week`.
//! - Seasons and holidays do not come back by themselves in OCPI, whose dates have years. So they are written out for
//!   the dates of a [`Horizon`], as `start_date` and `end_date` (which is not included), and the object ends with these
//!   dates. Without a horizon such a version is an error.
//! - OCPI has one price for energy: it is the sum of electricity and service. That they were apart is lost.
//! - The session fee is a `FLAT` component without restrictions; a minute of occupancy is `PARKING_TIME`, whose price is for an
//!   hour, in steps of 60 s, which charges a minute that only began as the platform does. OCPI knows no grace time and no cap of
//!   it alone: those are errors.
//! - `step_size` of energy is 1 Wh, so that OCPI's sum may count up to 1 Wh more than the platform's.
//! - All prices are without VAT in OCPI; whether the tariff's are is between the parties, and no `vat` is said.
//! - How a change in mid-session is settled ([`super::ChangeRule`]) is not said by OCPI.

use super::band::Band;
use super::money::{Price, as_number};
use super::price_list::{PriceList, Schedule};
use super::{Tariff, TariffVersion};
use crate::calendar::{TimeOfDay, Weekday};
use chrono::{DateTime, Days, NaiveDate, Utc};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// The most elements that an object is given.
pub const MAX_ELEMENTS: usize = 2_000;

/// Who says it, and under which id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    country_code: String,
    party_id: String,
    id: String,
    last_updated: DateTime<Utc>,
}

/// Not what OCPI accepts as ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeader {
    /// The country.
    #[error("countryCode must be two letters of ISO 3166, such as CN")]
    CountryCode,
    /// The party.
    #[error("partyId must be three letters or digits")]
    PartyId,
    /// The id.
    #[error("id must be 1 to 36 printable ASCII characters")]
    Id,
}

/// The dates that seasons and holidays are written out for. (Newfoundland once set its clocks back at a minute past midnight: the
/// minutes of the date before that came again are not written out. No zone does so any more.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    first: NaiveDate,
    days: u16,
}

/// What OCPI cannot say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Inexpressible {
    /// Seasons or holidays, for which no horizon was given.
    #[error("schedules[{schedule}] depends on seasons or holidays: name the dates to write them out for")]
    NeedsHorizon {
        /// Which schedule, counted from 0.
        schedule: usize,
    },
    /// Minutes of occupancy that cost nothing.
    #[error("occupancy.graceMinutes cannot be said in OCPI 2.2.1")]
    OccupancyGrace,
    /// A limit of what occupancy costs.
    #[error("occupancy.cap cannot be said in OCPI 2.2.1")]
    OccupancyCap,
    /// Too many bands on too many separate dates.
    #[error("there would be more than {MAX_ELEMENTS} elements: name fewer dates")]
    TooManyElements,
}

/// A Tariff object.
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

/// Prices, and when they hold.
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
    /// What stands at the head of an object.
    ///
    /// # Errors
    /// When OCPI would not accept it.
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
    /// The most dates.
    pub const MAX_DAYS: u16 = 400;

    /// So many dates, from `first` on; `None` when they are none, more than [`Self::MAX_DAYS`], or beyond 1970 to 2099.
    #[must_use]
    pub fn parse(first: NaiveDate, days: u16) -> Option<Self> {
        let known = NaiveDate::from_ymd_opt(1970, 1, 1)?..=NaiveDate::from_ymd_opt(2099, 12, 31)?;
        let end = first.checked_add_days(Days::new(days.into()))?;
        let valid = (1..=Self::MAX_DAYS).contains(&days) && known.contains(&first) && known.contains(&end);
        valid.then_some(Self { first, days })
    }

    /// The first date after it.
    fn end(self) -> NaiveDate {
        self.first.checked_add_days(Days::new(self.days.into())).unwrap_or(NaiveDate::MAX)
    }

    fn dates(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take(self.days.into())
    }
}

/// The object that says what `version` of `tariff` says, until `superseded_at` if a later version is known to follow then.
///
/// # Errors
/// What OCPI cannot say.
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

/// The elements of what is not energy.
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

/// A first date, and the first one after the range; `None` for whatever date.
type Dates = Option<(NaiveDate, NaiveDate)>;

/// On which dates a schedule may hold, as far as weekdays allow.
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

/// The elements of a band: one for each of its parts.
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
    /// A price that always holds.
    const fn free(dimension: Dimension, price: Decimal, step_size: u16) -> Self {
        Self { price_components: [Component { dimension, price, step_size }], restrictions: None }
    }
}

/// A minute of a day as OCPI writes it, where a day ends at `00:00`.
fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60 % 24, minute % 60)
}

fn day_of_week(day: Weekday) -> String {
    day.as_str().to_uppercase()
}

/// OCPI's times have 25 characters at most.
fn as_seconds<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&at.format("%Y-%m-%dT%H:%M:%SZ"))
}

fn as_seconds_if_any<S: Serializer>(at: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => as_seconds(at, serializer),
        None => serializer.serialize_none(),
    }
}
