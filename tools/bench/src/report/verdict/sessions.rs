//! The targets for lists of sessions.

use super::{Verdict, reads};
use crate::report::{Sessions, grouped_count};

/// Compares the results for lists of sessions.
pub(super) fn judge(sessions: &Sessions) -> Vec<Verdict> {
    let among = grouped_count(sessions.data.sessions);
    let judged = sessions.kinds.iter().map(reads::latency);
    judged.map(|verdict| Verdict { what: format!("{}, of {among}", verdict.what), ..verdict }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn each_target_is_compared() {
        let sessions = sample::sessions();
        let lines: Vec<_> = judge(&sessions)
            .into_iter()
            .map(|verdict| (verdict.what, verdict.target, verdict.measured, verdict.met))
            .collect();
        let line = |what: &str, measured: &str, met| {
            (what.to_owned(), "≤ 20 ms".to_owned(), measured.to_owned(), met)
        };
        assert_eq!(
            lines,
            [
                line(
                    "P99 of GET sessions by station and month, page 1 at 200/s, of 10,000,000",
                    "4.0 ms",
                    true
                ),
                line("P99 of GET sessions by pile at 200/s, of 10,000,000", "20.1 ms", false),
                line(
                    "P99 of GET open sessions at 200/s, of 10,000,000",
                    "150/s at most; 5.0 ms at 80/s",
                    false
                ),
            ]
        );
    }
}
