//! The ratios of a report.

use super::{CommandRate, NEARBY, PAGE, PILE, PRICE, Report};
use crate::meters::{OF_EVENTS, ProcessUse};
use crate::numbers::{round, share};
use crate::ratios::Ratio;
use std::collections::BTreeMap;

/// The rates of commands whose ratios are compared between releases.
const LOW_RATE: u32 = 50;
const RATE: u32 = 500;

/// The ratio of the throughput of a kind of reads.
pub fn ratio_of_read(kind: &str) -> Option<Ratio> {
    match kind {
        PILE => Some(Ratio::PilesOfFloor),
        PRICE => Some(Ratio::PricesOfFloor),
        PAGE => Some(Ratio::StationsOfFloor),
        NEARBY => Some(Ratio::NearbyOfFloor),
        _ => None,
    }
}

impl CommandRate {
    /// The ratios at this rate; 0 if a command failed.
    pub fn ratios(&self) -> Vec<(Ratio, f64)> {
        let ratios = match self.rate {
            LOW_RATE => vec![(Ratio::CommandP50AtLowRate, self.p50_to_floor)],
            RATE => vec![(Ratio::CommandP50, self.p50_to_floor), (Ratio::CommandCpu, self.cpu_to_floor)],
            _ => Vec::new(),
        };
        let has_failed = self.platform.failed > 0;
        ratios.into_iter().map(|(ratio, value)| (ratio, if has_failed { 0.0 } else { value })).collect()
    }
}

impl Report {
    /// The ratios that were measured.
    pub fn ratios(&self) -> BTreeMap<Ratio, f64> {
        let checked = self.check.iter().flat_map(|check| check.best());
        let commands = self.commands.iter().flat_map(|commands| &commands.steady);
        let reads = self.reads.iter().flat_map(|reads| &reads.kinds);
        let of_floor =
            |kind: &super::ReadKind| Some((ratio_of_read(kind.name)?, kind.of_floor_percent / 100.0));
        let all = checked
            .chain(self.event_ratios())
            .chain(commands.flat_map(CommandRate::ratios))
            .chain(self.commands_of_floor().map(|value| (Ratio::CommandsOfFloor, value)))
            .chain(reads.filter_map(of_floor));
        all.map(|(ratio, value)| (ratio, round(value, 3))).filter(|(_, value)| *value > 0.0).collect()
    }

    fn event_ratios(&self) -> Vec<(Ratio, f64)> {
        let Some(highest) = self.highest.as_ref().filter(|highest| highest.sustained) else {
            return Vec::new();
        };
        let floor = self.floor.as_ref().map_or(0.0, |floor| floor.bulk.events_per_s);
        let cpu = |processes: &[ProcessUse]| ProcessUse::cpu_us_of(processes, &OF_EVENTS);
        let lowest = self.steady.first().map_or(0.0, |phase| cpu(&phase.processes));
        vec![
            (Ratio::EventsOfFloor, share(highest.sent_per_s, floor)),
            (Ratio::EventCpuAtLowRate, share(lowest, cpu(&highest.processes))),
        ]
    }

    fn commands_of_floor(&self) -> Option<f64> {
        let commands = self.commands.as_ref()?;
        let highest = commands.highest.as_ref().filter(|highest| highest.platform.sustained)?;
        Some(share(highest.rate.into(), commands.floor_highest?.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::sample;

    #[test]
    fn a_full_run_has_the_ratios_of_what_it_measured() {
        let expected = [
            (Ratio::EventsOfFloor, 0.5),
            // 400 µs at 600/s, 70 µs at 22,500/s.
            (Ratio::EventCpuAtLowRate, 5.714),
            (Ratio::CommandP50AtLowRate, 1.4),
            (Ratio::CommandP50, 1.6),
            (Ratio::CommandCpu, 1.25),
            (Ratio::CommandsOfFloor, 0.75),
            (Ratio::PilesOfFloor, 0.5),
            (Ratio::StationsOfFloor, 0.833),
        ];
        assert_eq!(sample().ratios(), BTreeMap::from(expected));
    }

    #[test]
    fn a_rate_that_was_not_sustained_or_failed_has_no_ratio() {
        let mut report = sample();
        report.highest.as_mut().unwrap().sustained = false;
        let commands = report.commands.as_mut().unwrap();
        commands.highest.as_mut().unwrap().platform.sustained = false;
        commands.steady[1].platform.failed = 1;
        let found: Vec<_> = report.ratios().into_keys().collect();
        assert_eq!(found, [Ratio::CommandP50AtLowRate, Ratio::PilesOfFloor, Ratio::StationsOfFloor]);
    }
}
