//! The targets for reads.

use super::Verdict;
use crate::report::{PILE, ReadKind, Reads, grouped};

/// The least throughput of requests for a pile, in percent of the floor's.
const OF_FLOOR_PERCENT: f64 = 50.0;
/// The greatest cost of a page at any depth, in multiples of page 1.
const MAX_DEPTH_RATIO: f64 = 1.3;

/// Compares the results for reads.
pub(super) fn judge(reads: &Reads) -> Vec<Verdict> {
    let mut verdicts: Vec<_> = reads.kinds.iter().map(latency).collect();
    verdicts.extend(reads.kinds.iter().filter(|kind| kind.name == PILE).map(|kind| {
        let (ours, floor) = (grouped(kind.saturated.per_s), grouped(kind.floor.per_s));
        let percent = kind.of_floor_percent;
        Verdict::new(
            format!("throughput of GET {}, of the floor", kind.name),
            format!("≥ {OF_FLOOR_PERCENT} %"),
            format!("{percent} % ({ours} of {floor}/s)"),
            percent >= OF_FLOOR_PERCENT,
        )
    }));
    verdicts.extend(reads.pages.iter().map(|cost| {
        Verdict::new(
            format!("a page deep in the list of {}, relative to page 1", cost.list),
            format!("≤ {MAX_DEPTH_RATIO} ×"),
            format!("{} ×", cost.ratio),
            cost.ratio > 0.0 && cost.ratio <= MAX_DEPTH_RATIO,
        )
    }));
    verdicts
}

/// The latency at the rate, if the rate was reached.
pub(super) fn latency(kind: &ReadKind) -> Verdict {
    let (paced, p99) = (&kind.paced, kind.paced.latency.p99_ms);
    let target = kind.target;
    let is_reached = paced.rate >= target.rate;
    let measured = if is_reached {
        format!("{p99:.1} ms")
    } else {
        let (max_per_s, rate) = (grouped(kind.saturated.per_s), grouped(paced.rate.into()));
        format!("{max_per_s}/s at most; {p99:.1} ms at {rate}/s")
    };
    let what = format!("P99 of GET {} at {}/s", kind.name, grouped(target.rate.into()));
    Verdict::new(
        what,
        format!("≤ {} ms", target.p99_ms),
        measured,
        is_reached && p99 <= target.p99_ms && paced.failed == 0,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::sample;

    fn met(change: impl Fn(&mut Reads)) -> Vec<bool> {
        let mut reads = sample().reads.unwrap();
        change(&mut reads);
        judge(&reads).iter().map(|verdict| verdict.met).collect()
    }

    #[test]
    fn each_target_is_compared() {
        assert_eq!(met(|_| {}), [true, false, true, true, false]);
        assert!(!met(|reads| reads.kinds[0].paced.latency.p99_ms = 20.1)[0]);
        assert!(!met(|reads| reads.kinds[0].paced.failed = 1)[0]);
        assert!(!met(|reads| reads.kinds[0].of_floor_percent = 49.9)[2]);
        assert!(!met(|reads| reads.pages[0].ratio = 1.31)[3]);
    }

    #[test]
    fn an_unreached_rate_meets_no_target_however_fast() {
        assert!(!met(|reads| reads.kinds[0].paced.rate = 1_990)[0]);
        assert!(!met(|reads| reads.pages[0].ratio = 0.0)[3]);
    }
}
