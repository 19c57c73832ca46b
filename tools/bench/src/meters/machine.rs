//! `/proc/stat`: the use of the whole machine.

use crate::numbers::float;

/// Ticks since the machine started, over all cores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Machine {
    busy: u64,
    stolen: u64,
}

impl Machine {
    /// Reads the ticks.
    pub fn read() -> Self {
        std::fs::read_to_string("/proc/stat").ok().and_then(|text| Self::parse(&text)).unwrap_or_default()
    }

    /// user nice system idle iowait irq softirq steal …; guest time is part of user time.
    fn parse(text: &str) -> Option<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let fields: Vec<u64> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        let at = |index: usize| fields.get(index).copied();
        Some(Self { busy: at(0)? + at(1)? + at(2)? + at(5)? + at(6)?, stolen: at(7)? })
    }

    /// CPU seconds used until `later`.
    pub fn busy_until(&self, later: &Self) -> f64 {
        seconds(later.busy.saturating_sub(self.busy))
    }

    /// CPU seconds that other guests of the host took until `later`.
    pub fn stolen_until(&self, later: &Self) -> f64 {
        seconds(later.stolen.saturating_sub(self.stolen))
    }
}

fn seconds(ticks: u64) -> f64 {
    float(ticks) / float(rustix::param::clock_ticks_per_second())
}

#[cfg(test)]
mod tests {
    use super::Machine;

    #[test]
    fn does_not_count_idle_time() {
        let text = "cpu  100 20 30 4000 500 6 7 80 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
        assert_eq!(Machine::parse(text), Some(Machine { busy: 163, stolen: 80 }));
        assert_eq!(Machine::parse("intr 1 2"), None);
    }
}
