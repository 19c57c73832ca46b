//! Checks a price list before it is saved and reports all errors, each with its path.

mod cover;
mod fees;

use super::band::{Band, BandKind, Rate};
use super::currency::Currency;
use super::draft::{BandDraft, PriceListDraft, ScheduleDraft, SeasonDraft};
use super::money::Price;
use super::price_list::{Conditions, PriceList, Schedule};
use super::season::{MonthDay, Season};
use super::tax::TaxPercent;
use super::zone::Zone;
use crate::calendar::{TimeOfDay, Weekday};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The maximum number of bands of a day: one per quarter of an hour.
pub const MAX_BANDS: usize = 96;
/// The maximum number of schedules of a price list.
pub const MAX_SCHEDULES: usize = 16;
/// The maximum number of seasons of a schedule.
pub const MAX_SEASONS: usize = 12;
/// The maximum number of holidays of a price list.
pub const MAX_HOLIDAYS: usize = 400;
/// The maximum number of tiers of a band.
pub const MAX_TIERS: usize = 8;
/// The maximum threshold of a tier, in Wh: a GWh.
pub const MAX_TIER_WH: i64 = 1_000_000_000;
/// The longest grace period, in minutes.
pub const MAX_GRACE_MINUTES: u16 = 1_440;
/// The maximum of a session fee or an occupancy cap, as a multiple of the highest price of a kWh.
const FEE_IN_KWH: u32 = 100;

/// An error in a price list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// The path of the value, such as `schedules[0].bands[2].to`.
    pub path: String,
    /// The error. Suitable for the caller.
    pub message: String,
}

/// All errors in a price list; at least one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Findings(pub Vec<Finding>);

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Finding { path, message }) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{path}: {message}")?;
        }
        Ok(())
    }
}

/// Parses `draft`. Without a currency, implausibly high prices cannot be detected.
fn read(draft: &PriceListDraft, currency: Option<Currency>) -> Result<PriceList, Findings> {
    let mut check = Check { findings: vec![], highest_per_kwh: currency.map(Currency::highest_per_kwh) };
    let zone = check.valid_or_finding("timeZone", Zone::parse(&draft.time_zone));
    let named = draft.holidays.as_deref().unwrap_or_default();
    let holidays = check.holidays(named);
    let schedules = check.schedules(&draft.schedules, !named.is_empty());
    let session_fee =
        draft.session_fee.as_ref().and_then(|raw| check.price("sessionFee", raw, Decimal::from(FEE_IN_KWH)));
    let charging_time = draft.charging_time.as_ref().and_then(|fee| check.charging_time(fee));
    let occupancy = draft.occupancy.as_ref().and_then(|fee| check.occupancy(fee));
    let tax_percent = draft.tax_percent.as_ref();
    let tax_percent =
        tax_percent.and_then(|raw| check.valid_or_finding("taxPercent", TaxPercent::parse(raw)));
    match zone {
        Some(zone) if check.findings.is_empty() => {
            Ok(PriceList { zone, holidays, schedules, session_fee, charging_time, occupancy, tax_percent })
        }
        _ => Err(Findings(check.findings)),
    }
}

impl PriceListDraft {
    /// Checks the draft and returns it as a price list with prices in `currency`.
    ///
    /// # Errors
    /// All errors in the draft, each with its path.
    pub fn check(&self, currency: Currency) -> Result<PriceList, Findings> {
        read(self, Some(currency))
    }
}

impl TryFrom<PriceListDraft> for PriceList {
    type Error = Findings;
    fn try_from(draft: PriceListDraft) -> Result<Self, Findings> {
        read(&draft, None)
    }
}

impl<'de> Deserialize<'de> for PriceList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(PriceListDraft::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A check in progress. Invalid values are added to the findings and left out of the result.
struct Check {
    findings: Vec<Finding>,
    highest_per_kwh: Option<Decimal>,
}

impl Check {
    fn add_finding(&mut self, path: impl Into<String>, message: impl fmt::Display) {
        self.findings.push(Finding { path: path.into(), message: message.to_string() });
    }

    fn valid_or_finding<T, E: fmt::Display>(
        &mut self,
        path: impl Into<String>,
        parsed: Result<T, E>,
    ) -> Option<T> {
        parsed.map_err(|error| self.add_finding(path, error)).ok()
    }

    /// Adds a finding if there are fewer than `min` or more than `max` entries; returns whether
    /// there are too many to check each of them.
    fn count(&mut self, path: &str, count: usize, min: usize, max: usize) -> bool {
        if count < min || count > max {
            self.add_finding(path, format_args!("must have {min} to {max} entries"));
        }
        count > max
    }

    /// Parses a price of at most `times` the highest price of a kWh.
    fn price(&mut self, path: impl Into<String>, raw: &str, times: Decimal) -> Option<Price> {
        let path = path.into();
        let price = self.valid_or_finding(path.clone(), Price::parse(raw))?;
        if let Some(most) = self.highest_per_kwh.map(|highest| highest * times)
            && price.value() > most
        {
            self.add_finding(path, format_args!("must be at most {most}; check the decimal point"));
        }
        Some(price)
    }

    fn holidays(&mut self, raw: &[String]) -> BTreeSet<NaiveDate> {
        let mut holidays = BTreeSet::new();
        if self.count("holidays", raw.len(), 0, MAX_HOLIDAYS) {
            return holidays;
        }
        for (index, raw) in raw.iter().enumerate() {
            let path = format!("holidays[{index}]");
            // The date must be written in its only form, so that it stays unchanged when it is
            // serialized again.
            match raw.parse::<NaiveDate>().ok().filter(|date| date.to_string() == *raw) {
                None => self.add_finding(path, "must be a date, written as YYYY-MM-DD"),
                Some(date) if !holidays.insert(date) => self.add_finding(path, "is listed twice"),
                Some(_) => {}
            }
        }
        holidays
    }

    fn schedules(&mut self, drafts: &[ScheduleDraft], has_holidays: bool) -> Vec<Schedule> {
        if self.count("schedules", drafts.len(), 1, MAX_SCHEDULES) {
            return vec![];
        }
        let mut schedules = Vec::with_capacity(drafts.len());
        for (index, draft) in drafts.iter().enumerate() {
            let path = format!("schedules[{index}]");
            let is_last = index + 1 == drafts.len();
            let is_free = draft.seasons.is_none() && draft.weekdays.is_none() && draft.holiday.is_none();
            if is_last && !is_free {
                self.add_finding(
                    path.as_str(),
                    "must have no conditions, because the last schedule must apply to every remaining date",
                );
            }
            if !is_last && is_free {
                self.add_finding(
                    path.as_str(),
                    "must have a condition; without one, the schedules after it never apply",
                );
            }
            if draft.holiday == Some(true) && !has_holidays {
                self.add_finding(format!("{path}.holiday"), "requires holidays, but the price list has none");
            }
            let conditions = self.conditions(&path, draft);
            let bands = self.bands(&format!("{path}.bands"), &draft.bands);
            schedules.push(Schedule { conditions, bands });
        }
        schedules
    }

    fn conditions(&mut self, path: &str, draft: &ScheduleDraft) -> Conditions {
        let seasons = draft.seasons.as_ref().map(|seasons| self.seasons(&format!("{path}.seasons"), seasons));
        let weekdays = draft.weekdays.as_ref().map(|days| self.weekdays(&format!("{path}.weekdays"), days));
        Conditions {
            seasons: seasons.unwrap_or_default(),
            weekdays: weekdays.unwrap_or_default(),
            holiday: draft.holiday,
        }
    }

    fn seasons(&mut self, path: &str, drafts: &[SeasonDraft]) -> Vec<Season> {
        let mut seasons = vec![];
        if self.count(path, drafts.len(), 1, MAX_SEASONS) {
            return seasons;
        }
        for (index, draft) in drafts.iter().enumerate() {
            let from = self.valid_or_finding(format!("{path}[{index}].from"), MonthDay::parse(&draft.from));
            let to = self.valid_or_finding(format!("{path}[{index}].to"), MonthDay::parse(&draft.to));
            seasons.extend(from.zip(to).map(|(from, to)| Season { from, to }));
        }
        seasons
    }

    fn weekdays(&mut self, path: &str, raw: &[String]) -> BTreeSet<Weekday> {
        let mut weekdays = BTreeSet::new();
        if self.count(path, raw.len(), 1, Weekday::ALL.len()) {
            return weekdays;
        }
        for (index, name) in raw.iter().enumerate() {
            let path = format!("{path}[{index}]");
            match Weekday::parse(name) {
                None => self.add_finding(path, "must be a day of the week, such as Monday"),
                Some(day) if !weekdays.insert(day) => self.add_finding(path, "is listed twice"),
                Some(_) => {}
            }
        }
        weekdays
    }

    fn bands(&mut self, path: &str, drafts: &[BandDraft]) -> Vec<Band> {
        if self.count(path, drafts.len(), 1, MAX_BANDS) {
            return vec![];
        }
        let bands: Vec<_> =
            drafts.iter().enumerate().map(|(i, draft)| self.band(&format!("{path}[{i}]"), draft)).collect();
        for overlap in cover::overlaps(&bands) {
            self.add_finding(format!("{path}[{}]", overlap.band), overlap);
        }
        // While a band is invalid, the time that it covers is unknown.
        if bands.iter().all(|(times, _)| times.is_some()) && !bands.is_empty() {
            for gap in cover::gaps(&bands) {
                self.add_finding(path, gap);
            }
        }
        bands.into_iter().filter_map(|(_, band)| band).collect()
    }

    /// The times of a band, and the band, each if it is valid.
    fn band(&mut self, path: &str, draft: &BandDraft) -> (Option<cover::Times>, Option<Band>) {
        let from = self.valid_or_finding(format!("{path}.from"), TimeOfDay::parse(&draft.from));
        let to = self.valid_or_finding(format!("{path}.to"), TimeOfDay::parse(&draft.to));
        let times = from.zip(to).and_then(|(from, to)| self.times(path, from, to));
        let kind = BandKind::parse(&draft.kind).ok_or("must be sharp, peak, flat or valley");
        let kind = self.valid_or_finding(format!("{path}.kind"), kind);
        let rate = self.rate(path, &draft.electricity_price, &draft.service_fee);
        let tiers = draft.tiers.as_ref().map(|tiers| self.tiers(&format!("{path}.tiers"), tiers));
        let tiers = tiers.unwrap_or_default();
        let band = times.zip(kind).zip(rate);
        (times, band.map(|(((from, to), kind), rate)| Band { from, to, kind, rate, tiers }))
    }

    fn rate(&mut self, path: &str, electricity: &str, service: &str) -> Option<Rate> {
        let electricity = self.price(format!("{path}.electricityPrice"), electricity, Decimal::ONE);
        let service = self.price(format!("{path}.serviceFee"), service, Decimal::ONE);
        let rate = electricity.zip(service);
        rate.map(|(electricity_price, service_fee)| Rate { electricity_price, service_fee })
    }

    fn times(&mut self, path: &str, from: TimeOfDay, to: TimeOfDay) -> Option<cover::Times> {
        if from.minutes() == TimeOfDay::MINUTES {
            self.add_finding(format!("{path}.from"), "must be before 24:00; a day begins at 00:00");
            return None;
        }
        if from == to {
            self.add_finding(
                format!("{path}.to"),
                "must differ from the start; a whole day is from 00:00 to 24:00",
            );
            return None;
        }
        Some((from, to))
    }
}
