//! Duplicates: records that are sent again some time later.

use crate::random::Random;
use std::collections::VecDeque;

/// A duplicate is chosen from the records of this many seconds, so that the platform still
/// remembers its session.
const REMEMBERED_S: u32 = 3;
/// The greatest number of records that are kept for that.
const MAX_REMEMBERED: u32 = 10_000;

/// The latest records, if any are sent again.
#[derive(Debug)]
pub(super) struct Duplicates {
    share: f64,
    random: Random,
    latest: VecDeque<(String, Vec<u8>)>,
    capacity: usize,
}

impl Duplicates {
    /// The duplicates of a load of `events_per_second`: this `share` of the events.
    pub(super) fn new(share: f64, events_per_second: u32, seed: u64) -> Self {
        let remembered = events_per_second.saturating_mul(REMEMBERED_S).clamp(1, MAX_REMEMBERED);
        let capacity = usize::try_from(remembered).unwrap_or(usize::MAX);
        Self { share, random: Random::new(seed, "repeats"), latest: VecDeque::new(), capacity }
    }

    /// Remembers a record; may return an earlier one that must be sent again.
    pub(super) fn push_and_draw(&mut self, key: &str, value: &[u8]) -> Option<(String, Vec<u8>)> {
        if self.share <= 0.0 {
            return None;
        }
        let chosen = self.random.below(self.latest.len());
        let duplicate = self.random.happens(self.share).then(|| self.latest.get(chosen).cloned()).flatten();
        self.latest.push_back((key.to_owned(), value.to_vec()));
        if self.latest.len() > self.capacity {
            self.latest.pop_front();
        }
        duplicate
    }
}
