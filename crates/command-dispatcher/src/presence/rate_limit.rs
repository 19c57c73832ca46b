//! A rate limit for probes.

use std::time::{Duration, Instant};

/// Admits at most `rate` devices per second. Unused credit is lost after one second.
#[derive(Debug)]
pub(super) struct RateLimit {
    rate: u64,
    /// The credit, in thousandths of a device.
    credit: u64,
    counted_at: Instant,
}

impl RateLimit {
    /// A limit of `rate` devices per second, with the credit of one second at the start.
    pub(super) fn new(rate: u32, now: Instant) -> Self {
        let rate = u64::from(rate);
        Self { rate, credit: rate * 1_000, counted_at: now }
    }

    /// Returns how many devices may be probed at `now`.
    pub(super) fn allowance(&mut self, now: Instant) -> i64 {
        let passed = now.saturating_duration_since(self.counted_at).min(Duration::from_secs(1));
        self.counted_at = now;
        let earned = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).saturating_mul(self.rate);
        self.credit = self.credit.saturating_add(earned).min(self.rate * 1_000);
        i64::try_from(self.credit / 1_000).unwrap_or(i64::MAX)
    }

    /// Records that `count` devices were probed.
    pub(super) fn spend(&mut self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.credit = self.credit.saturating_sub(count.saturating_mul(1_000));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admits_at_most_the_rate_per_second() {
        let begun = Instant::now();
        let after = |ms| begun + Duration::from_millis(ms);
        let mut rate_limit = RateLimit::new(100, begun);
        assert_eq!(rate_limit.allowance(begun), 100);
        rate_limit.spend(100);
        assert_eq!(rate_limit.allowance(after(250)), 25);
        rate_limit.spend(20);
        assert_eq!(rate_limit.allowance(after(500)), 30);
        assert_eq!(rate_limit.allowance(after(60_000)), 100, "unused credit is lost");
    }
}
