//! The chapter on reads.

use super::{cells, process_rows, sustained, table};
use crate::report::{Latency, PageCost, ReadKind, Reads, grouped, grouped_count};
use std::fmt::Write as _;

/// Renders the chapter.
pub(super) fn render(reads: &Reads) -> String {
    let mut text = saturated("Reads", &reads.kinds);
    let _ = writeln!(
        text,
        "\n{} stations, {} piles. The floor is pgbench with the statements that asset-api was recorded to send for the same requests, \
         over as many connections to PostgreSQL ({}), in the same run right before.",
        grouped_count(reads.stations),
        grouped_count(reads.piles),
        reads.connections
    );
    text += &paced("Reads", &reads.kinds);
    text += &late(&reads.kinds);
    text += &pages(&reads.pages);
    text += &processes("reads", &reads.kinds);
    text
}

/// The table of the highest throughput of these `requests`.
pub(super) fn saturated(requests: &str, kinds: &[ReadKind]) -> String {
    let row = |kind: &ReadKind| {
        vec![
            kind.name.to_owned(),
            kind.statements.to_string(),
            kind.round_trips.to_string(),
            grouped(kind.floor.per_s),
            grouped(kind.saturated.per_s),
            format!("{} %", kind.of_floor_percent),
            format!("{:.1}", kind.saturated.latency.p50_ms),
            format!("{:.1}", kind.saturated.latency.p99_ms),
        ]
    };
    let columns =
        ["GET", "statements", "round trips", "the floor, /s", "asset-api, /s", "of the floor", "P50", "P99"];
    let clients = kinds.first().map_or(0, |kind| kind.saturated.clients);
    let title = format!("{requests}: the highest throughput with {clients} clients");
    table(&title, &columns, &kinds.iter().map(row).collect::<Vec<_>>())
}

/// The table of latencies at a rate.
pub(super) fn paced(requests: &str, kinds: &[ReadKind]) -> String {
    let mut rows = Vec::new();
    for kind in kinds {
        let mut row = |what: &str, per_s: f64, latency: &Latency, sustained: String| {
            let mut row =
                vec![kind.name.to_owned(), what.to_owned(), grouped(kind.paced.rate.into()), grouped(per_s)];
            row.extend(cells(latency));
            row.push(sustained);
            rows.push(row);
        };
        let (floor, paced) = (&kind.floor_paced, &kind.paced);
        row("the floor", floor.per_s, &floor.latency, String::new());
        row("asset-api", paced.answered_per_s, &paced.latency, sustained(paced));
    }
    let columns = ["GET", "", "requested, /s", "answered, /s", "P50", "P95", "P99", "max", "sustained"];
    table(&format!("{requests} at a rate, in ms from when each was due"), &columns, &rows)
}

/// Notes for the kinds at which the load generator itself was late.
pub(super) fn late(kinds: &[ReadKind]) -> String {
    let mut text = String::new();
    for kind in kinds.iter().filter(|kind| kind.paced.is_generator_late()) {
        let behind = &kind.paced.generator_behind;
        let _ = writeln!(
            text,
            "\nFor {} the load generator itself was late, by {:.1} ms at P99 and {:.1} ms at most; the latencies include that.",
            kind.name, behind.p99_ms, behind.max_ms
        );
    }
    text
}

fn pages(costs: &[PageCost]) -> String {
    let row = |cost: &PageCost| {
        let mut row = vec![cost.list.to_owned(), grouped(crate::numbers::count(cost.items))];
        row.extend(cost.pages.iter().map(|(_, ms)| format!("{ms:.2}")));
        row.push(format!("{} ×", cost.ratio));
        row
    };
    let depths = costs.first().map(|cost| cost.pages.as_slice()).unwrap_or_default();
    let depths: Vec<String> = depths.iter().skip(1).map(|(percent, _)| format!("at {percent} %")).collect();
    let mut columns = vec!["list", "items", "page 1"];
    columns.extend(depths.iter().map(String::as_str));
    columns.push("slowest relative to page 1");
    table("Pages deep in a list: the median, in ms", &columns, &costs.iter().map(row).collect::<Vec<_>>())
}

/// The table of processes at that rate.
pub(super) fn processes(requests: &str, kinds: &[ReadKind]) -> String {
    let rows: Vec<_> = kinds
        .iter()
        .flat_map(|kind| {
            let of = format!("{}, {}/s", kind.name, grouped(kind.paced.rate.into()));
            process_rows(&of, &kind.paced.processes)
        })
        .collect();
    let columns = ["GET", "process", "cores", "CPU µs per request", "peak memory, MB"];
    table(&format!("What each process used for {requests}"), &columns, &rows)
}
