//! The dates for which seasons and holidays are expanded.

use chrono::{Days, NaiveDate};

/// The dates for which seasons and holidays are expanded. (Newfoundland once set its clocks back at
/// a minute past midnight: the repeated minutes of the date before are not expanded. No zone does
/// so any more.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    pub(super) first: NaiveDate,
    days: u16,
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
    pub(super) fn end(self) -> NaiveDate {
        self.first.checked_add_days(Days::new(self.days.into())).unwrap_or(NaiveDate::MAX)
    }

    pub(super) fn dates(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take(self.days.into())
    }
}
