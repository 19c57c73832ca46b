//! The chapter on ratios that have a threshold.

use super::table;
use crate::report::Check;

/// Renders the chapter.
pub(super) fn render(check: &Check) -> String {
    let times = |value: f64| format!("{value:.2} ×");
    let mut rows = Vec::new();
    for checked in &check.ratios {
        let threshold = &checked.threshold;
        let relation = if threshold.ratio.is_better_when_higher() { '≥' } else { '≤' };
        rows.push(vec![
            threshold.ratio.title().to_owned(),
            checked.best().map_or_else(|| "not measured".to_owned(), times),
            format!("{relation} {}", times(threshold.worst)),
            times(threshold.reached),
            checked.measured.len().to_string(),
            if checked.passed { "passed" } else { "**FAILED**" }.to_owned(),
        ]);
    }
    let columns = ["ratio", "now", "threshold", "reached before", "attempts", ""];
    table("Ratios", &columns, &rows)
        + "\nA threshold is 80 % of what was reached before. The best attempt counts.\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ratios::{Ratio, Threshold};

    #[test]
    fn renders_what_passed_missed_and_was_not_measured() {
        let threshold = |ratio, reached, worst| Threshold { ratio, reached, worst };
        let mut check = Check::new(&[
            threshold(Ratio::PilesOfFloor, 0.5, 0.4),
            threshold(Ratio::CommandP50, 1.6, 2.0),
            threshold(Ratio::CommandCpu, 1.6, 2.0),
        ]);
        check.record(&[(Ratio::PilesOfFloor, 0.39), (Ratio::CommandP50, 2.1)]);
        check.record(&[(Ratio::PilesOfFloor, 0.41), (Ratio::CommandP50, 2.2)]);
        let text = render(&check);
        for line in [
            "| GET a pile, of the floor | 0.41 × | ≥ 0.40 × | 0.50 × | 2 | passed |",
            "| P50 of POST → 202 at 500/s, relative to the floor | 2.10 × | ≤ 2.00 × | 1.60 × | 2 | **FAILED** |",
            "| CPU per command at 500/s, relative to the floor | not measured | ≤ 2.00 × | 1.60 × | 0 | **FAILED** |",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
