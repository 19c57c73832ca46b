//! Searches the highest sustained rate: up a ladder of rates, then by bisection.

/// The attempts so far.
#[derive(Debug, Clone)]
pub struct Search {
    ladder: Vec<u32>,
    /// The highest rate that was sustained.
    best: Option<u32>,
    /// The lowest rate that was not sustained.
    lowest_failed: Option<u32>,
    left: usize,
}

/// Rates are multiples of this.
const STEP: u32 = 250;
/// The search ends when the bounds differ by at most this percentage of the lower one.
const TOLERANCE_PERCENT: u32 = 6;

impl Search {
    /// Tries the ascending rates of `ladder`, and at most `steps` rates in total.
    pub const fn new(ladder: Vec<u32>, steps: usize) -> Self {
        Self { ladder, best: None, lowest_failed: None, left: steps }
    }

    /// The next rate to try; `None` when the search is over.
    pub fn next(&self) -> Option<u32> {
        if self.left == 0 {
            return None;
        }
        let best = self.best.unwrap_or_default();
        let Some(lowest_failed) = self.lowest_failed else {
            return self.ladder.iter().copied().find(|rate| *rate > best);
        };
        let gap = lowest_failed.saturating_sub(best);
        let middle = (best + gap / 2) / STEP * STEP;
        let is_found = gap <= best / 100 * TOLERANCE_PERCENT || middle <= best;
        (!is_found).then_some(middle)
    }

    /// Records an attempt.
    pub fn tried(&mut self, rate: u32, is_sustained: bool) {
        self.left = self.left.saturating_sub(1);
        if is_sustained {
            self.best = self.best.max(Some(rate));
        } else {
            self.lowest_failed = Some(self.lowest_failed.map_or(rate, |known| known.min(rate)));
        }
    }

    /// The highest rate that was sustained.
    pub const fn best(&self) -> Option<u32> {
        self.best
    }
}

#[cfg(test)]
mod tests {
    use super::Search;

    /// The tried rates and the result if `limit` is the highest sustained rate.
    fn search(limit: u32, steps: usize) -> (Vec<u32>, Option<u32>) {
        let mut search = Search::new(vec![10_000, 15_000, 20_000, 30_000], steps);
        let mut tried = Vec::new();
        while let Some(rate) = search.next() {
            tried.push(rate);
            search.tried(rate, rate <= limit);
        }
        (tried, search.best())
    }

    #[test]
    fn climbs_the_ladder_then_bisects() {
        let (tried, best) = search(23_000, 20);
        assert_eq!(tried, [10_000, 15_000, 20_000, 30_000, 25_000, 22_500, 23_750]);
        assert_eq!(best, Some(22_500));
    }

    #[test]
    fn descends_below_the_ladder() {
        let (tried, best) = search(3_000, 20);
        assert_eq!(tried.get(..4), Some([10_000, 5_000, 2_500, 3_750].as_slice()));
        assert_eq!(best, Some(3_000));
    }

    #[test]
    fn ends_at_the_top_at_the_bottom_and_after_the_last_step() {
        assert_eq!(search(99_000, 20).1, Some(30_000));
        assert_eq!(search(0, 20).1, None);
        assert_eq!(search(23_000, 2), (vec![10_000, 15_000], Some(15_000)));
    }
}
