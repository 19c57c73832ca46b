//! The use of a process during a measurement.

use crate::numbers::{count, round, share};
use serde::Serialize;

/// The use of a process.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProcessUse {
    /// The name of the program.
    pub name: &'static str,
    /// The average number of cores.
    pub cpu_cores: f64,
    /// CPU time per event, or per command or request in their chapters, in µs.
    pub cpu_us_per_event: f64,
    /// The greatest resident memory; of several ingestors that of the largest one.
    pub peak_mb: Option<f64>,
}

impl ProcessUse {
    /// The use of `cpu` seconds within `seconds`, in which `events` were sent.
    pub fn new(name: &'static str, cpu: f64, seconds: f64, events: f64, peak_mb: Option<f64>) -> Self {
        Self {
            name,
            cpu_cores: round(share(cpu, seconds), 4),
            cpu_us_per_event: round(share(cpu * 1e6, events), 1),
            peak_mb: peak_mb.map(|mb| round(mb, 0)),
        }
    }

    /// The mean use of each process over several rounds of the same length and load, and its greatest
    /// memory.
    pub fn of_rounds(rounds: &[Vec<Self>]) -> Vec<Self> {
        let of_process = |first: &Self| {
            let same: Vec<_> = rounds.iter().flatten().filter(|other| other.name == first.name).collect();
            let mean = |of: fn(&Self) -> f64| share(same.iter().copied().map(of).sum(), count(rounds.len()));
            Self {
                name: first.name,
                cpu_cores: round(mean(|process| process.cpu_cores), 4),
                cpu_us_per_event: round(mean(|process| process.cpu_us_per_event), 1),
                peak_mb: same.iter().filter_map(|process| process.peak_mb).reduce(f64::max),
            }
        };
        rounds.first().into_iter().flatten().map(of_process).collect()
    }

    /// The CPU time per event of those of `processes` that have these names, in µs.
    pub fn cpu_us_of(processes: &[Self], names: &[&str]) -> f64 {
        let counted = processes.iter().filter(|process| names.contains(&process.name));
        counted.map(|process| process.cpu_us_per_event).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::ProcessUse;

    #[test]
    fn the_use_over_rounds_is_the_mean_and_the_peak_the_greatest() {
        let round = |kafka: f64, peak_mb| {
            vec![
                ProcessUse::new("kafka", kafka, 2.0, 1_000.0, Some(peak_mb)),
                ProcessUse::new("load generator", 0.5, 2.0, 1_000.0, None),
            ]
        };
        let all = ProcessUse::of_rounds(&[round(0.1, 500.0), round(0.3, 520.0), round(0.2, 510.0)]);
        assert_eq!(all, round(0.2, 520.0));
        assert_eq!(ProcessUse::of_rounds(&[round(0.1, 500.0)]), round(0.1, 500.0));
    }
}
