//! The result for the load alone.

use super::Phase;
use crate::meters::{BROKER, OF_EVENTS, ProcessUse};
use serde::Serialize;

/// Gateways that publish at the lowest of the steady rates while no ingestor runs.
#[derive(Debug, Clone, Serialize)]
pub struct LoadAlone {
    /// The requested events per second.
    pub rate: u32,
    /// Measured seconds.
    pub seconds: f64,
    /// Events sent in them.
    pub events: u64,
    /// The use of each process; no ingestor is among them.
    pub processes: Vec<ProcessUse>,
}

/// The parts of the CPU time per event at the rate of the load alone, in µs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadShare {
    /// The ingestors, `PostgreSQL` and Kafka.
    pub all_us: f64,
    /// Kafka.
    pub kafka_us: f64,
    /// Kafka, for the gateways' own requests: while nothing else uses it.
    pub gateways_us: f64,
}

impl LoadAlone {
    /// Compares with the same load while ingestors run; `None` if Kafka runs on another machine.
    pub fn share_of(&self, phase: &Phase) -> Option<LoadShare> {
        let kafka = |processes: &[ProcessUse]| ProcessUse::cpu_us_of(processes, &[BROKER]);
        let share = LoadShare {
            all_us: ProcessUse::cpu_us_of(&phase.processes, &OF_EVENTS),
            kafka_us: kafka(&phase.processes),
            gateways_us: kafka(&self.processes),
        };
        (share.gateways_us > 0.0).then_some(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::sample;

    #[test]
    fn the_gateways_share_is_what_kafka_uses_without_an_ingestor() {
        let report = sample();
        let mut alone = report.load_alone.unwrap();
        let share = LoadShare { all_us: 520.0, kafka_us: 120.0, gateways_us: 90.0 };
        assert_eq!(alone.share_of(&report.steady[0]), Some(share));
        alone.processes.retain(|process| process.name != BROKER);
        assert_eq!(alone.share_of(&report.steady[0]), None);
    }
}
