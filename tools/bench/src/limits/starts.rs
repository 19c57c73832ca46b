//! When sessions start, and with which limits.

use crate::plan::LimitPlan;
use serde_json::json;
use std::time::Duration;

/// A start with a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedStart {
    /// When it is due, after the first one.
    pub at: Duration,
    /// The limit.
    pub limit: Limit,
}

/// The limit of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// `maxEnergyWh`, in Wh.
    Energy(u32),
    /// `maxDurationS`, in seconds.
    Duration(u32),
}

/// All starts in order, evenly spread. Both kinds alternate, and the limits of each kind are spread
/// over one interval of readings.
pub fn schedule(plan: &LimitPlan) -> Vec<PlannedStart> {
    let (energy, duration) = (plan.energy, plan.duration);
    let all = energy + duration;
    // Of the first `number` starts, those with a limit of duration.
    let durations = |number: u32| number * duration / all.max(1);
    (0..all)
        .map(|number| {
            let before = durations(number);
            let limit = if durations(number + 1) > before {
                Limit::Duration(plan.shortest_s + plan.reading_s * before / duration.max(1))
            } else {
                Limit::Energy(energy_wh(plan, number - before))
            };
            PlannedStart { at: plan.spread * number / all.max(1), limit }
        })
        .collect()
}

/// The limit of the energy session with this number, in Wh.
fn energy_wh(plan: &LimitPlan, number: u32) -> u32 {
    let millis = plan.shortest_s * 1_000 + plan.reading_s * 1_000 * number / plan.energy.max(1);
    let wh = u64::from(plan.power_w) * u64::from(millis) / 3_600_000;
    u32::try_from(wh).unwrap_or(u32::MAX)
}

impl PlannedStart {
    /// The body of the command, for a driver with a token of its own.
    pub fn body(&self, number: usize) -> String {
        let (name, value) = match self.limit {
            Limit::Energy(wh) => ("maxEnergyWh", wh),
            Limit::Duration(seconds) => ("maxDurationS", seconds),
        };
        json!({ "idTag": format!("LIMIT{number:05}"), "connectorId": 1, name: value }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    fn plan() -> LimitPlan {
        Plan::parse([]).unwrap().limits
    }

    #[test]
    fn limits_of_energy_fall_at_all_phases_of_the_interval_of_readings() {
        let plan = plan();
        let starts = schedule(&plan);
        let mut phases: Vec<u32> = starts
            .iter()
            .filter_map(|start| match start.limit {
                // After this many tenths of a second, of which an interval has 100.
                Limit::Energy(wh) => Some(wh * 36_000 / plan.power_w % (plan.reading_s * 10)),
                Limit::Duration(_) => None,
            })
            .collect();
        assert_eq!(phases.len(), 200);
        phases.sort_unstable();
        assert!(phases[0] <= 1 && phases[199] >= 98, "{phases:?}");
        assert!(phases.windows(2).all(|pair| pair[1] - pair[0] <= 2), "{phases:?}");
    }

    #[test]
    fn starts_of_both_kinds_alternate_over_the_whole_time() {
        let plan = plan();
        let starts = schedule(&plan);
        assert_eq!(starts.len(), 300);
        for three in starts.chunks(3) {
            let durations = three.iter().filter(|start| matches!(start.limit, Limit::Duration(_)));
            assert_eq!(durations.count(), 1, "{three:?}");
        }
        assert_eq!(starts[0].at, Duration::ZERO);
        assert_eq!(starts[150].at, plan.spread / 2);
        assert!(starts.windows(2).all(|pair| pair[0].at < pair[1].at));
    }

    #[test]
    fn the_body_has_the_limit_and_a_token_of_its_own() {
        let start = PlannedStart { at: Duration::ZERO, limit: Limit::Energy(1_000) };
        let body: serde_json::Value = serde_json::from_str(&start.body(7)).unwrap();
        assert_eq!(body, json!({ "idTag": "LIMIT00007", "connectorId": 1, "maxEnergyWh": 1_000 }));
        let start = PlannedStart { limit: Limit::Duration(30), ..start };
        assert!(start.body(8).contains(r#""maxDurationS":30"#));
    }
}
