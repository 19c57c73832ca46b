//! Days by the clock of a place.

use crate::tariffs::Zone;
use chrono::{DateTime, Days, NaiveDate, Utc};

/// A day, or the part of it that is counted. Days on which clocks are set have 23 or 25 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The date.
    pub date: NaiveDate,
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends, exclusive.
    pub until: DateTime<Utc>,
}

impl Day {
    /// When the day in `zone` begins that contains `at`.
    #[must_use]
    pub fn start(zone: Zone, at: DateTime<Utc>) -> DateTime<Utc> {
        zone.day_start(zone.local(at).date_naive())
    }

    /// The days in `zone` from `from` to `until`; the first and the last one may be parts of days.
    #[must_use]
    pub fn split(zone: Zone, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Self> {
        let mut days = Vec::new();
        let mut begin = from;
        while begin < until {
            let date = zone.local(begin).date_naive();
            let next = date.checked_add_days(Days::new(1)).map_or(until, |next| zone.day_start(next));
            // A date that clocks skip begins where the next one does.
            let end = if next > begin { next.min(until) } else { until };
            days.push(Self { date, from: begin, until: end });
            begin = end;
        }
        days
    }
}
