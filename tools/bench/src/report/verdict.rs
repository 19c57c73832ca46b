//! Compares results with targets. A missed target is printed and fails nothing.

mod commands;
mod limits;
mod reads;
mod retention;
mod sessions;
mod truth;

use super::{Phase, Report, grouped};
use crate::numbers::{round, share};
use serde::Serialize;

/// The least highest sustained rate, in events per second.
const HIGHEST: f64 = 20_000.0;
/// The same in percent of the floor.
const OF_FLOOR_PERCENT: f64 = 30.0;
/// The same in multiples of one transaction per event.
const TIMES_ONE_BY_ONE: f64 = 20.0;
/// The greatest difference of the cost per event between fleets, in percent of the smallest.
const COST_PERCENT: f64 = 20.0;
/// The same from a fleet of 100,000 on.
const LARGE_COST_PERCENT: f64 = 10.0;
/// The smallest fleet for which that counts.
const LARGE_FLEET: u32 = 100_000;
/// The greatest CPU for a fleet that sends nothing, in percent of a core.
const IDLE_PERCENT: f64 = 1.0;
/// The greatest memory of an ingestor, in MB.
const MEMORY_MB: f64 = 200.0;

/// A target, and the result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// What is compared.
    pub what: String,
    /// The target.
    pub target: String,
    /// The result.
    pub measured: String,
    /// Whether the target is met.
    pub met: bool,
}

impl Verdict {
    fn new(what: impl Into<String>, target: String, measured: String, met: bool) -> Self {
        Self { what: what.into(), target, measured, met }
    }
}

/// Compares everything that was measured.
pub(super) fn judge(report: &Report) -> Vec<Verdict> {
    let mut verdicts: Vec<_> = report.steady.iter().filter_map(|phase| latency(phase, "")).collect();
    if let Some(highest) = &report.highest {
        verdicts.extend(latency(highest, " (highest sustained)"));
        verdicts.extend(throughput(highest, report));
        verdicts.extend(memory(highest));
    }
    verdicts.extend(cost(report));
    verdicts.extend(idle(report));
    verdicts.extend(report.takeover.as_ref().map(|takeover| {
        let (took, limit) = (takeover.caught_up_after_s, takeover.limit_s);
        let what = format!("caught up after the crash of one of {} ingestors", takeover.ingestors);
        Verdict::new(what, format!("≤ {limit} s"), format!("{took} s"), took <= limit)
    }));
    verdicts.extend(report.commands.iter().flat_map(commands::judge));
    verdicts.extend(report.reads.iter().flat_map(reads::judge));
    verdicts.extend(report.sessions.iter().flat_map(sessions::judge));
    verdicts.extend(report.retention.iter().flat_map(retention::judge));
    verdicts.extend(report.truth.iter().flat_map(truth::judge));
    verdicts.extend(report.limits.iter().flat_map(limits::judge));
    verdicts
}

fn latency(phase: &Phase, which: &str) -> Option<Verdict> {
    let (target, p95) = (phase.target_p95_ms?, phase.latency.p95_ms);
    let what = format!("P95 at {}/s{which}", grouped(phase.rate.into()));
    Some(Verdict::new(what, format!("≤ {target} ms"), format!("{p95:.1} ms"), p95 <= target))
}

fn throughput(highest: &Phase, report: &Report) -> Vec<Verdict> {
    let rate = highest.sent_per_s;
    let at_least = |what: &str, target: String, measured: String, met: bool| {
        Verdict::new(what, format!("≥ {target}"), measured, met && highest.sustained)
    };
    let mut verdicts = vec![at_least(
        "highest sustained rate",
        format!("{}/s", grouped(HIGHEST)),
        format!("{}/s", grouped(rate)),
        rate >= HIGHEST,
    )];
    let Some(floor) = &report.floor else { return verdicts };
    let percent = round(share(rate, floor.bulk.events_per_s) * 100.0, 1);
    verdicts.push(at_least(
        "… of the floor",
        format!("{OF_FLOOR_PERCENT} %"),
        format!("{percent} %"),
        percent >= OF_FLOOR_PERCENT,
    ));
    for writing in [&floor.one_by_one, &floor.one_by_one_at_once] {
        let times = round(share(rate, writing.events_per_s), 1);
        let connections = writing.connections;
        let what = match connections {
            1 => "… of one transaction per event, 1 connection".to_owned(),
            _ => format!("… of one transaction per event, {connections} connections"),
        };
        let met = times >= TIMES_ONE_BY_ONE;
        verdicts.push(at_least(&what, format!("{TIMES_ONE_BY_ONE} ×"), format!("{times} ×"), met));
    }
    verdicts
}

fn memory(highest: &Phase) -> Option<Verdict> {
    let peak = highest.process("event-ingestor")?.peak_mb?;
    let what = "memory of an ingestor at that rate";
    Some(Verdict::new(what, format!("< {MEMORY_MB} MB"), format!("{peak} MB"), peak < MEMORY_MB))
}

/// The cost of the largest fleet compared with that of the smallest, at the same rate.
fn cost(report: &Report) -> Option<Verdict> {
    let smallest = report.smaller_fleets.first()?;
    let largest = report.steady.iter().find(|phase| phase.rate == smallest.rate)?;
    let (before, after) = (smallest.cost_us()?, largest.cost_us()?);
    let percent = round((share(after, before) - 1.0) * 100.0, 1);
    let (few, many) = (grouped(smallest.charge_points.into()), grouped(largest.charge_points.into()));
    let what = format!("CPU of ingestor and PostgreSQL per event, from {few} to {many} charge points");
    let measured = format!("{percent:+} % ({before:.0} → {after:.0} µs)");
    let limit = if smallest.charge_points < LARGE_FLEET { COST_PERCENT } else { LARGE_COST_PERCENT };
    Some(Verdict::new(what, format!("within {limit} %"), measured, percent.abs() <= limit))
}

/// What the largest fleet costs while it sends nothing, beyond what is used without a fleet.
fn idle(report: &Report) -> Option<Verdict> {
    let (none, largest) = (report.idle_fleets.first()?, report.idle_fleets.last()?);
    let percent = round((largest.cores() - none.cores()) * 100.0, 2);
    let (without, with) = (none.cores() * 100.0, largest.cores() * 100.0);
    let devices = grouped(largest.charge_points.into());
    let what = format!("CPU of ingestor and PostgreSQL for {devices} charge points that send nothing");
    let measured = format!("{percent} % of a core ({without:.1} → {with:.1} %)");
    Some(Verdict::new(what, format!("≤ {IDLE_PERCENT} % of a core"), measured, percent <= IDLE_PERCENT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{IdleFleet, sample::sample};

    fn is_met(report: &Report, what: &str) -> Option<bool> {
        judge(report).into_iter().find(|verdict| verdict.what.starts_with(what)).map(|verdict| verdict.met)
    }

    #[test]
    fn each_target_is_compared() {
        let lines: Vec<_> = judge(&sample())
            .into_iter()
            .map(|verdict| {
                let met = if verdict.met { "met" } else { "NOT MET" };
                format!("{}: {} {} {met}", verdict.what, verdict.measured, verdict.target)
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r##"
        P95 at 600/s: 12.5 ms ≤ 50 ms met
        P95 at 6,000/s: 130.0 ms ≤ 100 ms NOT MET
        P95 at 22,500/s (highest sustained): 210.0 ms ≤ 500 ms met
        highest sustained rate: 22,500/s ≥ 20,000/s met
        … of the floor: 50 % ≥ 30 % met
        … of one transaction per event, 1 connection: 32.1 × ≥ 20 × met
        … of one transaction per event, 12 connections: 7.5 × ≥ 20 × NOT MET
        memory of an ingestor at that rate: 31 MB < 200 MB met
        CPU of ingestor and PostgreSQL per event, from 1,000 to 100,000 charge points: +9.1 % (110 → 120 µs) within 20 % met
        caught up after the crash of one of 2 ingestors: 12.3 s ≤ 13 s met
        P99 of POST → 202 at 500 commands/s: 24.0 ms ≤ 25 ms met
        P50 of POST → 202 at 50 commands/s, relative to the floor: 1.4 × (2.5 → 3.5 ms) ≤ 1.5 × met
        P99 of POST → 202 at 50 commands/s, relative to the floor: 1.25 × (6.0 → 7.5 ms) ≤ 5 × met
        CPU per command at 50 commands/s, relative to the floor: 1.25 × (800 → 1000 µs) ≤ 1.5 × met
        P50 of POST → 202 at 500 commands/s, relative to the floor: 1.6 × (2.5 → 4.0 ms) ≤ 1.5 × NOT MET
        P99 of POST → 202 at 500 commands/s, relative to the floor: 3 × (8.0 → 24.0 ms) ≤ 5 × met
        CPU per command at 500 commands/s, relative to the floor: 1.25 × (800 → 1000 µs) ≤ 1.5 × met
        highest sustained rate of commands: 2,250/s ≥ 2,000/s met
        highest sustained rate of commands, of the floor: 75 % (2,250/s of 3,000/s) ≥ 70 % met
        P99 of GET a pile at 2,000/s: 4.0 ms ≤ 20 ms met
        P99 of GET a page of 50 stations at 2,000/s: 500/s at most; 15.0 ms at 250/s ≤ 20 ms NOT MET
        throughput of GET a pile, of the floor: 50 % (10,000 of 20,000/s) ≥ 50 % met
        a page deep in the list of stations, relative to page 1: 1.1 × ≤ 1.3 × met
        a page deep in the list of stations nearby, relative to page 1: 2 × ≤ 1.3 × NOT MET
        P95 from a pod killed to its devices doubtful: 20.1 s ≤ 30 s met
        … offline or found elsewhere: 55.5 s ≤ 90 s met
        … P95 of the events of other devices meanwhile: +30 % (10.0 → 13.0 ms) ≤ +20 % NOT MET
        P95 from the first event of a moved device to a command for its new pod: 620 ms ≤ 2000 ms met
        sessions that one stop ended at their maxEnergyWh: 200 of 200 = 200 of 200 met
        sessions that one stop ended at their maxDurationS: 99 of 100 = 100 of 100 NOT MET
        "##);
    }

    #[test]
    fn a_rate_that_was_not_sustained_meets_no_target() {
        let mut report = sample();
        report.highest.as_mut().unwrap().sustained = false;
        assert_eq!(is_met(&report, "highest sustained rate"), Some(false));
        assert_eq!(is_met(&report, "… of the floor"), Some(false));
    }

    #[test]
    fn the_cost_of_large_fleets_has_its_own_limits() {
        let mut report = sample();
        report.smaller_fleets.retain(|phase| phase.charge_points == 10_000);
        report.smaller_fleets.first_mut().unwrap().charge_points = 100_000;
        report.steady.iter_mut().for_each(|phase| phase.charge_points = 1_000_000);
        let idle = |charge_points, postgres_cores| IdleFleet {
            charge_points,
            seconds: 120.0,
            ingestor_cores: 0.02,
            postgres_cores,
        };
        report.idle_fleets = vec![idle(0, 0.01), idle(1_000_000, 0.019)];
        let lines: Vec<_> = judge(&report)
            .into_iter()
            .filter(|verdict| verdict.what.starts_with("CPU of ingestor"))
            .map(|verdict| {
                format!("{}: {} {} {}", verdict.what, verdict.measured, verdict.target, verdict.met)
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        CPU of ingestor and PostgreSQL per event, from 100,000 to 1,000,000 charge points: +4.3 % (115 → 120 µs) within 10 % true
        CPU of ingestor and PostgreSQL for 1,000,000 charge points that send nothing: 0.9 % of a core (3.0 → 3.9 %) ≤ 1 % of a core true
        ");
        report.idle_fleets = vec![idle(0, 0.01), idle(1_000_000, 0.021)];
        assert_eq!(is_met(&report, "CPU of ingestor and PostgreSQL for 1,000,000"), Some(false));
    }

    #[test]
    fn what_was_not_measured_is_not_judged() {
        let mut report = sample();
        (report.highest, report.floor, report.takeover) = (None, None, None);
        (report.commands, report.reads, report.truth, report.limits) = (None, None, None, None);
        report.smaller_fleets.clear();
        assert_eq!(judge(&report).len(), 2);
    }
}
