//! The life of a device's key: whether it is refreshed while the device sends events.

use super::key::{JITTER, KeyRead};
use super::log_position::LogPosition;
use super::reception::Reception;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;

/// The number of refreshes and boots that are remembered.
const REMEMBERED: usize = 8;
/// A gateway that refreshes keys leaves more than this part of their life.
const LOW_FRACTION: i32 = 3;

/// Evidence that a gateway refreshes a key, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefreshEvidence {
    /// The key was written again.
    Refreshed,
    /// An event of the device came with little life left, and no pod had refreshed the key.
    NotRefreshed {
        /// The position of the event.
        position: LogPosition,
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
    low: Option<(LogPosition, i64)>,
}

impl Life {
    pub(super) fn observe_key(&mut self, last: Option<&KeyRead>, read: &KeyRead) {
        self.ends_at = read.ends_at;
        let Some(end) = read.ends_at else { return };
        self.longest = self.longest.max(end - read.at);
        if let Some(last) = last
            && last.value == read.value
            && last.ends_at.is_some_and(|before| end - before > JITTER)
        {
            remember(&mut self.written, (last.at, read.at));
        }
    }

    /// The device has sent an event.
    pub(super) fn observe_event(&mut self, reception: &Reception, is_boot: bool) {
        if is_boot {
            remember(&mut self.boots, reception.seen_at);
            return;
        }
        let Some(end) = self.ends_at else { return };
        let left = end - reception.seen_at;
        if left * LOW_FRACTION < self.longest && self.low.is_none() {
            self.low = Some((reception.position, left.num_seconds()));
        }
    }

    /// Whether the key is refreshed; writes at boots do not count. `None` without evidence.
    pub(super) fn refresh_evidence(&self, settle: TimeDelta) -> Option<RefreshEvidence> {
        let is_of_a_boot = |(from, to): &(DateTime<Utc>, DateTime<Utc>)| {
            self.boots.iter().any(|boot| (*from - settle..=*to + settle).contains(boot))
        };
        if self.written.iter().any(|window| !is_of_a_boot(window)) {
            return Some(RefreshEvidence::Refreshed);
        }
        let life_s = self.longest.num_seconds();
        self.low.map(|(position, left_s)| RefreshEvidence::NotRefreshed { position, left_s, life_s })
    }
}

fn remember<T>(entries: &mut VecDeque<T>, entry: T) {
    entries.push_back(entry);
    if entries.len() > REMEMBERED {
        entries.pop_front();
    }
}
