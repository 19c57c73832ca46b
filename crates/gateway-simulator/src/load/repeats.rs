//! Records that will be sent once more, some time later.

use crate::random::Random;
use std::collections::VecDeque;

/// Records that a repetition is chosen from: a few seconds' worth.
const REMEMBERED: usize = 10_000;

/// The latest records, if any are to be repeated.
#[derive(Debug)]
pub(super) struct Repeats {
    share: f64,
    random: Random,
    latest: VecDeque<(String, Vec<u8>)>,
}

impl Repeats {
    pub(super) fn new(share: f64, seed: u64) -> Self {
        Self { share, random: Random::new(seed, "repeats"), latest: VecDeque::new() }
    }

    /// Remembers a record, and may give back an earlier one to be sent again.
    pub(super) fn offer(&mut self, key: &str, value: &[u8]) -> Option<(String, Vec<u8>)> {
        if self.share <= 0.0 {
            return None;
        }
        let chosen = self.random.below(self.latest.len());
        let repeated = self.random.happens(self.share).then(|| self.latest.get(chosen).cloned()).flatten();
        self.latest.push_back((key.to_owned(), value.to_vec()));
        if self.latest.len() > REMEMBERED {
            self.latest.pop_front();
        }
        repeated
    }
}
