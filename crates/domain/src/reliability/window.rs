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
        let first = (now - TimeDelta::days(kept_days.into())).date_naive();
        let first = first.checked_add_days(Days::new(2)).unwrap_or(first);
        Self { zone, kept_since: zone.day_start(first).min(until), until }
    }

    /// This window, of a history whose days before `oldest` (in UTC) were deleted: it was kept for less
    /// time than it is now.
    #[must_use]
    pub fn since(self, oldest: NaiveDate) -> Self {
        let first = oldest.checked_add_days(Days::new(1)).unwrap_or(oldest);
        let covered = self.zone.day_start(first).min(self.until);
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

#[cfg(test)]
mod tests;
