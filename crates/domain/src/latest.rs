//! A report of which the newest stands, whatever order the reports arrive in.

use crate::ids::EventKey;
use crate::order::{COPIES_APART, Stamp};
use chrono::{DateTime, Utc};
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

/// The newest report by [`Stamp::effect`], and others that took effect shortly before it.
///
/// The rivals are what makes duplicates harmless: an event that comes again is appended later, and would overtake those between
/// if the first copy were not remembered. Of several copies the first one that was appended counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Latest<T> {
    newest: Report<T>,
    rivals: Vec<Report<T>>,
    /// Whether all rivals are known. The previous release orders reports by the time that they claim and keeps none but those of
    /// one instant: its order applies until a report is so much newer that no copy can overtake it.
    is_whole: bool,
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
    /// At most this many rivals are held: of more, the earliest are forgotten.
    pub const MAX_RIVALS: usize = 12;

    /// The first report.
    #[must_use]
    pub const fn new(report: Report<T>) -> Self {
        Self { newest: report, rivals: Vec::new(), is_whole: true }
    }

    /// A state that was stored, with its memory as [`Latest::memory`] returned it. The previous release never puts the newest
    /// report among its rivals: where it is missing there, that release has written the state.
    #[must_use]
    pub fn restore(newest: Report<T>, mut memory: Vec<Report<T>>) -> Self {
        let is_whole = memory.iter().any(|held| held.event == newest.event);
        memory.retain(|held| held.event != newest.event);
        Self { newest, rivals: memory, is_whole }
    }

    /// What must be stored with the newest report: the rivals, and the newest itself where all of them are known.
    #[must_use]
    pub fn memory(&self) -> Vec<Report<T>> {
        let newest = self.is_whole.then(|| self.newest.clone());
        self.rivals.iter().cloned().chain(newest).collect()
    }

    /// The report that stands.
    #[must_use]
    pub const fn newest(&self) -> &Report<T> {
        &self.newest
    }

    /// When what the newest report says began, to be shown: the time that it claims, but never before a time that those before it
    /// claimed, so that a clock that is set back does not reverse what happened.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        self.rivals.iter().map(|rival| rival.stamp.at).fold(self.newest.stamp.at, Ord::max)
    }

    /// Takes `report` in.
    pub fn offer(&mut self, report: Report<T>) -> Offered {
        if !self.is_whole {
            if report.stamp.effective_at() > self.newest.stamp.effective_at() + COPIES_APART {
                *self = Self::new(report);
                return Offered::Newest;
            }
            if report.stamp.at < self.newest.stamp.at {
                return Offered::Stale;
            }
        }
        let standing = self.newest.event;
        let mut all = std::mem::take(&mut self.rivals);
        all.push(self.newest.clone());
        let copy = all.iter_mut().find(|held| held.event == report.event);
        let is_copy = copy.is_some();
        match copy {
            Some(held) if report.stamp.effect() < held.stamp.effect() => held.stamp = report.stamp,
            Some(_) => {}
            None => all.push(report),
        }
        all.sort_by_key(|held| held.stamp.effect());
        // Never empty: the newest was pushed above.
        if let Some(newest) = all.pop() {
            self.newest = newest;
        }
        let horizon = self.newest.stamp.effective_at() - COPIES_APART;
        all.retain(|held| held.stamp.effective_at() >= horizon);
        let surplus = all.len().saturating_sub(Self::MAX_RIVALS);
        all.drain(..surplus);
        self.rivals = all;
        match () {
            () if is_copy => Offered::Duplicate,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::RecordPosition;
    use chrono::TimeDelta;

    /// A report that claims `claimed` seconds and was sent at `sent` seconds.
    fn report(event: i64, claimed: i64, sent: i64) -> Report<i64> {
        let at = |seconds| {
            DateTime::from_timestamp(1_790_000_000, 0).map(|from| from + TimeDelta::seconds(seconds))
        };
        let position =
            RecordPosition { partition: 0, offset: event, appended_at: at(sent).unwrap_or_default() };
        Report { stamp: Stamp::new(at(claimed), &position), event: EventKey(event), value: event }
    }

    #[test]
    fn a_copy_overtakes_nothing_that_the_previous_release_stored() {
        let mut latest = Latest::restore(report(2, 20, 20), vec![report(6, 20, 19)]);
        assert_eq!(latest.offer(report(6, 20, 24)), Offered::Duplicate, "it knows those of one instant");
        assert_eq!(latest.offer(report(1, 10, 25)), Offered::Stale, "a copy of what was before");
        assert_eq!(latest.offer(report(3, 30, 30)), Offered::Newest);
        assert_eq!(latest.offer(report(1, 10, 35)), Offered::Stale);
        assert!(!Latest::restore(latest.newest().clone(), latest.memory()).is_whole);
        assert_eq!(latest.offer(report(4, 200, 200)), Offered::Newest);
        assert!(
            Latest::restore(latest.newest().clone(), latest.memory()).is_whole,
            "no copy is as late as that"
        );
        assert_eq!(latest.offer(report(5, 190, 201)), Offered::Newest, "the clock was set back");
    }
}
