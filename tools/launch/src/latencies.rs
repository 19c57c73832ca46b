//! Durations and their percentiles.

use std::time::Duration;

/// Measured durations.
#[derive(Debug, Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// The heading of the rows.
    pub const HEADER: &'static str = "                                                        P50       P95       P99       max   (ms)   n";

    /// Adds a duration.
    pub fn push(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    /// Adds all of `others`.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// All durations in ascending order.
    #[must_use]
    pub fn sorted(&self) -> Vec<Duration> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted
    }

    /// One row of a table.
    #[must_use]
    pub fn row(&self, what: &str) -> String {
        let sorted = self.sorted();
        let ms = |percent| percentile(&sorted, percent).as_secs_f64() * 1_000.0;
        format!(
            "{what:<50}{:>10.1}{:>10.1}{:>10.1}{:>10.1}{:>12}",
            ms(50),
            ms(95),
            ms(99),
            ms(100),
            sorted.len()
        )
    }
}

/// The nearest-rank percentile: the smallest value that is at least as great as `percent` percent
/// of all. The default of the type if there are none.
#[must_use]
pub fn percentile<T: Copy + Default>(sorted: &[T], percent: usize) -> T {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let sorted: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&sorted, 50), Duration::from_millis(100));
        assert_eq!(percentile(&sorted, 99), Duration::from_millis(198));
        assert_eq!(percentile(&sorted, 100), Duration::from_millis(200));
        assert_eq!(percentile::<Duration>(&[], 95), Duration::ZERO);
    }
}
