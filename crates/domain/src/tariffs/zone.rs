//! Time zones (IANA) and their local times.

use crate::schema::written_as;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
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
        let midnight = date.and_time(NaiveTime::MIN);
        let first = self.0.from_local_datetime(&midnight).earliest();
        let first = first.or_else(|| GapInfo::new(&midnight, &self.0)?.end);
        first.map_or_else(|| midnight.and_utc(), |first| first.to_utc())
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
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    fn start(name: &str, date: &str) -> String {
        zone(name).day_start(date.parse().unwrap()).to_rfc3339()
    }

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn days_begin_where_the_clock_first_shows_them() {
        assert_eq!(start("Asia/Shanghai", "2026-11-23"), "2026-11-22T16:00:00+00:00");
        // Clocks in São Paulo jumped from 24:00 to 01:00; in Havana they were set back from 01:00
        // to 00:00.
        assert_eq!(start("America/Sao_Paulo", "2018-11-04"), "2018-11-04T03:00:00+00:00");
        assert_eq!(start("America/Havana", "2025-11-02"), "2025-11-02T04:00:00+00:00");
        // Samoa skipped the 30th of December.
        assert_eq!(start("Pacific/Apia", "2011-12-30"), start("Pacific/Apia", "2011-12-31"));
    }

    #[test]
    fn waits_for_a_minute_until_the_clock_is_set() {
        let new_york = zone("America/New_York");
        // Before the jump from 02:00 EST to 03:00 EDT, and after it.
        let jump = instant("2026-03-08T07:00:00Z");
        assert_eq!(new_york.until(instant("2026-03-08T06:30:00.5Z"), 6 * 60), jump);
        assert_eq!(new_york.until(jump, 6 * 60), instant("2026-03-08T10:00:00Z"));
        assert_eq!(new_york.until(instant("2026-03-08T05:10:00Z"), 60), instant("2026-03-08T06:00:00Z"));
    }

    #[test]
    fn zone_rules_cover_all_priced_years() {
        let summer = zone("America/New_York").local(instant("2099-07-01T00:00:00Z"));
        assert_eq!(summer.offset().local_minus_utc(), -4 * 3600);
    }

    #[test]
    fn only_names_of_the_database_are_zones() {
        for name in ["", "Beijing", "asia/shanghai", "UTC+8", "Mars/Olympus"] {
            assert_eq!(Zone::parse(name), Err(UnknownZone), "{name}");
        }
    }
}
