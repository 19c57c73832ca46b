//! The recent statuses of a connector, in the order in which they took effect: they show when it
//! last began to charge.

use crate::status::ConnectorStatus;
use chrono::serde::ts_microseconds;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The recent statuses of a connector, as a set. Neither the order of arrival nor copies make a
/// difference, as long as no report is older than what the trail still holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StatusTrail {
    /// The newest beginning of a charge among the dropped marks and the oldest held one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    began: Option<DateTime<Utc>>,
    /// When the connector was last ready before that beginning; absent from trails that earlier
    /// releases cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ready: Option<DateTime<Utc>>,
    /// Whether marks were dropped: nothing older than the oldest held mark can then be added.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
    /// The first report, set once marks were dropped; absent from trails that earlier releases cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<DateTime<Utc>>,
    /// The held marks, in order.
    marks: Vec<Mark>,
}

/// The phase of a connector at an instant. Of one instant, the later phase counts as the later
/// report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Mark(#[serde(with = "ts_microseconds")] DateTime<Utc>, Phase);

/// The beginning of a charge, as shown by the statuses of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChargeBegin {
    /// When the connector began to charge.
    pub at: DateTime<Utc>,
    /// When the connector last reported `Available` or `Preparing` before; `None` if unknown.
    pub ready_at: Option<DateTime<Utc>>,
}

impl ChargeBegin {
    /// The first status of a charge whose beginning no status shows: it may have begun earlier.
    pub(crate) const fn seen(at: DateTime<Utc>) -> Self {
        Self { at, ready_at: None }
    }
}

/// The meaning of a status for a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Phase {
    /// Out of service, reserved, or after a charge.
    Other,
    /// Available or Preparing: a charge can begin.
    Ready,
    /// Charging, or suspended by the vehicle or the charge point: a charge is under way.
    Charging,
}

/// The maximum number of held marks.
const MAX_MARKS: usize = 12;
/// Marks that are older than the newest one by more than this are dropped, except the last of them.
/// A status that arrives later than that can no longer be placed.
const HORIZON: TimeDelta = TimeDelta::hours(1);

impl StatusTrail {
    /// Adds a report of `status` at `at`.
    pub fn add(&mut self, at: DateTime<Utc>, status: ConnectorStatus) {
        let mark = Mark(at, Phase::of(status));
        self.since = self.since.map(|since| since.min(at));
        if self.cut && self.marks.first().is_some_and(|oldest| mark < *oldest) {
            return;
        }
        if let Err(place) = self.marks.binary_search(&mark) {
            self.marks.insert(place, mark);
            self.drop_old();
        }
    }

    /// When the connector began to charge, at `at` at the latest: the newest change from
    /// `Available` or `Preparing` to `Charging`, `SuspendedEV` or `SuspendedEVSE` (OCPP 1.6,
    /// section 4.9, transitions A3–A5 and B3–B5). `None` if there was none.
    #[must_use]
    pub fn began_by(&self, at: DateTime<Utc>) -> Option<ChargeBegin> {
        let changes = self.marks.iter().zip(self.marks.iter().skip(1)).rev();
        let begins = |(before, after): (&Mark, &Mark)| {
            let begins = after.0 <= at && before.1 == Phase::Ready && after.1 == Phase::Charging;
            begins.then_some(ChargeBegin { at: after.0, ready_at: Some(before.0) })
        };
        let dropped = || self.began.map(|began| ChargeBegin { at: began, ready_at: self.ready });
        changes.filter_map(begins).next().or_else(|| dropped().filter(|begin| begin.at <= at))
    }

    /// The start of the current or latest charge as of `at`: the first status of a charge since the
    /// connector was last `Available` or `Preparing`. If no status shows that it was free before,
    /// the charge may have begun earlier, but not later. `None` if it has not charged since it was
    /// free.
    #[must_use]
    pub fn charging_by(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let seen = || self.marks.iter().take_while(|mark| mark.0 <= at);
        let is_ready = |mark: &&Mark| mark.1 == Phase::Ready;
        let freed = seen().filter(is_ready).last();
        let charges = |mark: &&Mark| mark.1 == Phase::Charging && freed.is_none_or(|freed| *mark > freed);
        let known = self.began.filter(|began| freed.is_none() && *began <= at);
        known.or_else(|| seen().find(charges).map(|mark| mark.0))
    }

    /// Whether the trail still shows the status of the connector at `at` and before.
    #[must_use]
    pub fn covers(&self, at: DateTime<Utc>) -> bool {
        !self.cut || self.marks.first().is_some_and(|oldest| oldest.0 <= at)
    }

    /// Whether the connector had reported a status by `at`. A trail that an earlier release cut has
    /// no first report: the result is then `true`.
    #[must_use]
    pub fn had_reported_by(&self, at: DateTime<Utc>) -> bool {
        let first = if self.cut { self.since } else { self.marks.first().map(|oldest| oldest.0) };
        first.map_or(self.cut, |first| first <= at)
    }

    /// Whether the trail holds no status.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    fn drop_old(&mut self) {
        let Some(newest) = self.marks.last() else { return };
        let horizon = newest.0 - HORIZON;
        let old = self.marks.iter().skip(1).take_while(|mark| mark.0 < horizon).count();
        let surplus = old.max(self.marks.len().saturating_sub(MAX_MARKS));
        if let Some(oldest_kept) = self.marks.get(surplus).filter(|_| surplus > 0) {
            let begin = self.began_by(oldest_kept.0);
            self.began = begin.map(|begin| begin.at);
            self.ready = begin.and_then(|begin| begin.ready_at);
            if !self.cut {
                self.since = self.marks.first().map(|oldest| oldest.0);
            }
            self.cut = true;
            self.marks.drain(..surplus);
        }
    }
}

impl Phase {
    const fn of(status: ConnectorStatus) -> Self {
        match status {
            ConnectorStatus::Available | ConnectorStatus::Preparing => Self::Ready,
            status if status.is_charge() => Self::Charging,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests;
