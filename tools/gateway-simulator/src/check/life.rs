//! The life of a device's key: whether it is refreshed while the device sends events.

use super::judge::{Heard, Place};
use super::key::{JITTER, Look};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;

/// The number of refreshes and boots that are remembered.
const REMEMBERED: usize = 8;
/// A gateway that refreshes keys leaves more than this part of their life.
const LOW: i32 = 3;

/// Whether a gateway refreshes a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// The key was written again.
    Refreshed,
    /// An event of the device came with little life left, and no pod had refreshed the key.
    Neglected {
        /// The position of the event.
        place: Place,
        /// The remaining life, in seconds.
        left_s: i64,
        /// The whole life, in seconds.
        life_s: i64,
    },
}

/// The life of one key.
#[derive(Debug, Clone, Default)]
pub(super) struct Life {
    /// The longest life that was observed.
    longest: TimeDelta,
    ends_at: Option<DateTime<Utc>>,
    /// The pairs of reads between which the key was written again with the same value.
    written: VecDeque<(DateTime<Utc>, DateTime<Utc>)>,
    /// When boots of the device were read; every gateway writes the key then.
    boots: VecDeque<DateTime<Utc>>,
    /// An event of the device that came with little life left, and the remaining seconds.
    low: Option<(Place, i64)>,
}

impl Life {
    pub(super) fn look(&mut self, last: Option<&Look>, look: &Look) {
        self.ends_at = look.ends_at;
        let Some(end) = look.ends_at else { return };
        self.longest = self.longest.max(end - look.at);
        if let Some(last) = last
            && last.value == look.value
            && last.ends_at.is_some_and(|before| end - before > JITTER)
        {
            remember(&mut self.written, (last.at, look.at));
        }
    }

    /// The device has sent an event.
    pub(super) fn spoke(&mut self, heard: &Heard, is_boot: bool) {
        if is_boot {
            remember(&mut self.boots, heard.seen_at);
            return;
        }
        let Some(end) = self.ends_at else { return };
        let left = end - heard.seen_at;
        if left * LOW < self.longest && self.low.is_none() {
            self.low = Some((heard.place, left.num_seconds()));
        }
    }

    /// Whether the key is refreshed; writes at boots do not count. `None` without evidence.
    pub(super) fn care(&self, settle: TimeDelta) -> Option<Care> {
        let is_of_a_boot = |(from, to): &(DateTime<Utc>, DateTime<Utc>)| {
            self.boots.iter().any(|boot| (*from - settle..=*to + settle).contains(boot))
        };
        if self.written.iter().any(|window| !is_of_a_boot(window)) {
            return Some(Care::Refreshed);
        }
        let life_s = self.longest.num_seconds();
        self.low.map(|(place, left_s)| Care::Neglected { place, left_s, life_s })
    }
}

fn remember<T>(entries: &mut VecDeque<T>, entry: T) {
    entries.push_back(entry);
    if entries.len() > REMEMBERED {
        entries.pop_front();
    }
}
