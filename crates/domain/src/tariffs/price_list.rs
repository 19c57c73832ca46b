//! A checked price list, the content of a version of a tariff.

use super::band::Band;
use super::charging_time::ChargingTimeFee;
use super::money::Price;
use super::season::Season;
use super::tax::TaxPercent;
use super::zone::Zone;
use crate::calendar::{TimeOfDay, Weekday};
use chrono::{NaiveDate, NaiveDateTime, Timelike};
use std::collections::BTreeSet;

/// The content of a version of a tariff. Every price list satisfies
/// [`PriceListDraft::check`](super::PriceListDraft::check), except that a price may be implausible
/// for its currency, which the price list does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceList {
    pub(super) zone: Zone,
    pub(super) holidays: BTreeSet<NaiveDate>,
    pub(super) schedules: Vec<Schedule>,
    pub(super) session_fee: Option<Price>,
    pub(super) charging_time: Option<ChargingTimeFee>,
    pub(super) occupancy: Option<OccupancyFee>,
    pub(super) tax_percent: Option<TaxPercent>,
}

/// The bands of a day, and the dates on which they apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The conditions on a date. The first schedule whose conditions hold applies.
    pub conditions: Conditions,
    /// The bands in the operator's order, which cover each minute of a day exactly once.
    pub bands: Vec<Band>,
}

/// The conditions on a date; all of them must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    /// The date is in one of these seasons; any part of the year if empty.
    pub seasons: Vec<Season>,
    /// The date is one of these days of the week; any day if empty.
    pub weekdays: BTreeSet<Weekday>,
    /// Whether the date is a holiday; `None` if that does not matter.
    pub holiday: Option<bool>,
}

/// The fee for staying plugged in after the charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OccupancyFee {
    /// The price per started minute after the grace period.
    pub price_per_minute: Price,
    /// The free time, in minutes.
    pub grace_minutes: u16,
    /// The maximum fee per session; `None` without a limit.
    pub cap: Option<Price>,
}

/// A band of a price list, with its indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundBand<'list> {
    /// The index of the schedule that applies on the date.
    pub schedule: usize,
    /// The index of the band that contains the minute.
    pub index: usize,
    /// The band.
    pub band: &'list Band,
}

impl PriceList {
    /// The zone of the stations.
    #[must_use]
    pub const fn zone(&self) -> Zone {
        self.zone
    }

    /// The dates that count as holidays.
    #[must_use]
    pub const fn holidays(&self) -> &BTreeSet<NaiveDate> {
        &self.holidays
    }

    /// The schedules in the order in which they are evaluated; the last one applies on every date.
    #[must_use]
    pub fn schedules(&self) -> &[Schedule] {
        &self.schedules
    }

    /// The fee per session, independent of the energy.
    #[must_use]
    pub const fn session_fee(&self) -> Option<Price> {
        self.session_fee
    }

    /// The fee for the time of charging.
    #[must_use]
    pub const fn charging_time(&self) -> Option<&ChargingTimeFee> {
        self.charging_time.as_ref()
    }

    /// The rate of the tax that is added to all prices; `None` if the price list names none.
    #[must_use]
    pub const fn tax_percent(&self) -> Option<TaxPercent> {
        self.tax_percent
    }

    /// The fee for staying plugged in after the charge.
    #[must_use]
    pub const fn occupancy(&self) -> Option<&OccupancyFee> {
        self.occupancy.as_ref()
    }

    /// The schedule that applies on a date, and its index.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the check rejects lists whose last schedule has conditions")]
    pub fn schedule_on(&self, date: NaiveDate) -> (usize, &Schedule) {
        let mut schedules = self.schedules.iter().enumerate();
        let holds = |(_, schedule): &(usize, &Schedule)| schedule.conditions.hold(date, &self.holidays);
        schedules.find(holds).expect("the last schedule has no conditions")
    }

    /// The band of the minute that the local clock shows.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the check rejects lists whose bands leave a gap")]
    pub fn band_at(&self, local: NaiveDateTime) -> FoundBand<'_> {
        let (schedule, Schedule { bands, .. }) = self.schedule_on(local.date());
        let minute = minute_of_day(local);
        let found = bands.iter().enumerate().find(|(_, band)| band.contains(minute));
        let (index, band) = found.expect("bands leave no gap");
        FoundBand { schedule, index, band }
    }
}

/// Minutes since midnight.
pub(super) fn minute_of_day(local: NaiveDateTime) -> u16 {
    u16::try_from(local.hour() * 60 + local.minute()).unwrap_or(TimeOfDay::MINUTES - 1)
}

impl Conditions {
    /// Whether there are no conditions, so that they hold on every date.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the conditions hold on a date.
    #[must_use]
    pub fn hold(&self, date: NaiveDate, holidays: &BTreeSet<NaiveDate>) -> bool {
        let weekday = self.weekdays.is_empty() || self.weekdays.contains(&Weekday::of(date));
        weekday && self.hold_but_for_weekdays(date, holidays)
    }

    /// Whether the conditions other than weekdays hold on a date.
    pub(super) fn hold_but_for_weekdays(&self, date: NaiveDate, holidays: &BTreeSet<NaiveDate>) -> bool {
        let season = self.seasons.is_empty() || self.seasons.iter().any(|season| season.contains(date));
        season && self.holiday.is_none_or(|wanted| wanted == holidays.contains(&date))
    }
}

impl FoundBand<'_> {
    /// The end of the band's period that contains `minute`, as a minute of the day counted from
    /// midnight.
    pub(super) fn goes_on_until(&self, minute: u16) -> u16 {
        let part = self.band.parts().find(|(from, to)| *from <= minute && minute < *to);
        part.map_or(TimeOfDay::MINUTES, |(_, to)| to)
    }
}
