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
//! - A tier of a band is an element of its own, with `min_kwh` and `max_kwh`: the energy of the
//!   session from which and up to which it holds.
//! - A fee for the time in which energy flows is `TIME`, whose price is per hour, in steps of 1 s. A
//!   fee for all time of the session is an error, because pauses are not part of `TIME`.
//! - The session fee is a `FLAT` component without restrictions. A minute of occupancy is
//!   `PARKING_TIME`, whose price is per hour, in steps of 60 s, which charges a started minute as
//!   the platform does. OCPI has neither a grace period nor a cap for it alone: both are errors.
//! - The `step_size` of energy is 1 Wh, so OCPI's sum may exceed the platform's by up to 1 Wh.
//! - All prices in OCPI are without VAT. A tax rate is the `vat` of every component; without one, no
//!   `vat` is given, and whether prices include tax is for the parties to agree.
//! - OCPI does not express the rule for changes in the middle of a session ([`super::ChangeRule`]).

mod header;
mod horizon;
mod tariff_object;

pub use header::{Header, InvalidHeader};
pub use horizon::Horizon;
pub use tariff_object::Object;

use super::band::Band;
use super::charging_time::ChargingTimeBasis;
use super::energy::Energy;
use super::money::Price;
use super::price_list::{PriceList, Schedule};
use super::tier::CurrentTier;
use super::{Tariff, TariffVersion};
use crate::calendar::{TimeOfDay, Weekday};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use tariff_object::{Dimension, Element, Restrictions};

/// The maximum number of elements of an object.
pub const MAX_ELEMENTS: usize = 2_000;

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
    /// A fee for the time of the session, pauses included.
    #[error("chargingTime.basis session cannot be expressed in OCPI 2.2.1, which excludes pauses")]
    ChargingTimeWithPauses,
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
                elements.extend(energy(list, schedule, dates, band));
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
    let vat = list.tax_percent();
    let flat = list.session_fee().map(|fee| Element::free(Dimension::Flat, fee.value(), 1, vat));
    let time = list.charging_time().map(|fee| match fee.basis {
        ChargingTimeBasis::Session => Err(Inexpressible::ChargingTimeWithPauses),
        ChargingTimeBasis::EnergyFlow => {
            Ok(Element::free(Dimension::Time, per_hour(fee.price_per_minute), 1, vat))
        }
    });
    let parking = list.occupancy().map(|fee| {
        if fee.grace_minutes > 0 {
            return Err(Inexpressible::OccupancyGrace);
        }
        if fee.cap.is_some() {
            return Err(Inexpressible::OccupancyCap);
        }
        Ok(Element::free(Dimension::ParkingTime, per_hour(fee.price_per_minute), 60, vat))
    });
    flat.map(Ok).into_iter().chain(time).chain(parking).collect()
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

/// The elements of a band, one per part and tier.
fn energy(list: &PriceList, schedule: &Schedule, dates: Dates, band: &Band) -> Vec<Element> {
    let weekdays = &schedule.conditions.weekdays;
    let day_of_week: Vec<_> = weekdays.iter().copied().map(day_of_week).collect();
    let element = |part: (u16, u16), tier: CurrentTier, min_kwh: Option<Energy>| {
        let whole_day = part == (0, TimeOfDay::MINUTES);
        let clock = |minute: u16| (!whole_day).then(|| clock(minute));
        let restrictions = Restrictions {
            start_time: clock(part.0),
            end_time: clock(part.1),
            start_date: dates.map(|(first, _)| first),
            end_date: dates.map(|(_, end)| end),
            min_kwh: min_kwh.map(Energy::kwh),
            max_kwh: tier.until.map(Energy::kwh),
            day_of_week: day_of_week.clone(),
        };
        let restrictions = (restrictions != Restrictions::default()).then_some(restrictions);
        let price = tier.rate.per_kwh();
        Element { restrictions, ..Element::free(Dimension::Energy, price, 1, list.tax_percent()) }
    };
    let thresholds = || std::iter::once(None).chain(band.tiers.iter().map(|tier| Some(tier.above_wh)));
    let elements_of =
        |part| thresholds().map(move |above| (part, band.tier_after(above.unwrap_or(Energy::ZERO)), above));
    let elements = band.parts().flat_map(elements_of);
    elements.map(|(part, tier, above)| element(part, tier, above)).collect()
}

/// A minute of a day in OCPI's form, in which a day ends at `00:00`.
fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60 % 24, minute % 60)
}

fn day_of_week(day: Weekday) -> String {
    day.as_str().to_uppercase()
}
