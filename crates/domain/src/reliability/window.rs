//! Which days are computed at a time.

use super::day::Day;
use crate::tariffs::Zone;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

/// The days that can be computed: those that have ended, as far back as the status history is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The clock by which days begin.
    pub zone: Zone,
    /// The beginning of the first day that the history covers.
    pub kept_since: DateTime<Utc>,
    /// The end of the last day that has ended.
    pub until: DateTime<Utc>,
}

impl Window {
    /// How long after its end a day is computed: most late facts have arrived then.
    pub const GRACE: TimeDelta = TimeDelta::hours(1);

    /// The days that can be computed at `now`, of a history that is kept for `kept_days`.
    #[must_use]
    pub fn at(zone: Zone, now: DateTime<Utc>, kept_days: u32) -> Self {
        let until = Day::start(zone, now - Self::GRACE);
        // Partitions of the history are days in UTC, and the oldest one may be dropped at any time.
        let oldest = following((now - TimeDelta::days(kept_days.into())).date_naive());
        Self { zone, kept_since: covered_since(zone, oldest).min(until), until }
    }

    /// This window, of a history whose days before `oldest` (in UTC) were deleted: it was kept for less
    /// time than it is now.
    #[must_use]
    pub fn since(self, oldest: NaiveDate) -> Self {
        let covered = covered_since(self.zone, oldest).min(self.until);
        Self { kept_since: self.kept_since.max(covered), ..self }
    }

    /// From when a device is computed that is computed until `computed`, and whose facts, exclusions
    /// or places changed since then for the time after `touched`. Days before the history are never
    /// computed again.
    #[must_use]
    pub fn begin(&self, computed: Option<DateTime<Utc>>, touched: Option<DateTime<Utc>>) -> DateTime<Utc> {
        let computed = computed.unwrap_or(self.kept_since);
        let touched = touched.map_or(computed, |touched| Day::start(self.zone, touched));
        computed.min(touched).max(self.kept_since)
    }
}

/// The beginning of the first day of `zone` that a history from the day `oldest` (in UTC) on covers wholly.
fn covered_since(zone: Zone, oldest: NaiveDate) -> DateTime<Utc> {
    zone.day_start(following(oldest))
}

fn following(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

#[cfg(test)]
mod tests;
