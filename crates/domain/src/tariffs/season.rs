//! Seasons: parts of the year that recur each year.

use crate::schema::written_as;
use chrono::{Datelike, NaiveDate};
use schemars::json_schema;
use std::fmt;

/// A day of any year, `MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthDay {
    month: u32,
    day: u32,
}

/// An invalid day of the year. The message is suitable for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a day of the year must be written as MM-DD, from 01-01 to 12-31")]
pub struct InvalidMonthDay;

/// A season, both days included; if `from` is later than `to`, it extends over the new year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Season {
    /// The first day.
    pub from: MonthDay,
    /// The last day.
    pub to: MonthDay,
}

impl MonthDay {
    /// Accepts `MM-DD`, including `02-29`.
    ///
    /// # Errors
    /// The text has another form, or no year has that day.
    pub fn parse(raw: &str) -> Result<Self, InvalidMonthDay> {
        // A leap year has every day that any year has.
        let date = (raw.len() == 5).then(|| format!("2000-{raw}")).and_then(|date| {
            let plain = date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            date.parse::<NaiveDate>().ok().filter(|_| plain)
        });
        date.map(Self::of).ok_or(InvalidMonthDay)
    }

    /// The day of the year of a date.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        Self { month: date.month(), day: date.day() }
    }
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

written_as!(
    MonthDay,
    "MonthDay",
    json_schema!({
        "description": "A day of any year, `MM-DD`.",
        "type": "string",
        "pattern": "^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    })
);

impl Season {
    /// Whether the season contains a date. A season that ends on 02-29 ends on 02-28 in years
    /// without that day, and one that begins then begins on 03-01.
    #[must_use]
    pub fn contains(self, date: NaiveDate) -> bool {
        let day = MonthDay::of(date);
        if self.from <= self.to {
            self.from <= day && day <= self.to
        } else {
            self.from <= day || day <= self.to
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn season(from: &str, to: &str) -> Season {
        Season { from: MonthDay::parse(from).unwrap(), to: MonthDay::parse(to).unwrap() }
    }

    #[test]
    fn a_season_includes_both_days_and_may_cross_the_new_year() {
        let within = |season: Season, date: &str| season.contains(date.parse().unwrap());
        let summer = season("07-01", "08-31");
        assert!(within(summer, "2026-07-01") && within(summer, "2026-08-31"));
        assert!(!within(summer, "2026-06-30") && !within(summer, "2026-09-01"));
        let winter = season("12-01", "02-29");
        assert!(within(winter, "2026-12-01") && within(winter, "2027-01-15") && within(winter, "2028-02-29"));
        assert!(
            within(winter, "2027-02-28") && !within(winter, "2027-03-01") && !within(winter, "2026-11-30")
        );
    }

    #[test]
    fn a_day_of_the_year_has_exactly_one_form() {
        assert_eq!(MonthDay::parse("02-29").unwrap().to_string(), "02-29");
        for wrong in ["02-30", "13-01", "00-10", "2-29", "0229", "01-1 ", "+1-01", "01-+1", ""] {
            assert_eq!(MonthDay::parse(wrong), Err(InvalidMonthDay), "{wrong}");
        }
    }
}
