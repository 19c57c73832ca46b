//! Closing times of stations, which do not count as downtime.

use super::day::Day;
use super::exclusion::{Exclusion, ExclusionReason};
use crate::assets::OpeningHours;
use crate::calendar::Weekday;
use crate::tariffs::Zone;
use chrono::{DateTime, Utc};

/// The times from `from` to `until` in which a station with these opening hours is closed by the clock of
/// `zone`, in order: 23 CFR 680.116(b) excludes the time outside of the hours of operation.
#[must_use]
pub fn closed(hours: &OpeningHours, zone: Zone, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Exclusion> {
    let OpeningHours::Weekly(periods) = hours else { return Vec::new() };
    let mut closed = Vec::new();
    let mut since = from;
    let mut close = |since: DateTime<Utc>, opens: DateTime<Utc>| {
        if since < opens {
            let reason = ExclusionReason::ThirdParty;
            closed.push(Exclusion { from: since, until: opens, reason, connector: None });
        }
    };
    for day in Day::split(zone, Day::start(zone, from), until) {
        let weekday = Weekday::of(day.date);
        for period in periods.iter().filter(|period| period.weekday == weekday) {
            close(since, zone.instant_of(day.date, period.from).min(until));
            since = since.max(zone.instant_of(day.date, period.to));
        }
    }
    close(since, until);
    closed
}
