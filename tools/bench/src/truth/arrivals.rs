//! Converts counts at instants to percentiles of when devices reached a state; without I/O.

use crate::numbers::{count, round};
use crate::report::{Arrivals, Counts};

/// A snapshot of the devices of the killed pod.
#[derive(Debug, Clone, Copy)]
pub struct TimedCounts {
    /// Seconds after the kill at which the result was received.
    pub at_s: f64,
    /// The result.
    pub counts: Counts,
}

/// When devices, of `devices` in total, reached the state that `reached` counts. A share of the
/// devices has reached it at the first snapshot after which the count is never below that share.
pub fn arrivals(devices: u64, snapshots: &[TimedCounts], reached: impl Fn(&Counts) -> u64) -> Arrivals {
    let time = |percent: u64| {
        let rank = (devices * percent).div_ceil(100).max(1);
        let steady = snapshots.iter().rev().take_while(|snapshot| reached(&snapshot.counts) >= rank);
        steady.last().map(|snapshot| round(snapshot.at_s, 2))
    };
    let reached = snapshots.last().map_or(0, |snapshot| reached(&snapshot.counts));
    Arrivals { reached, p50_s: time(50), p95_s: time(95), max_s: time(100) }
}

/// The first snapshot of each second after the kill; a second without one has that of the second
/// before.
pub fn by_second(snapshots: &[TimedCounts]) -> Vec<Counts> {
    let mut seconds: Vec<Counts> = Vec::new();
    let mut previous = None;
    for snapshot in snapshots {
        // Seconds that begin no later than this snapshot: the last of them has it, those before
        // have none of their own.
        while count(seconds.len()) <= snapshot.at_s {
            let is_last = count(seconds.len() + 1) > snapshot.at_s;
            seconds.push(previous.filter(|_| !is_last).unwrap_or(snapshot.counts));
        }
        previous = Some(snapshot.counts);
    }
    seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Snapshots every half second of 100 devices, of which this many are doubtful.
    fn snapshots(doubtful: &[u64]) -> Vec<TimedCounts> {
        let snapshots = doubtful.iter().zip(0_u32..);
        let snapshot = |(doubtful, number): (&u64, u32)| TimedCounts {
            at_s: f64::from(number) * 0.5,
            counts: Counts { live: 100 - doubtful, doubtful: *doubtful, ..Counts::default() },
        };
        snapshots.map(snapshot).collect()
    }

    #[test]
    fn a_share_arrives_at_the_first_snapshot_that_shows_it() {
        let arrivals = arrivals(100, &snapshots(&[0, 49, 50, 94, 95, 99, 100]), Counts::noticed);
        let expected = Arrivals { reached: 100, p50_s: Some(1.0), p95_s: Some(2.0), max_s: Some(3.0) };
        assert_eq!(arrivals, expected);
    }

    #[test]
    fn a_share_that_is_lost_again_has_not_arrived() {
        let arrivals = arrivals(100, &snapshots(&[0, 100, 60, 96, 99]), Counts::noticed);
        let expected = Arrivals { reached: 99, p50_s: Some(0.5), p95_s: Some(1.5), max_s: None };
        assert_eq!(arrivals, expected);
    }

    #[test]
    fn without_devices_in_the_state_there_are_no_times() {
        let none = Arrivals { reached: 0, p50_s: None, p95_s: None, max_s: None };
        assert_eq!(arrivals(100, &snapshots(&[0, 5, 20]), Counts::settled), none);
        assert_eq!(arrivals(100, &[], Counts::noticed), none);
    }

    #[test]
    fn wrong_states_are_neither_noticed_nor_settled() {
        let counts = Counts { live: 1, doubtful: 2, offline: 4, offline_returned: 8, elsewhere: 16 };
        assert_eq!((counts.total(), counts.noticed(), counts.settled()), (31, 30, 20));
    }

    #[test]
    fn each_second_has_one_snapshot() {
        let doubtful =
            |seconds: Vec<Counts>| seconds.iter().map(|counts| counts.doubtful).collect::<Vec<_>>();
        assert_eq!(doubtful(by_second(&snapshots(&[0, 1, 2, 3, 4]))), [0, 2, 4]);
        let mut sparse = snapshots(&[0, 1, 7]);
        sparse[2].at_s = 3.2;
        assert_eq!(doubtful(by_second(&sparse)), [0, 1, 1, 7]);
        assert!(by_second(&[]).is_empty());
    }
}
