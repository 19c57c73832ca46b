//! The target for commands while old ones are deleted.

use super::Verdict;
use crate::numbers::{round, share};
use crate::report::{Retention, grouped, grouped_count};

/// The greatest P99 of POST → 202 with retention, in percent of that without.
const PERCENT: f64 = 110.0;

/// Compares P99 with and without retention, each the median of the rounds. Retention that deleted
/// nothing meets no target.
pub(super) fn judge(retention: &Retention) -> Vec<Verdict> {
    let (without, with) = retention.median_p99_ms();
    let percent = round(share(with * 100.0, without), 0);
    let segments = || retention.rounds.iter().map(|round| &round.with);
    let has_worked = segments().all(|segment| segment.deleted > 0);
    let has_failed = segments().any(|segment| segment.phase.failed > 0);
    let rate = grouped(retention.rate.into());
    vec![Verdict::new(
        format!(
            "P99 of POST → 202 at {rate} commands/s while old ones of {} are deleted, relative to without",
            grouped_count(retention.data.commands)
        ),
        format!("≤ {PERCENT} %"),
        format!("{percent} % ({without:.1} → {with:.1} ms)"),
        percent > 0.0 && percent <= PERCENT && has_worked && !has_failed,
    )]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn met(change: impl Fn(&mut Retention)) -> bool {
        let mut retention = sample::retention();
        change(&mut retention);
        judge(&retention).iter().all(|verdict| verdict.met)
    }

    #[test]
    fn the_medians_are_compared() {
        let [verdict] = judge(&sample::retention()).try_into().unwrap();
        assert_eq!((verdict.measured.as_str(), verdict.met), ("105 % (10.0 → 10.5 ms)", true));
        assert!(
            met(|retention| retention.rounds[0].with.phase.latency.p99_ms = 90.0),
            "one round is an outlier"
        );
        assert!(!met(|retention| {
            retention.rounds.iter_mut().for_each(|round| round.with.phase.latency.p99_ms = 11.2);
        }));
    }

    #[test]
    fn retention_that_deletes_nothing_or_fails_commands_meets_no_target() {
        assert!(!met(|retention| retention.rounds[1].with.deleted = 0));
        assert!(!met(|retention| retention.rounds[2].with.phase.failed = 1));
    }
}
