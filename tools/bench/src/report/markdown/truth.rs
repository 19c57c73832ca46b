//! The chapter on the time to truth.

use super::{cells, table};
use crate::report::{Arrivals, Counts, Interval, KilledPod, Latency, Truth, grouped, grouped_count};
use std::fmt::Write as _;

/// Seconds between two rows of the table of counts.
const STEP: usize = 10;

/// Renders the chapter.
pub(super) fn render(truth: &Truth) -> String {
    let mut text = arrivals(&truth.killed);
    text += &counts(&truth.killed);
    text += &events(truth);
    text += &intervals(&truth.killed.others.intervals);
    text
}

fn arrivals(killed: &KilledPod) -> String {
    let seconds = |time: Option<f64>| time.map_or_else(|| "not reached".to_owned(), |s| format!("{s:.1}"));
    let row = |what: &str, arrivals: &Arrivals| {
        vec![
            what.to_owned(),
            format!("{} of {}", grouped_count(arrivals.reached), grouped_count(killed.devices)),
            seconds(arrivals.p50_s),
            seconds(arrivals.p95_s),
            seconds(arrivals.max_s),
        ]
    };
    let rows = [row("doubtful", &killed.noticed), row("offline or found elsewhere", &killed.settled)];
    let columns = ["from the kill to", "devices", "P50", "P95", "max"];
    let mut text = table("Time to truth after a pod is killed, in s", &columns, &rows);
    let _ = writeln!(
        text,
        "\nThe devices {} before the kill. {} of the {} come back through another pod, half of them without a boot. A snapshot \
         is taken every {} ms, which is included in the figures.",
        if killed.idle {
            "send nothing except answers to probes"
        } else {
            "send statuses one after the other"
        },
        grouped_count(killed.returned),
        grouped_count(killed.devices),
        killed.snapshot_ms
    );
    text
}

fn counts(killed: &KilledPod) -> String {
    let row = |second: String, counts: &Counts| {
        let numbers =
            [counts.live, counts.doubtful, counts.offline, counts.elsewhere, counts.offline_returned];
        let mut row = vec![second];
        row.extend(numbers.map(grouped_count));
        row
    };
    let mut rows: Vec<_> = killed
        .seconds
        .iter()
        .enumerate()
        .step_by(STEP)
        .map(|(second, counts)| row(second.to_string(), counts))
        .collect();
    rows.push(row(format!("{:.0} (end)", killed.watched_s), &killed.at_end));
    let columns = [
        "second",
        "online at the killed pod",
        "doubtful",
        "offline",
        "found elsewhere",
        "offline, although back elsewhere",
    ];
    table("Devices of the killed pod, by second", &columns, &rows)
}

fn events(truth: &Truth) -> String {
    let (others, moved) = (&truth.killed.others, &truth.moved);
    let row = |what: &str, count: String, latency: &Latency| {
        let mut row = vec![what.to_owned(), count];
        row.extend(cells(latency));
        row
    };
    let rate = format!("{} at {}/s", grouped(others.devices.into()), grouped(others.rate.into()));
    let followed = format!("{} of {}", grouped_count(moved.followed), grouped_count(moved.devices));
    let rows = [
        row("events of other devices, before the kill", rate.clone(), &others.before),
        row("events of other devices, after the kill", rate, &others.after),
        row("first event of a moved device → command for its new pod", followed, &moved.latency),
    ];
    table("Other devices and moved devices, in ms", &["", "devices", "P50", "P95", "P99", "max"], &rows)
}

/// The latency of the events of other devices, with the cores that each process uses, which shows
/// what slows them down.
fn intervals(intervals: &[Interval]) -> String {
    let Some(first) = intervals.first() else { return String::new() };
    let processes = first.processes.iter().map(|process| process.name);
    let columns: Vec<&str> = ["from second", "P50", "P95", "max"].into_iter().chain(processes).collect();
    let row = |interval: &Interval| {
        let latency = &interval.latency;
        let numbers = [latency.p50_ms, latency.p95_ms, latency.max_ms].map(|ms| format!("{ms:.1}"));
        let cores = interval.processes.iter().map(|process| format!("{:.2}", process.cpu_cores));
        std::iter::once(format!("{:.0}", interval.from_s)).chain(numbers).chain(cores).collect()
    };
    let rows: Vec<Vec<String>> = intervals.iter().map(row).collect();
    table(
        "Events of other devices by second after the kill, in ms, and cores that each process uses",
        &columns,
        &rows,
    )
}
