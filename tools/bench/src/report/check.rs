//! The results of a check: each ratio and its threshold.

use crate::numbers::round;
use crate::ratios::{Ratio, Threshold};
use anyhow::bail;
use serde::Serialize;

/// The ratios of a check.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// All ratios that have a threshold.
    pub ratios: Vec<CheckedRatio>,
}

/// A ratio, its threshold, and what was measured.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedRatio {
    /// The ratio and its threshold.
    #[serde(flatten)]
    pub threshold: Threshold,
    /// The value of each attempt; 0 if it could not be measured.
    pub measured: Vec<f64>,
    /// Whether an attempt has passed.
    pub passed: bool,
}

impl Check {
    /// A check that has measured nothing.
    pub fn new(thresholds: &[Threshold]) -> Self {
        let ratio = |threshold: &Threshold| CheckedRatio {
            threshold: *threshold,
            measured: Vec::new(),
            passed: false,
        };
        Self { ratios: thresholds.iter().map(ratio).collect() }
    }

    /// Records an attempt; returns the ratios of it that have passed in no attempt.
    pub fn record(&mut self, attempt: &[(Ratio, f64)]) -> Vec<Ratio> {
        let mut missed = Vec::new();
        for (ratio, value) in attempt {
            for checked in self.ratios.iter_mut().filter(|checked| checked.threshold.ratio == *ratio) {
                checked.measured.push(round(*value, 3));
                checked.passed |= checked.threshold.passes(*value);
                if !checked.passed {
                    missed.push(*ratio);
                }
            }
        }
        missed
    }

    /// The best value of each ratio that was measured.
    pub fn best(&self) -> impl Iterator<Item = (Ratio, f64)> {
        self.ratios.iter().filter_map(|checked| Some((checked.threshold.ratio, checked.best()?)))
    }

    /// The ratios that missed their thresholds, as an error. A ratio that was not measured misses.
    pub fn result(&self) -> anyhow::Result<()> {
        let missed = self.ratios.iter().filter(|checked| !checked.passed);
        let missed: Vec<_> = missed.map(|checked| checked.threshold.ratio.title()).collect();
        if missed.is_empty() {
            return Ok(());
        }
        bail!(
            "{} of {} ratios missed their thresholds: {}; run the check again on an idle machine, then find the commit that made them worse",
            missed.len(),
            self.ratios.len(),
            missed.join("; ")
        )
    }
}

impl CheckedRatio {
    /// The best value; `None` if nothing was measured.
    pub fn best(&self) -> Option<f64> {
        let measured = self.measured.iter().copied().filter(|value| *value > 0.0);
        measured.reduce(if self.threshold.ratio.is_better_when_higher() { f64::max } else { f64::min })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ratios::thresholds;

    /// Every ratio, `times` as good as its threshold demands.
    fn attempt(thresholds: &[Threshold], times: f64) -> Vec<(Ratio, f64)> {
        let value = |threshold: &Threshold| {
            let times = if threshold.ratio.is_better_when_higher() { times } else { 1.0 / times };
            (threshold.ratio, threshold.worst * times)
        };
        thresholds.iter().map(value).collect()
    }

    #[test]
    fn passes_when_every_ratio_keeps_its_threshold() {
        let thresholds = thresholds().unwrap();
        let mut check = Check::new(&thresholds);
        assert!(check.record(&attempt(&thresholds, 1.01)).is_empty());
        check.result().unwrap();
    }

    #[test]
    fn fails_and_names_what_missed() {
        let thresholds = thresholds().unwrap();
        let mut check = Check::new(&thresholds);
        check.record(&attempt(&thresholds, 1.01)[1..]);
        assert_eq!(check.record(&attempt(&thresholds, 0.99)[..1]), [thresholds[0].ratio]);
        let failure = check.result().unwrap_err().to_string();
        assert!(
            failure.starts_with("1 of 10 ratios missed their thresholds: events per second"),
            "{failure}"
        );
    }

    #[test]
    fn the_best_attempt_counts_whatever_follows() {
        let thresholds = thresholds().unwrap();
        let mut check = Check::new(&thresholds);
        assert_eq!(check.record(&attempt(&thresholds, 0.9)).len(), thresholds.len());
        assert!(check.record(&attempt(&thresholds, 1.1)).is_empty());
        assert!(check.record(&attempt(&thresholds, 0.5)).is_empty());
        check.result().unwrap();
        for (checked, (_, best)) in check.ratios.iter().zip(attempt(&thresholds, 1.1)) {
            assert_eq!(checked.best(), Some(round(best, 3)));
        }
    }

    #[test]
    fn what_was_not_measured_misses() {
        let thresholds = thresholds().unwrap();
        assert!(Check::new(&thresholds).result().is_err());
        let mut check = Check::new(&thresholds);
        let nothing: Vec<_> = thresholds.iter().map(|threshold| (threshold.ratio, 0.0)).collect();
        assert_eq!(check.record(&nothing).len(), thresholds.len());
        assert_eq!(check.ratios[0].best(), None);
        assert!(check.result().is_err());
    }
}
