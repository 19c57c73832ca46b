//! The use of a process during a measurement.

use crate::numbers::{round, share};
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

    /// The CPU time per event of those of `processes` that have these names, in µs.
    pub fn cpu_us_of(processes: &[Self], names: &[&str]) -> f64 {
        let counted = processes.iter().filter(|process| names.contains(&process.name));
        counted.map(|process| process.cpu_us_per_event).sum()
    }
}
