//! Daily roll-ups of a device.

use super::condition::Connection;
use super::day::Day;
use super::exclusion::Exclusion;
use super::history::DeviceHistory;
use super::tally::{OpenFailure, Tally};
use crate::assets::Placement;
use crate::ids::ConnectorId;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;

/// A time of a device at one place, with what does not count there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The place.
    pub place: Placement,
    /// Since when; `None` since it was first heard.
    pub from: Option<DateTime<Utc>>,
    /// Until when, exclusive; `None` for the current stay.
    pub until: Option<DateTime<Utc>>,
    /// The exclusions of the place.
    pub exclusions: Vec<Exclusion>,
}

/// A remote start that the device accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// When it was requested.
    pub at: DateTime<Utc>,
    /// Its connector; the first one of the device counts it if it is not known.
    pub connector: Option<ConnectorId>,
    /// Whether it began a session, and the session was not without energy.
    pub charged: bool,
}

/// What a connector came to on a day, or on the part of it that it spent at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayPart {
    /// The connector.
    pub connector: ConnectorId,
    /// The date.
    pub date: NaiveDate,
    /// When the part begins.
    pub from: DateTime<Utc>,
    /// Where the device was; `None` while it was in no pile.
    pub place: Option<Placement>,
    /// What the part comes to.
    pub tally: Tally,
    /// The failure that is open at its end.
    pub open: OpenFailure,
    /// The connection of the device at its end; `None` if it is not known.
    pub connection: Option<Connection>,
}

/// A part of a day with one place.
struct Part<'a> {
    date: NaiveDate,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    stay: Option<&'a Stay>,
}

/// The roll-ups of all connectors of a device over `days`, which follow each other. `open` has the
/// failures that were open before. `stays` do not overlap.
#[must_use]
pub fn roll_up(
    history: &DeviceHistory,
    days: &[Day],
    stays: &[Stay],
    open: &BTreeMap<ConnectorId, OpenFailure>,
    starts: &[Start],
) -> Vec<DayPart> {
    let parts: Vec<Part<'_>> = days.iter().flat_map(|day| split(day, stays)).collect();
    let connectors = history.connectors();
    let first = connectors.first().copied();
    let mut rolled = Vec::new();
    for connector in connectors.iter().copied() {
        let timeline = history.timeline(connector);
        let mut open = open.get(&connector).copied().unwrap_or_default();
        for part in &parts {
            let exclusions = part.stay.map_or(&[][..], |stay| stay.exclusions.as_slice());
            let (mut tally, left) = timeline.tally(part.from, part.until, exclusions, open);
            open = left;
            for start in starts.iter().filter(|start| (part.from..part.until).contains(&start.at)) {
                if start.connector.filter(|own| connectors.contains(own)).or(first) == Some(connector) {
                    tally.starts_accepted += 1;
                    tally.starts_charging += i64::from(start.charged);
                }
            }
            if tally != Tally::default() {
                rolled.push(DayPart {
                    connector,
                    date: part.date,
                    from: part.from,
                    place: part.stay.map(|stay| stay.place.clone()),
                    tally,
                    open,
                    connection: history.connection_before(part.until),
                });
            }
        }
    }
    rolled
}

/// The parts of a day: the stays in it, and the times without one.
fn split<'a>(day: &Day, stays: &'a [Stay]) -> Vec<Part<'a>> {
    let bounds = |stay: &Stay| {
        let from = stay.from.map_or(day.from, |from| whole(from).clamp(day.from, day.until));
        (from, stay.until.map_or(day.until, |until| whole(until).clamp(day.from, day.until)))
    };
    let mut cuts: Vec<_> = stays.iter().flat_map(|stay| <[_; 2]>::from(bounds(stay))).collect();
    cuts.extend([day.from, day.until]);
    cuts.sort_unstable();
    cuts.dedup();
    let part = |(from, until): (&DateTime<Utc>, &DateTime<Utc>)| {
        let stay = stays.iter().find(|stay| (bounds(stay).0..bounds(stay).1).contains(from));
        Part { date: day.date, from: *from, until: *until, stay }
    };
    cuts.iter().zip(cuts.iter().skip(1)).map(part).collect()
}

/// The beginning of the second.
fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at)
}
