//! The targets for commands.

use super::Verdict;
use crate::report::{Commands, grouped};

/// The rate for the target of P99, at which shared cores matter.
const RATE: u32 = 500;
/// The greatest P99 of POST → 202 at that rate, in ms.
const P99_MS: f64 = 25.0;
/// The greatest P50 of POST → 202 in multiples of the floor's.
const TIMES_FLOOR: f64 = 1.5;
/// The least highest sustained rate, in commands per second.
const HIGHEST: u32 = 2_000;

/// Compares the results for commands.
pub(super) fn judge(commands: &Commands) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for measured in commands.steady.iter().filter(|measured| measured.rate == RATE) {
        let (rate, p99) = (grouped(RATE.into()), measured.platform.latency.p99_ms);
        verdicts.push(Verdict::new(
            format!("P99 of POST → 202 at {rate} commands/s"),
            format!("≤ {P99_MS} ms"),
            format!("{p99:.1} ms"),
            p99 <= P99_MS && measured.platform.failed == 0,
        ));
    }
    for measured in &commands.steady {
        let (ours, floor) = (measured.platform.latency.p50_ms, measured.floor.latency.p50_ms);
        let times = measured.p50_to_floor;
        verdicts.push(Verdict::new(
            format!(
                "P50 of POST → 202 at {} commands/s, relative to the floor",
                grouped(measured.rate.into())
            ),
            format!("≤ {TIMES_FLOOR} ×"),
            format!("{times} × ({floor:.1} → {ours:.1} ms)"),
            times > 0.0 && times <= TIMES_FLOOR && measured.platform.failed == 0,
        ));
    }
    let highest = commands.highest.as_ref().filter(|measured| measured.platform.sustained);
    let rate = highest.map(|measured| measured.rate);
    verdicts.push(Verdict::new(
        "highest sustained rate of commands",
        format!("≥ {}/s", grouped(HIGHEST.into())),
        rate.map_or_else(|| "none".to_owned(), |rate| format!("{}/s", grouped(rate.into()))),
        rate.is_some_and(|rate| rate >= HIGHEST),
    ));
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::sample;

    fn met(change: impl Fn(&mut Commands)) -> Vec<bool> {
        let mut commands = sample().commands.unwrap();
        change(&mut commands);
        judge(&commands).iter().map(|verdict| verdict.met).collect()
    }

    #[test]
    fn each_target_is_compared() {
        assert_eq!(met(|_| {}), [true, true, false, true]);
        assert!(!met(|commands| commands.steady[1].platform.latency.p99_ms = 25.1)[0]);
        assert!(!met(|commands| commands.steady[0].p50_to_floor = 1.51)[1]);
        assert!(met(|commands| commands.steady[1].p50_to_floor = 1.5)[2]);
        assert!(!met(|commands| commands.highest.as_mut().unwrap().rate = 1_999)[3]);
    }

    #[test]
    fn a_failed_or_unsustained_rate_meets_no_target() {
        assert!(!met(|commands| commands.steady[1].platform.failed = 1)[0]);
        assert!(!met(|commands| commands.steady[0].platform.failed = 1)[1]);
        assert!(!met(|commands| commands.highest.as_mut().unwrap().platform.sustained = false)[3]);
        assert!(!met(|commands| commands.highest = None)[3]);
    }

    #[test]
    fn a_missing_floor_meets_no_target() {
        assert!(!met(|commands| commands.steady[0].p50_to_floor = 0.0)[1]);
    }
}
