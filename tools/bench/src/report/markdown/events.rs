//! The chapter on events: latency, the use of processes, the cost by fleet, and the floor.

use super::{cells, process_rows, table};
use crate::numbers::share;
use crate::report::{IdleFleet, Phase, Report, Writing, grouped, grouped_count};
use std::fmt::Write as _;

/// Renders the chapter.
pub(super) fn render(report: &Report) -> String {
    let events = [latencies, processes, load_alone, fleets, idle_fleets, floor];
    events.map(|render| render(report)).concat()
}

fn latencies(report: &Report) -> String {
    let named = |name: &str, phase: &Phase| {
        let mut row = vec![name.to_owned(), grouped(phase.rate.into()), grouped_count(phase.events)];
        row.extend(cells(&phase.latency));
        let backlog = &phase.backlog;
        row.push(format!("{} → {}", grouped_count(backlog.at_begin), grouped_count(backlog.at_end)));
        row.push(phase.why_not().map_or_else(|| "yes".to_owned(), |why| format!("**no**: {why}")));
        row.push(format!("{:.0}", phase.events_per_batch));
        row
    };
    let mut rows: Vec<_> = report.steady.iter().map(|phase| named("", phase)).collect();
    rows.extend(report.highest.iter().map(|phase| named("highest sustained", phase)));
    rows.extend(report.search.iter().map(|phase| named("search", phase)));
    let columns =
        ["", "events/s", "events", "P50", "P95", "P99", "max", "backlog", "sustained", "events per batch"];
    let mut text = table("From appended to visible, in ms", &columns, &rows);
    if let Some(phase) = report.phases().last() {
        let _ = writeln!(
            text,
            "\nOver {} charge points. Every event counts. The database is polled every {} ms, which is included in the figures.",
            grouped(phase.charge_points.into()),
            phase.poll_ms
        );
    }
    text
}

fn processes(report: &Report) -> String {
    let mut rows = Vec::new();
    for phase in report.steady.iter().chain(&report.highest) {
        rows.extend(process_rows(&grouped(phase.rate.into()), &phase.processes));
    }
    let columns = ["events/s", "process", "cores", "CPU µs per event", "peak memory, MB"];
    table("What each process used", &columns, &rows)
}

fn load_alone(report: &Report) -> String {
    let Some(alone) = &report.load_alone else { return String::new() };
    let phase = report.steady.iter().find(|phase| phase.rate == alone.rate);
    let Some(of_rate) = phase.and_then(|phase| alone.share_of(phase)) else { return String::new() };
    let row = |name: &str, us: f64| {
        let percent = format!("{:.1} %", share(us, of_rate.all_us) * 100.0);
        vec![name.to_owned(), format!("{us:.1}"), percent]
    };
    let rows = [
        row("event-ingestor, postgres and kafka", of_rate.all_us),
        row("kafka", of_rate.kafka_us),
        row("kafka without an ingestor: the gateways' own requests", of_rate.gateways_us),
    ];
    let title = format!("The load alone, at {}/s", grouped(alone.rate.into()));
    let mut text = table(&title, &["process", "CPU µs per event", "of the three"], &rows);
    let _ = writeln!(
        text,
        "\nThe last row is of {} events in {} s, which the simulated gateways published as before, while no ingestor ran.",
        grouped_count(alone.events),
        alone.seconds
    );
    text
}

fn fleets(report: &Report) -> String {
    let rate = report.smaller_fleets.first().map(|phase| phase.rate);
    let largest = report.steady.iter().filter(|phase| Some(phase.rate) == rate);
    let rows: Vec<_> = report
        .smaller_fleets
        .iter()
        .chain(largest)
        .map(|phase| {
            let cost = |name| {
                phase
                    .process(name)
                    .map_or_else(String::new, |process| format!("{:.1}", process.cpu_us_per_event))
            };
            let both = phase.cost_us().map_or_else(String::new, |both| format!("{both:.1}"));
            vec![
                grouped(phase.charge_points.into()),
                cost("event-ingestor"),
                cost("postgres"),
                both,
                cost("kafka"),
            ]
        })
        .collect();
    let title = format!("Cost by the size of the fleet, at {}/s", grouped(rate.unwrap_or_default().into()));
    let columns = ["charge points", "ingestor, CPU µs per event", "PostgreSQL", "both", "Kafka"];
    table(&title, &columns, &rows)
}

fn idle_fleets(report: &Report) -> String {
    let row = |fleet: &IdleFleet| {
        let percent = |cores: f64| format!("{:.2}", cores * 100.0);
        vec![
            grouped(fleet.charge_points.into()),
            percent(fleet.ingestor_cores),
            percent(fleet.postgres_cores),
            percent(fleet.cores()),
        ]
    };
    let rows: Vec<_> = report.idle_fleets.iter().map(row).collect();
    let columns = ["charge points", "ingestor, % of a core", "PostgreSQL", "both"];
    table("Fleets that send nothing", &columns, &rows)
}

fn floor(report: &Report) -> String {
    let Some(floor) = &report.floor else { return String::new() };
    let row = |name: String, writing: &Writing| {
        vec![name, writing.connections.to_string(), grouped(writing.events_per_s)]
    };
    let rows = [
        row("COPY of the same rows".to_owned(), &floor.copied),
        row(format!("in batches of {}", floor.events_per_batch), &floor.bulk),
        row("one transaction per event".to_owned(), &floor.one_by_one),
        row("one transaction per event".to_owned(), &floor.one_by_one_at_once),
    ];
    let title = "The floor: the same statements without anything else";
    let mut text = table(title, &["", "connections", "events/s"], &rows);
    let _ = writeln!(
        text,
        "\nIn batches: {} rows/s, {:.2} rows per event; folding took {:.1} % of the connections' time.",
        grouped(floor.rows_per_s),
        floor.rows_per_event,
        floor.folding_share * 100.0
    );
    text
}
