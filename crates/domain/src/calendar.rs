//! Days of the week and minutes of a day, as opening hours and price lists name them.

use crate::schema::written_as;
use chrono::{Datelike, NaiveDate};
use schemars::{JsonSchema, json_schema};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A day of the week.
#[expect(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// Every day, Monday first.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "Monday",
            Self::Tuesday => "Tuesday",
            Self::Wednesday => "Wednesday",
            Self::Thursday => "Thursday",
            Self::Friday => "Friday",
            Self::Saturday => "Saturday",
            Self::Sunday => "Sunday",
        }
    }

    /// Parses the name in the API.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|day| day.as_str() == name)
    }

    /// The day of the week of a date.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        match date.weekday() {
            chrono::Weekday::Mon => Self::Monday,
            chrono::Weekday::Tue => Self::Tuesday,
            chrono::Weekday::Wed => Self::Wednesday,
            chrono::Weekday::Thu => Self::Thursday,
            chrono::Weekday::Fri => Self::Friday,
            chrono::Weekday::Sat => Self::Saturday,
            chrono::Weekday::Sun => Self::Sunday,
        }
    }
}

/// A minute of a day, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

/// An invalid time of day. The message is suitable for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time of day must be written as HH:MM, from 00:00 to 24:00")]
pub struct InvalidTimeOfDay;

impl TimeOfDay {
    /// The number of minutes of a day.
    pub const MINUTES: u16 = 24 * 60;

    /// The minutes since midnight, 0 to 1440.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// The time `minutes` after midnight; `None` beyond `24:00`.
    #[must_use]
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes <= Self::MINUTES { Some(Self(minutes)) } else { None }
    }

    /// Accepts `HH:MM`, from `00:00` to `24:00`.
    ///
    /// # Errors
    /// The text has another form.
    pub fn parse(raw: &str) -> Result<Self, InvalidTimeOfDay> {
        let two_digits = |text: &str| {
            let plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|_| plain)
        };
        let time = raw.split_once(':').and_then(|(hours, minutes)| {
            let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
            let time = hours * 60 + minutes;
            (minutes < 60 && time <= 24 * 60).then_some(Self(time))
        });
        time.ok_or(InvalidTimeOfDay)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

written_as!(
    TimeOfDay,
    "TimeOfDay",
    json_schema!({
        "description": "A minute of a day, `00:00` to `24:00`.",
        "type": "string",
        "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
    })
);

impl TryFrom<String> for TimeOfDay {
    type Error = InvalidTimeOfDay;
    fn try_from(raw: String) -> Result<Self, InvalidTimeOfDay> {
        Self::parse(&raw)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_time_has_exactly_one_form() {
        for wrong in ["8:00", "08:60", "24:01", "0800", "+8:00", "08:00:00", "", "99:99", "０８:00"] {
            assert_eq!(TimeOfDay::parse(wrong), Err(InvalidTimeOfDay), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_minute_survives_serialization(minute in 0..=1440_u16) {
            prop_assert_eq!(TimeOfDay::parse(&TimeOfDay(minute).to_string()), Ok(TimeOfDay(minute)));
        }
    }

    #[test]
    fn every_weekday_has_the_same_name_in_every_form() {
        for day in Weekday::ALL {
            assert_eq!(Weekday::parse(day.as_str()), Some(day));
            assert_eq!(serde_json::to_value(day).unwrap(), day.as_str());
        }
        assert_eq!(Weekday::parse("monday"), None);
        assert_eq!(Weekday::of(NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()), Weekday::Monday);
    }
}
