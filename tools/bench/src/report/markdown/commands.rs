//! The chapter on commands.

use super::{cells, process_rows, sustained, table};
use crate::report::{CallPhase, CommandRate, Commands, Latency, grouped};
use std::fmt::Write as _;

/// The name of what any service needs that checks a command before it records it.
const LEAST: &str = "a request, a look-up, the floor";

/// Renders the chapter.
pub(super) fn render(commands: &Commands) -> String {
    let rates: Vec<&CommandRate> = commands.steady.iter().chain(&commands.highest).collect();
    let mut text = latencies(&rates);
    let _ = writeln!(
        text,
        "\nFrom when the command was due, however long earlier responses took; {} piles, {} partitions. The floor is one look-up \
         in Redis, one INSERT and one record with `acks=all`, one after the other, on the same machine: at the highest rate right \
         before, otherwise in {} rounds of all, whose percentiles are together. *A request, a look-up, the floor* is what any service needs \
         that checks a command before it records it: a POST that is refused for its body, the pile's row by its key, and then \
         the floor.",
        grouped(commands.piles.into()),
        commands.partitions,
        commands.rounds
    );
    text += &late(&rates);
    text += &search(commands);
    text += &cpu(&rates);
    text += &processes(&rates);
    text
}

fn latencies(rates: &[&CommandRate]) -> String {
    let mut rows = Vec::new();
    for measured in rates {
        let mut row = |what: &str, latency: &Latency, times: String, sustained: String| {
            let mut row = vec![grouped(measured.rate.into()), what.to_owned()];
            row.extend(cells(latency));
            row.extend([times, sustained]);
            rows.push(row);
        };
        let (floor, platform) = (&measured.floor, &measured.platform);
        row("the floor", &floor.latency, String::new(), sustained(floor));
        let least = &measured.least;
        let times = format!("{:.2} ×", measured.least_p50_to_floor);
        row(LEAST, &least.latency, times, sustained(least));
        row("POST → 202", &platform.latency, format!("{:.2} ×", measured.p50_to_floor), sustained(platform));
        row("POST → record read", &measured.readable, String::new(), String::new());
    }
    let columns = ["commands/s", "", "P50", "P95", "P99", "max", "P50 relative to the floor", "sustained"];
    table("Commands, in ms", &columns, &rows)
}

/// Notes for the rates at which the load generator itself was late.
fn late(rates: &[&CommandRate]) -> String {
    let all = |measured: &&CommandRate| {
        [
            ("the floor", measured.floor.clone()),
            (LEAST, measured.least.clone()),
            ("commands", measured.platform.clone()),
        ]
    };
    let mut text = String::new();
    for (what, phase) in rates.iter().flat_map(all).filter(|(_, phase)| phase.is_generator_late()) {
        let behind = &phase.generator_behind;
        let _ = writeln!(
            text,
            "\nAt {}/s, {what}, the load generator itself was late, by {:.1} ms at P99 and {:.1} ms at most; the latencies \
             include that.",
            grouped(phase.rate.into()),
            behind.p99_ms,
            behind.max_ms
        );
    }
    text
}

fn search(commands: &Commands) -> String {
    let row = |what: &str, phase: &CallPhase| {
        vec![
            what.to_owned(),
            grouped(phase.rate.into()),
            grouped(phase.answered_per_s),
            format!("{:.1}", phase.latency.p50_ms),
            format!("{:.1}", phase.latency.p99_ms),
            sustained(phase),
        ]
    };
    let confirmed = commands.highest.iter().map(|confirmed| row("commands, confirmed", &confirmed.platform));
    let tried = commands.search.iter().map(|phase| row("commands", phase));
    let floor = commands.floor_search.iter().map(|phase| row("the floor", phase));
    let rows: Vec<_> = confirmed.chain(tried).chain(floor).collect();
    let columns = ["", "requested, /s", "answered, /s", "P50", "P99", "sustained"];
    let mut text = table("The highest rate of commands", &columns, &rows);
    if let Some(rate) = commands.floor_highest {
        let _ = writeln!(text, "\nThe floor sustains {}/s.", grouped(rate.into()));
    }
    text
}

fn cpu(rates: &[&CommandRate]) -> String {
    let row = |measured: &&CommandRate| {
        vec![
            grouped(measured.rate.into()),
            format!("{:.0}", measured.floor_cpu_us),
            format!("{:.0}", measured.least_cpu_us),
            format!("{:.2} ×", measured.least_cpu_to_floor),
            format!("{:.0}", measured.cpu_us),
            format!("{:.2} ×", measured.cpu_to_floor),
        ]
    };
    let rows: Vec<_> = rates.iter().map(row).collect();
    let columns =
        ["commands/s", "the floor", LEAST, "relative to the floor", "commands", "relative to the floor"];
    let mut text = table("CPU µs per command", &columns, &rows);
    text += "\nThe floor: PostgreSQL, Kafka, Redis and the load generator, which is the floor itself. Commands: the same servers, \
             command-dispatcher and event-ingestor, which relays the changes of commands.\n";
    text
}

fn processes(rates: &[&CommandRate]) -> String {
    let mut rows = Vec::new();
    for measured in rates {
        let rate = grouped(measured.rate.into());
        rows.extend(process_rows(&rate, &measured.platform.processes));
        let least = format!("{rate}, {LEAST}");
        rows.extend(process_rows(&least, &measured.least.processes));
        rows.extend(process_rows(&format!("{rate}, the floor"), &measured.floor.processes));
    }
    let columns = ["commands/s", "process", "cores", "CPU µs per command", "peak memory, MB"];
    table("What each process used for commands", &columns, &rows)
}
