//! The targets for commands.

use super::Verdict;
use crate::numbers::share;
use crate::report::{Commands, grouped};

/// The rate for the target of P99, at which shared cores matter.
const RATE: u32 = 500;
/// The greatest P99 of POST → 202 at that rate, in ms.
const P99_MS: f64 = 25.0;
/// The greatest P50 of POST → 202 in multiples of the floor's.
const P50_TIMES_FLOOR: f64 = 1.5;
/// The greatest P99 of POST → 202 in multiples of the floor's.
const P99_TIMES_FLOOR: f64 = 5.0;
/// The greatest CPU time per command in multiples of the floor's.
const CPU_TIMES_FLOOR: f64 = 1.5;
/// The least highest sustained rate, in commands per second.
const HIGHEST: u32 = 2_000;
/// The least highest sustained rate in percent of the floor's.
const HIGHEST_PERCENT: u32 = 70;

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
        let (ours, floor) = (&measured.platform.latency, &measured.floor.latency);
        let ms = |times: f64, floor: f64, ours: f64| format!("{times} × ({floor:.1} → {ours:.1} ms)");
        let p50 = ms(measured.p50_to_floor, floor.p50_ms, ours.p50_ms);
        let p99 = ms(measured.p99_to_floor, floor.p99_ms, ours.p99_ms);
        let (cpu_floor, cpu_ours) = (measured.floor_cpu_us, measured.cpu_us);
        let cpu = format!("{} × ({cpu_floor:.0} → {cpu_ours:.0} µs)", measured.cpu_to_floor);
        for (what, times, limit, text) in [
            ("P50 of POST → 202", measured.p50_to_floor, P50_TIMES_FLOOR, p50),
            ("P99 of POST → 202", measured.p99_to_floor, P99_TIMES_FLOOR, p99),
            ("CPU per command", measured.cpu_to_floor, CPU_TIMES_FLOOR, cpu),
        ] {
            verdicts.push(Verdict::new(
                format!("{what} at {} commands/s, relative to the floor", grouped(measured.rate.into())),
                format!("≤ {limit} ×"),
                text,
                times > 0.0 && times <= limit && measured.platform.failed == 0,
            ));
        }
    }
    verdicts.extend(highest(commands));
    verdicts
}

fn highest(commands: &Commands) -> [Verdict; 2] {
    let highest = commands.highest.as_ref().filter(|measured| measured.platform.sustained);
    let rate = highest.map(|measured| measured.rate);
    let text = rate.map_or_else(|| "none".to_owned(), |rate| format!("{}/s", grouped(rate.into())));
    let floor = commands.floor_highest;
    let of_floor = rate.zip(floor).map(|(rate, floor)| share(f64::from(rate) * 100.0, f64::from(floor)));
    let of_floor_text = of_floor.zip(floor).map_or_else(
        || text.clone(),
        |(percent, floor)| format!("{percent:.0} % ({text} of {}/s)", grouped(floor.into())),
    );
    [
        Verdict::new(
            "highest sustained rate of commands",
            format!("≥ {}/s", grouped(HIGHEST.into())),
            text,
            rate.is_some_and(|rate| rate >= HIGHEST),
        ),
        Verdict::new(
            "highest sustained rate of commands, of the floor",
            format!("≥ {HIGHEST_PERCENT} %"),
            of_floor_text,
            of_floor.is_some_and(|percent| percent >= f64::from(HIGHEST_PERCENT)),
        ),
    ]
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

    /// Changes the sample so that the verdict with this number changes, too.
    fn flips(number: usize, change: impl Fn(&mut Commands)) -> bool {
        met(|_| {})[number] != met(change)[number]
    }

    #[test]
    fn each_target_is_compared() {
        assert_eq!(met(|_| {}), [true, true, true, true, false, true, true, true, true]);
        assert!(flips(0, |commands| commands.steady[1].platform.latency.p99_ms = 25.1));
        assert!(flips(1, |commands| commands.steady[0].p50_to_floor = 1.51));
        assert!(flips(2, |commands| commands.steady[0].p99_to_floor = 5.01));
        assert!(flips(3, |commands| commands.steady[0].cpu_to_floor = 1.51));
        assert!(flips(4, |commands| commands.steady[1].p50_to_floor = 1.5));
        assert!(flips(7, |commands| commands.highest.as_mut().unwrap().rate = 1_999));
        assert!(flips(8, |commands| commands.floor_highest = Some(3_215)));
        assert!(!flips(8, |commands| commands.floor_highest = Some(3_214)));
    }

    #[test]
    fn a_failed_or_unsustained_rate_meets_no_target() {
        assert!(flips(0, |commands| commands.steady[1].platform.failed = 1));
        for number in 1..=3 {
            assert!(flips(number, |commands| commands.steady[0].platform.failed = 1));
        }
        for number in 7..=8 {
            assert!(flips(number, |commands| {
                commands.highest.as_mut().unwrap().platform.sustained = false;
            }));
            assert!(flips(number, |commands| commands.highest = None));
        }
    }

    #[test]
    fn a_missing_floor_meets_no_target() {
        assert!(flips(1, |commands| commands.steady[0].p50_to_floor = 0.0));
        assert!(flips(3, |commands| commands.steady[0].cpu_to_floor = 0.0));
        assert!(flips(8, |commands| commands.floor_highest = None));
    }
}
