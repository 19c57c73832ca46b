//! A price list: what a version of a tariff says, checked.

use super::band::Band;
use super::money::Price;
use super::season::Season;
use super::zone::Zone;
use crate::calendar::{TimeOfDay, Weekday};
use chrono::{NaiveDate, NaiveDateTime, Timelike};
use std::collections::BTreeSet;

/// What a version of a tariff says. There is none that [`Draft::check`](super::Draft::check) would find fault with, save that a price may be
/// absurd in its currency, which the price list does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceList {
    pub(super) zone: Zone,
    pub(super) holidays: BTreeSet<NaiveDate>,
    pub(super) schedules: Vec<Schedule>,
    pub(super) session_fee: Option<Price>,
    pub(super) occupancy: Option<OccupancyFee>,
}

/// The bands of a day, and on which dates they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// What must be so of a date. The first schedule whose conditions hold has the date.
    pub conditions: Conditions,
    /// Bands, as the operator wrote them, that have each minute of a day exactly once.
    pub bands: Vec<Band>,
}

/// What must be so of a date; all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    /// It is in one of these seasons; whatever part of the year if there are none.
    pub seasons: Vec<Season>,
    /// It is one of these days; whatever day if there are none.
    pub weekdays: BTreeSet<Weekday>,
    /// Whether it is a holiday; `None` if that does not matter.
    pub holiday: Option<bool>,
}

/// What it costs to stay plugged in when the charge is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OccupancyFee {
    /// For each minute, also one that only began, after the grace time.
    pub price_per_minute: Price,
    /// How long it costs nothing, in minutes.
    pub grace_minutes: u16,
    /// What it costs at most in one session; `None` if there is no limit.
    pub cap: Option<Price>,
}

/// A band of a price list, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundBand<'list> {
    /// Which schedule has the date, counted from 0.
    pub schedule: usize,
    /// Which of its bands has the minute, counted from 0.
    pub index: usize,
    /// The band.
    pub band: &'list Band,
}

impl PriceList {
    /// The zone of the stations that it is for.
    #[must_use]
    pub const fn zone(&self) -> Zone {
        self.zone
    }

    /// The dates that count as holidays.
    #[must_use]
    pub const fn holidays(&self) -> &BTreeSet<NaiveDate> {
        &self.holidays
    }

    /// The schedules, in the order in which they are asked; the last one holds on every date.
    #[must_use]
    pub fn schedules(&self) -> &[Schedule] {
        &self.schedules
    }

    /// What each session costs, whatever is charged.
    #[must_use]
    pub const fn session_fee(&self) -> Option<Price> {
        self.session_fee
    }

    /// What it costs to stay plugged in when the charge is over.
    #[must_use]
    pub const fn occupancy(&self) -> Option<&OccupancyFee> {
        self.occupancy.as_ref()
    }

    /// Which schedule has a date, and where it stands.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the check lets no list pass whose last schedule has conditions")]
    pub fn schedule_on(&self, date: NaiveDate) -> (usize, &Schedule) {
        let mut schedules = self.schedules.iter().enumerate();
        let holds = |(_, schedule): &(usize, &Schedule)| schedule.conditions.hold(date, &self.holidays);
        schedules.find(holds).expect("the last schedule has no conditions")
    }

    /// The band of the minute that the clock shows.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the check lets no list pass whose bands leave a gap")]
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
    /// Whether there are none, so that they hold on every date.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether they hold on a date.
    #[must_use]
    pub fn hold(&self, date: NaiveDate, holidays: &BTreeSet<NaiveDate>) -> bool {
        let weekday = self.weekdays.is_empty() || self.weekdays.contains(&Weekday::of(date));
        weekday && self.hold_but_for_weekdays(date, holidays)
    }

    /// Whether those hold that do not come back each week.
    pub(super) fn hold_but_for_weekdays(&self, date: NaiveDate, holidays: &BTreeSet<NaiveDate>) -> bool {
        let season = self.seasons.is_empty() || self.seasons.iter().any(|season| season.contains(date));
        season && self.holiday.is_none_or(|wanted| wanted == holidays.contains(&date))
    }
}

impl FoundBand<'_> {
    /// The minute of the day, counted from midnight, up to which the band goes on from `minute`, which is in it.
    pub(super) fn goes_on_until(&self, minute: u16) -> u16 {
        let part = self.band.parts().find(|(from, to)| *from <= minute && minute < *to);
        part.map_or(TimeOfDay::MINUTES, |(_, to)| to)
    }
}
