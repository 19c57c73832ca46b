//! How many devices may be asked now.

use std::time::{Duration, Instant};

/// Lets at most `rate` devices through in a second. What is not used within a second is lost.
#[derive(Debug)]
pub(super) struct Pace {
    rate: u64,
    /// What may be spent, in thousandths of a device.
    credit: u64,
    counted_at: Instant,
}

impl Pace {
    /// A pace of `rate` devices in a second, all of the first second at once.
    pub(super) fn new(rate: u32, now: Instant) -> Self {
        let rate = u64::from(rate);
        Self { rate, credit: rate * 1_000, counted_at: now }
    }

    /// How many may be asked at `now`.
    pub(super) fn allowance(&mut self, now: Instant) -> i64 {
        let passed = now.saturating_duration_since(self.counted_at).min(Duration::from_secs(1));
        self.counted_at = now;
        let earned = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).saturating_mul(self.rate);
        self.credit = self.credit.saturating_add(earned).min(self.rate * 1_000);
        i64::try_from(self.credit / 1_000).unwrap_or(i64::MAX)
    }

    /// Notes that `count` were asked.
    pub(super) fn spend(&mut self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.credit = self.credit.saturating_sub(count.saturating_mul(1_000));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_rate_is_let_through_in_a_second() {
        let begun = Instant::now();
        let after = |ms| begun + Duration::from_millis(ms);
        let mut pace = Pace::new(100, begun);
        assert_eq!(pace.allowance(begun), 100);
        pace.spend(100);
        assert_eq!(pace.allowance(after(250)), 25);
        pace.spend(20);
        assert_eq!(pace.allowance(after(500)), 30);
        assert_eq!(pace.allowance(after(60_000)), 100, "what is not used is lost");
    }
}
