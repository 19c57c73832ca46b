//! When the next request may begin, so that it gathers partitions.

use std::time::Duration;

use tokio::time::Instant;

/// The least time between the beginnings of two requests, and from a response with records to the next
/// request. In that time the partitions of the response handle their records and wait again, and records
/// of others arrive. A lone record does not wait for it.
const PACE: Duration = Duration::from_millis(10);
/// From one request to the next after a response with records of [`SEVERAL`] partitions or more, since
/// records arrive so often that the next one has several, too.
const BUSY_PACE: Duration = Duration::from_millis(30);
/// See [`BUSY_PACE`].
const SEVERAL: usize = 4;

/// Decides when requests begin.
///
/// Frequent ones begin at the same moments for all brokers, so that what they return can be
/// written together.
#[derive(Debug)]
pub(super) struct Pace {
    /// A moment from which frequent requests are a multiple of [`BUSY_PACE`] away.
    began: Instant,
}

impl Default for Pace {
    fn default() -> Self {
        Self { began: Instant::now() }
    }
}

impl Pace {
    /// When the next request after one that begins `now` may begin.
    pub(super) fn after_request(now: Instant) -> Instant {
        now + PACE
    }

    /// When the next request after a response that arrives `now` may begin; `None` if the response
    /// does not delay it. `partitions` is the number of those with records.
    pub(super) fn after_response(&self, now: Instant, partitions: usize) -> Option<Instant> {
        match partitions {
            0 => None,
            few if few < SEVERAL => Some(now + PACE),
            _several => Some(self.moment_after(now + PACE)),
        }
    }

    /// The first moment for frequent requests at `earliest` or later.
    fn moment_after(&self, earliest: Instant) -> Instant {
        let since = earliest.saturating_duration_since(self.began);
        let past = Duration::from_nanos_u128(since.as_nanos() % BUSY_PACE.as_nanos());
        if past.is_zero() { earliest } else { earliest + (BUSY_PACE - past) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_response_without_records_delays_nothing() {
        assert_eq!(Pace::default().after_response(Instant::now(), 0), None);
    }

    #[test]
    fn few_records_delay_the_next_request_briefly() {
        let now = Instant::now();
        assert_eq!(Pace::default().after_response(now, 3), Some(now + ms(10)));
    }

    #[test]
    fn frequent_requests_to_all_brokers_begin_at_the_same_moments() {
        let pace = Pace::default();
        let next = |after| pace.after_response(pace.began + ms(after), 4).unwrap() - pace.began;
        assert_eq!([next(0), next(2), next(20)], [ms(30); 3]);
        assert_eq!([next(21), next(32), next(50)], [ms(60); 3], "time to handle the records remains");
    }
}
