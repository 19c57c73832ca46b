//! The thresholds that a check enforces, from what was reached.

use super::{Ratio, RatioRun, run};
use anyhow::Context as _;
use serde::Serialize;

/// The runs that were reached: checks on each kind of machine.
const REACHED: &str = include_str!("../../reached.toml");
/// The share of what was reached that must be kept.
const KEPT: f64 = 0.8;

/// The threshold of a ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Threshold {
    /// The ratio.
    pub ratio: Ratio,
    /// What was reached: of several kinds of machines, on the one with the worst value, because a
    /// check does not choose its machine.
    pub reached: f64,
    /// The worst value that passes: 80 % of `reached`; of a ratio that is better when lower, `reached`
    /// divided by 0.8.
    #[serde(rename = "threshold")]
    pub worst: f64,
}

impl Threshold {
    fn new(ratio: Ratio, reached: f64) -> Self {
        let worst = if ratio.is_better_when_higher() { reached * KEPT } else { reached / KEPT };
        Self { ratio, reached, worst }
    }

    /// Whether `value` passes. A value that was not measured, 0, does not.
    pub fn passes(&self, value: f64) -> bool {
        let is_kept =
            if self.ratio.is_better_when_higher() { value >= self.worst } else { value <= self.worst };
        value > 0.0 && is_kept
    }
}

/// The thresholds of all ratios.
///
/// # Errors
/// When the file of what was reached is invalid, or lacks a ratio.
pub fn thresholds() -> anyhow::Result<Vec<Threshold>> {
    thresholds_of(&run::parse(REACHED)?)
}

fn thresholds_of(runs: &[RatioRun]) -> anyhow::Result<Vec<Threshold>> {
    let threshold = |ratio: Ratio| {
        let values = runs.iter().filter_map(|run| run.ratios.get(&ratio).copied());
        let worst = values.reduce(if ratio.is_better_when_higher() { f64::min } else { f64::max });
        let reached = worst.with_context(|| format!("reached.toml has no run with {ratio:?}"))?;
        Ok(Threshold::new(ratio, reached))
    };
    Ratio::ALL.into_iter().map(threshold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_what_was_reached_may_be_lost() {
        let higher = Threshold::new(Ratio::PilesOfFloor, 0.5);
        assert!(higher.passes(0.4) && higher.passes(0.9) && !higher.passes(0.399));
        let lower = Threshold::new(Ratio::CommandP50, 1.6);
        assert!(lower.passes(2.0) && lower.passes(0.9) && !lower.passes(2.001));
    }

    #[test]
    fn what_was_not_measured_does_not_pass() {
        for ratio in Ratio::ALL {
            let threshold = Threshold::new(ratio, 1.0);
            assert!(!threshold.passes(0.0) && !threshold.passes(f64::NAN) && threshold.passes(1.0));
        }
    }

    #[test]
    fn the_committed_file_has_every_ratio() {
        assert_eq!(thresholds().unwrap().len(), Ratio::ALL.len());
    }

    #[test]
    fn the_worst_machine_counts_and_a_missing_ratio_is_refused() {
        let mut runs = run::parse(REACHED).unwrap();
        runs.truncate(1);
        let mut slower = runs[0].clone();
        slower.machine = "a slower one".to_owned();
        for (ratio, value) in &mut slower.ratios {
            *value *= if ratio.is_better_when_higher() { 0.5 } else { 2.0 };
        }
        runs.push(slower.clone());
        for threshold in thresholds_of(&runs).unwrap() {
            assert_eq!(Some(&threshold.reached), slower.ratios.get(&threshold.ratio));
        }
        for run in &mut runs {
            run.ratios.remove(&Ratio::CommandCpu);
        }
        assert!(thresholds_of(&runs).unwrap_err().to_string().contains("CommandCpu"));
    }
}
