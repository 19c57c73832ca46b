//! A report of which the newest stands, whatever order the reports arrive in.

use crate::ids::EventKey;
use crate::order::Stamp;
use serde::{Deserialize, Serialize};

/// What one event reported, with its place in the order of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report<T> {
    /// Its place in the order.
    pub stamp: Stamp,
    /// The event that said so.
    pub event: EventKey,
    /// What it said.
    pub value: T,
}

/// The newest report, and those that claim the very same instant.
///
/// The rivals are what makes duplicates harmless: an event that comes again is appended later than others of the same
/// instant, and would overtake them if the first copy were not remembered. There are hardly ever any.
#[derive(Debug, Clone, PartialEq)]
pub struct Latest<T> {
    newest: Report<T>,
    rivals: Vec<Report<T>>,
}

/// What became of a report that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// It is now the newest.
    Newest,
    /// It is older than the newest.
    Stale,
    /// The same event was offered before.
    Duplicate,
}

impl<T: Clone> Latest<T> {
    /// More reports of one instant than this are not told apart any more: the earliest of them is forgotten.
    pub const MAX_RIVALS: usize = 8;

    /// The first report.
    #[must_use]
    pub const fn new(report: Report<T>) -> Self {
        Self { newest: report, rivals: Vec::new() }
    }

    /// A state that was stored.
    #[must_use]
    pub const fn restore(newest: Report<T>, rivals: Vec<Report<T>>) -> Self {
        Self { newest, rivals }
    }

    /// The report that stands.
    #[must_use]
    pub const fn newest(&self) -> &Report<T> {
        &self.newest
    }

    /// Other reports of the same instant, in no order.
    #[must_use]
    pub fn rivals(&self) -> &[Report<T>] {
        &self.rivals
    }

    /// Takes `report` in.
    pub fn offer(&mut self, report: Report<T>) -> Offered {
        if report.stamp.at < self.newest.stamp.at {
            return Offered::Stale;
        }
        if report.stamp.at > self.newest.stamp.at {
            *self = Self::new(report);
            return Offered::Newest;
        }
        self.offer_same_instant(report)
    }

    fn offer_same_instant(&mut self, report: Report<T>) -> Offered {
        let standing = self.newest.event;
        let mut all = std::mem::take(&mut self.rivals);
        all.push(self.newest.clone());
        let copy = all.iter_mut().find(|held| held.event == report.event);
        let duplicate = copy.is_some();
        match copy {
            Some(held) => held.stamp = held.stamp.min(report.stamp),
            None => all.push(report),
        }
        all.sort_by_key(|held| held.stamp);
        // Never empty: the newest was pushed above.
        if let Some(newest) = all.pop() {
            self.newest = newest;
        }
        let surplus = all.len().saturating_sub(Self::MAX_RIVALS);
        all.drain(..surplus);
        self.rivals = all;
        match () {
            () if duplicate => Offered::Duplicate,
            () if self.newest.event == standing => Offered::Stale,
            () => Offered::Newest,
        }
    }
}

/// Takes `report` into `slot`, which may be empty.
pub fn offer<T: Clone>(slot: &mut Option<Latest<T>>, report: Report<T>) -> Offered {
    match slot {
        Some(latest) => latest.offer(report),
        None => {
            *slot = Some(Latest::new(report));
            Offered::Newest
        }
    }
}
