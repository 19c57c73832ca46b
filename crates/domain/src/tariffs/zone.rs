//! Time zones (IANA) and their local times.

use crate::calendar::TimeOfDay;
use crate::schema::written_as;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};
use schemars::json_schema;
use std::fmt;

/// A time zone with its rules, including daylight saving time.
///
/// A price is the one of the minute that the wall clock shows, so each instant has exactly one
/// price. Local times that are skipped when clocks are set forward have no instants, and those that
/// occur twice when clocks are set back have their price both times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

/// A name outside the IANA time zone database. The message is suitable for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the name of an IANA time zone, such as Asia/Shanghai")]
pub struct UnknownZone;

impl Zone {
    /// The zone with the given name.
    ///
    /// # Errors
    /// The database has no such zone.
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        name.parse().map(Self).map_err(|_unknown| UnknownZone)
    }

    /// The IANA name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The local time at an instant.
    #[must_use]
    pub fn local(self, at: DateTime<Utc>) -> DateTime<FixedOffset> {
        at.with_timezone(&self.offset(at))
    }

    /// When a date begins: the first instant at which the clock shows it, or a later date if clocks
    /// skip it.
    #[must_use]
    pub fn day_start(self, date: NaiveDate) -> DateTime<Utc> {
        self.first(date.and_time(NaiveTime::MIN))
    }

    /// The first instant at which the clock shows a time of a date, or a later one if clocks skip it. 24:00
    /// is the beginning of the next date.
    #[must_use]
    pub fn instant_of(self, date: NaiveDate, time: TimeOfDay) -> DateTime<Utc> {
        self.first(date.and_time(NaiveTime::MIN) + TimeDelta::minutes(time.minutes().into()))
    }

    fn first(self, shown: NaiveDateTime) -> DateTime<Utc> {
        let first = self.0.from_local_datetime(&shown).earliest();
        let first = first.or_else(|| GapInfo::new(&shown, &self.0)?.end);
        first.map_or_else(|| shown.and_utc(), |first| first.to_utc())
    }

    /// The first instant after `at` at which the clock shows `minute` of its day, counted from
    /// midnight, or is set to another time before that.
    pub(super) fn until(self, at: DateTime<Utc>, minute: u16) -> DateTime<Utc> {
        let shown = self.local(at).naive_local();
        let awaited = shown.date().and_time(NaiveTime::MIN) + TimeDelta::minutes(minute.into());
        let ahead = at + (awaited - shown);
        self.set_within(at, ahead).unwrap_or(ahead)
    }

    fn offset(self, at: DateTime<Utc>) -> FixedOffset {
        self.0.offset_from_utc_datetime(&at.naive_utc()).fix()
    }

    /// When clocks are set, after `from` and at `to` at the latest. No zone ever did so twice in an
    /// hour.
    fn set_within(self, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let before = self.offset(from);
        let mut known = from;
        while known < to {
            let next = to.min(known + TimeDelta::hours(1));
            if self.offset(next) != before {
                return Some(self.narrow(known, next, before));
            }
            known = next;
        }
        None
    }

    /// The second from which the offset is no longer `before`; the offset is `before` at `low` and
    /// another one at `high`.
    fn narrow(self, low: DateTime<Utc>, high: DateTime<Utc>, before: FixedOffset) -> DateTime<Utc> {
        // Clocks are set at whole seconds.
        let (mut low, mut high) = (low.timestamp(), high.timestamp());
        let instant = |second| DateTime::from_timestamp(second, 0).unwrap_or_default();
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.offset(instant(middle)) == before {
                low = middle;
            } else {
                high = middle;
            }
        }
        instant(high)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

written_as!(
    Zone,
    "TimeZone",
    json_schema!({
        "description": "Name of an IANA time zone, such as Asia/Shanghai.",
        "type": "string",
        "minLength": 1,
        "maxLength": 40,
    })
);

#[cfg(test)]
mod tests;
