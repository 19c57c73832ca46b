//! The pause after a step, which leaves PostgreSQL to other work.

use std::time::Duration;

/// The pause is this many times as long as the step took.
const FACTOR: u32 = 9;
/// The shortest pause: 500 rows every 100 ms are more than any fleet adds.
const SHORTEST: Duration = Duration::from_millis(100);
/// The longest pause, so that the lease is renewed in time.
const LONGEST: Duration = Duration::from_secs(5);

/// The pause after a step that took `took`.
pub(crate) fn pause_after(took: Duration) -> Duration {
    (took * FACTOR).clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, SHORTEST, pause_after};
    use std::time::Duration;

    #[test]
    fn deletion_takes_at_most_a_tenth_of_the_time() {
        for ms in [0, 1, 11, 12, 50, 500] {
            let took = Duration::from_millis(ms);
            let whole = took + pause_after(took);
            assert!(took * 10 <= whole, "{ms} ms");
        }
    }

    #[test]
    fn the_pause_has_bounds() {
        assert_eq!(pause_after(Duration::ZERO), SHORTEST);
        assert_eq!(pause_after(Duration::from_secs(60)), LONGEST);
    }
}
