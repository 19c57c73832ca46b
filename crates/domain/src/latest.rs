//! Keeps the newest of several reports, regardless of their order of arrival.

use crate::ids::EventKey;
use crate::merged::Merged;
use crate::order::{COPIES_APART, Stamp};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The content of one event's report, with its position in the order of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report<T> {
    /// The position in the order of events.
    pub stamp: Stamp,
    /// The event that reported the value.
    pub event: EventKey,
    /// The reported value.
    pub value: T,
}

/// The newest report by [`Stamp::effect`], and the ties: reports that took effect shortly before
/// it.
///
/// The ties make duplicates harmless. An event that is repeated is appended later, and would
/// overtake the events in between if the first copy were not remembered. Of several copies the one
/// that was appended first counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Latest<T> {
    newest: Report<T>,
    ties: Vec<Report<T>>,
    /// Whether all ties are known. The previous release orders reports by their claimed time and
    /// keeps only the ties of one instant. Its order applies until a report is so much newer that
    /// no copy can overtake it.
    is_whole: bool,
}

impl<T: Clone> Latest<T> {
    /// The maximum number of ties; beyond it the earliest are forgotten.
    pub const MAX_TIES: usize = 12;

    /// The state with the first report.
    #[must_use]
    pub const fn new(report: Report<T>) -> Self {
        Self { newest: report, ties: Vec::new(), is_whole: true }
    }

    /// Restores a stored state from its memory as returned by [`Latest::memory`]. The previous
    /// release never puts the newest report among the ties: if it is missing there, that release
    /// wrote the state.
    #[must_use]
    pub fn restore(newest: Report<T>, mut memory: Vec<Report<T>>) -> Self {
        let is_whole = memory.iter().any(|held| held.event == newest.event);
        memory.retain(|held| held.event != newest.event);
        Self { newest, ties: memory, is_whole }
    }

    /// The reports to store with the newest one: the ties, and the newest itself if all ties are
    /// known.
    #[must_use]
    pub fn memory(&self) -> Vec<Report<T>> {
        let newest = self.is_whole.then(|| self.newest.clone());
        self.ties.iter().cloned().chain(newest).collect()
    }

    /// The newest report.
    #[must_use]
    pub const fn newest(&self) -> &Report<T> {
        &self.newest
    }

    /// When the value of the newest report began, for display: the time that it claims, but never
    /// before a time that an earlier report claimed, so that a clock that is set back does not
    /// reverse the history.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        self.ties.iter().map(|tie| tie.stamp.at).fold(self.newest.stamp.at, Ord::max)
    }

    /// Offers `report`.
    pub fn offer(&mut self, report: Report<T>) -> Merged {
        if !self.is_whole {
            if report.stamp.effective_at() > self.newest.stamp.effective_at() + COPIES_APART {
                *self = Self::new(report);
                return Merged::Changed;
            }
            if report.stamp.at < self.newest.stamp.at {
                return Merged::Stale;
            }
        }
        let standing = self.newest.event;
        let mut all = std::mem::take(&mut self.ties);
        all.push(self.newest.clone());
        let copy = all.iter_mut().find(|held| held.event == report.event);
        let is_copy = copy.is_some();
        match copy {
            Some(held) if report.stamp.effect() < held.stamp.effect() => held.stamp = report.stamp,
            Some(_) => {}
            None => all.push(report),
        }
        all.sort_by_key(|held| held.stamp.effect());
        // Never empty: a report was pushed above.
        if let Some(newest) = all.pop() {
            self.newest = newest;
        }
        let horizon = self.newest.stamp.effective_at() - COPIES_APART;
        all.retain(|held| held.stamp.effective_at() >= horizon);
        let surplus = all.len().saturating_sub(Self::MAX_TIES);
        all.drain(..surplus);
        self.ties = all;
        match () {
            () if is_copy => Merged::Known,
            () if self.newest.event == standing => Merged::Stale,
            () => Merged::Changed,
        }
    }
}

/// Offers `report` to `slot`, which may be empty.
pub fn offer<T: Clone>(slot: &mut Option<Latest<T>>, report: Report<T>) -> Merged {
    match slot {
        Some(latest) => latest.offer(report),
        None => {
            *slot = Some(Latest::new(report));
            Merged::Changed
        }
    }
}

#[cfg(test)]
mod tests;
