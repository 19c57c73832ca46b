//! The report as Markdown with tables.

mod commands;
mod reads;
mod truth;

use super::{CallPhase, Latency, Phase, Report, thousand, thousands};
use crate::meters::ProcessUse;
use std::fmt::Write as _;

/// Renders the report.
pub(super) fn render(report: &Report) -> String {
    let mut text = String::from("# Benchmark report\n");
    if report.mode != "full" {
        text += "\n**A quick run, to try the tool: its figures are meaningless.**\n";
    }
    if report.conditions.profile != "release" {
        text += "\n**Built without optimisations: its figures are meaningless.**\n";
    }
    if !report.complete {
        text += "\n**Incomplete: the run ended early.**\n";
    }
    text += &conditions(report);
    text += &targets(report);
    if !report.steady.is_empty() {
        text += "\n![Latency by rate](latency.svg)\n";
    }
    text += &latencies(report);
    text += &processes(report);
    text += &fleets(report);
    text += &floor(report);
    text += &report.commands.as_ref().map_or_else(String::new, commands::render);
    text += &report.reads.as_ref().map_or_else(String::new, reads::render);
    text += &report.truth.as_ref().map_or_else(String::new, truth::render);
    text += &others(report);
    text
}

fn table(title: &str, columns: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    let rows: String = rows.iter().map(|row| line(row)).collect();
    format!("\n## {title}\n\n{}|{}\n{rows}", line(&head), "---|".repeat(columns.len()))
}

fn conditions(report: &Report) -> String {
    let conditions = &report.conditions;
    let postgres: Vec<_> =
        conditions.postgres.iter().map(|setting| format!("{} {}", setting.name, setting.value)).collect();
    let or_unknown = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
    let mut rows = vec![
        ("date", conditions.date.clone()),
        ("commit, build", format!("{}, {}", conditions.commit, conditions.profile)),
        ("processor", format!("{} × {}", conditions.cores, conditions.cpu)),
        ("memory, kernel", format!("{} GB, Linux {}", conditions.memory_gb, conditions.kernel)),
        ("load before (1, 5, 15 min)", conditions.load_before.clone()),
        ("PostgreSQL", postgres.join(", ")),
        (
            "Kafka",
            format!(
                "{}, heap {}, one broker, acks=all without fsync",
                or_unknown(&conditions.kafka),
                or_unknown(&conditions.kafka_heap)
            ),
        ),
        ("ingestors, partitions", format!("{}, {}", conditions.ingestors, conditions.partitions)),
    ];
    rows.push((
        "on the same cores",
        if conditions.servers_are_here {
            "ingestors, PostgreSQL, Kafka, Redis, the load generator, the measurement".to_owned()
        } else {
            "ingestors, the load generator, the measurement; PostgreSQL and Kafka run elsewhere, unless the tables contain them"
                .to_owned()
        },
    ));
    let rows: Vec<_> = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    table("Conditions", &["", ""], &rows)
}

fn targets(report: &Report) -> String {
    let rows: Vec<_> = report
        .verdicts
        .iter()
        .map(|verdict| {
            let met = if verdict.met { "met" } else { "**not met**" };
            vec![verdict.what.clone(), verdict.target.clone(), verdict.measured.clone(), met.to_owned()]
        })
        .collect();
    table("Targets", &["what", "target", "measured", ""], &rows)
}

fn cells(latency: &Latency) -> [String; 4] {
    [latency.p50_ms, latency.p95_ms, latency.p99_ms, latency.max_ms].map(|ms| format!("{ms:.1}"))
}

fn sustained(phase: &CallPhase) -> String {
    phase.why_not().map_or_else(|| "yes".to_owned(), |why| format!("**no**: {why}"))
}

fn latencies(report: &Report) -> String {
    let named = |name: &str, phase: &Phase| {
        let mut row = vec![name.to_owned(), thousands(phase.rate.into()), thousand(phase.events)];
        row.extend(cells(&phase.latency));
        let backlog = &phase.backlog;
        row.push(format!("{} → {}", thousand(backlog.at_begin), thousand(backlog.at_end)));
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
            thousands(phase.charge_points.into()),
            phase.look_ms
        );
    }
    text
}

fn processes(report: &Report) -> String {
    let mut rows = Vec::new();
    for phase in report.steady.iter().chain(&report.highest) {
        rows.extend(process_rows(&thousands(phase.rate.into()), &phase.processes));
    }
    let columns = ["events/s", "process", "cores", "CPU µs per event", "peak memory, MB"];
    table("What each process used", &columns, &rows)
}

fn process_rows(rate: &str, processes: &[ProcessUse]) -> Vec<Vec<String>> {
    let row = |process: &ProcessUse| {
        vec![
            rate.to_owned(),
            process.name.to_owned(),
            format!("{:.2}", process.cpu_cores),
            format!("{:.1}", process.cpu_us_per_event),
            process.peak_mb.map_or_else(String::new, |mb| format!("{mb:.0}")),
        ]
    };
    processes.iter().map(row).collect()
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
                thousands(phase.charge_points.into()),
                cost("event-ingestor"),
                cost("postgres"),
                both,
                cost("kafka"),
            ]
        })
        .collect();
    let title = format!("Cost by the size of the fleet, at {}/s", thousands(rate.unwrap_or_default().into()));
    let columns = ["charge points", "ingestor, CPU µs per event", "PostgreSQL", "both", "Kafka"];
    table(&title, &columns, &rows)
}

fn floor(report: &Report) -> String {
    let Some(floor) = &report.floor else { return String::new() };
    let row = |name: String, writing: &super::Writing| {
        vec![name, writing.connections.to_string(), thousands(writing.events_per_s)]
    };
    let rows = [
        row(format!("in batches of {}", floor.events_per_batch), &floor.bulk),
        row("one transaction per event".to_owned(), &floor.one_by_one),
        row("one transaction per event".to_owned(), &floor.one_by_one_at_once),
    ];
    let title = "The floor: the same statements without anything else";
    let mut text = table(title, &["", "connections", "events/s"], &rows);
    let _ = writeln!(
        text,
        "\nIn batches: {} rows/s, {:.2} rows per event; folding took {:.1} % of the connections' time.",
        thousands(floor.rows_per_s),
        floor.rows_per_event,
        floor.folding_share * 100.0
    );
    text
}

fn others(report: &Report) -> String {
    let mut rows = Vec::new();
    let mut row = |name: String, latency: &Latency| {
        let mut cells_of_row = vec![name];
        cells_of_row.extend(cells(latency));
        rows.push(cells_of_row);
    };
    if let Some(commit) = &report.commit {
        row("commits with minimal content, one after the other".to_owned(), commit);
    }
    let mut text = table("The disk, in ms", &["", "P50", "P95", "P99", "max"], &rows);
    if let Some(takeover) = &report.takeover {
        let _ = writeln!(
            text,
            "\n## Takeover\n\nOne of {} ingestors killed at {}/s: every partition owned again after {} s, everything caught up \
             after {} s (lease {} s).",
            takeover.ingestors,
            thousands(takeover.rate.into()),
            takeover.owned_after_s,
            takeover.caught_up_after_s,
            takeover.lease_s
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::report::sample::sample;

    #[test]
    #[expect(clippy::too_many_lines, reason = "the report is long")]
    fn renders_a_report() {
        let mut report = sample();
        report.judge();
        insta::assert_snapshot!(report.markdown(), @r##"
        # Benchmark report

        ## Conditions

        |  |  |
        |---|---|
        | date | 2026-11-23 10:00 UTC |
        | commit, build | 0123456789ab, release |
        | processor | 2 × Some CPU |
        | memory, kernel | 8 GB, Linux 6.1.0 |
        | load before (1, 5, 15 min) | 0.01 0.02 0.03 |
        | PostgreSQL | version 15.18, fsync on |
        | Kafka | 4.4.0, heap 512m, one broker, acks=all without fsync |
        | ingestors, partitions | 1, 16 |
        | on the same cores | ingestors, PostgreSQL, Kafka, Redis, the load generator, the measurement |

        ## Targets

        | what | target | measured |  |
        |---|---|---|---|
        | P95 at 600/s | ≤ 50 ms | 12.5 ms | met |
        | P95 at 6,000/s | ≤ 100 ms | 130.0 ms | **not met** |
        | P95 at 22,500/s (highest sustained) | ≤ 500 ms | 210.0 ms | met |
        | highest sustained rate | ≥ 20,000/s | 22,500/s | met |
        | … of the floor | ≥ 30 % | 50 % | met |
        | … of one transaction per event, 1 connection | ≥ 20 × | 32.1 × | met |
        | … of one transaction per event, 12 connections | ≥ 20 × | 7.5 × | **not met** |
        | memory of an ingestor at that rate | < 200 MB | 31 MB | met |
        | CPU of ingestor and PostgreSQL per event, from 1,000 to 100,000 charge points | within 20 % | +9.1 % (110 → 120 µs) | met |
        | caught up after the crash of one of 2 ingestors | ≤ 15 s | 12.3 s | met |
        | P99 of POST → 202 at 500 commands/s | ≤ 25 ms | 24.0 ms | met |
        | P50 of POST → 202 at 50 commands/s, relative to the floor | ≤ 1.5 × | 1.4 × (2.5 → 3.5 ms) | met |
        | P50 of POST → 202 at 500 commands/s, relative to the floor | ≤ 1.5 × | 1.6 × (2.5 → 4.0 ms) | **not met** |
        | highest sustained rate of commands | ≥ 2,000/s | 2,250/s | met |
        | P99 of GET a pile at 2,000/s | ≤ 20 ms | 4.0 ms | met |
        | P99 of GET a page of 50 stations at 2,000/s | ≤ 20 ms | 500/s at most; 15.0 ms at 250/s | **not met** |
        | throughput of GET a pile, of the floor | ≥ 50 % | 50 % (10,000 of 20,000/s) | met |
        | a page deep in the list of stations, relative to page 1 | ≤ 1.3 × | 1.1 × | met |
        | a page deep in the list of stations nearby, relative to page 1 | ≤ 1.3 × | 2 × | **not met** |
        | P95 from a pod killed to its devices doubtful | ≤ 30 s | 20.1 s | met |
        | … offline or found elsewhere | ≤ 90 s | 55.5 s | met |
        | … P95 of the events of other devices meanwhile | ≤ +20 % | +30 % (10.0 → 13.0 ms) | **not met** |
        | P95 from the first event of a moved device to a command for its new pod | ≤ 2000 ms | 620 ms | met |

        ![Latency by rate](latency.svg)

        ## From appended to visible, in ms

        |  | events/s | events | P50 | P95 | P99 | max | backlog | sustained | events per batch |
        |---|---|---|---|---|---|---|---|---|---|
        |  | 600 | 36,000 | 8.0 | 12.5 | 19.0 | 41.0 | 10 → 12 | yes | 3 |
        |  | 6,000 | 360,000 | 15.0 | 130.0 | 180.0 | 240.0 | 10 → 12 | yes | 30 |
        | highest sustained | 22,500 | 1,350,000 | 90.0 | 210.0 | 350.0 | 700.0 | 10 → 12 | yes | 112 |
        | search | 10,000 | 600,000 | 20.0 | 60.0 | 80.0 | 120.0 | 10 → 12 | yes | 50 |
        | search | 30,000 | 1,800,000 | 2000.0 | 4000.0 | 4500.0 | 5000.0 | 9,000 → 60,000 | **no**: backlog grew by 7,100/s | 150 |

        Over 100,000 charge points. Every event counts. The database is polled every 4.2 ms, which is included in the figures.

        ## What each process used

        | events/s | process | cores | CPU µs per event | peak memory, MB |
        |---|---|---|---|---|
        | 600 | event-ingestor | 0.10 | 160.0 | 31 |
        | 600 | postgres | 0.14 | 240.0 | 350 |
        | 600 | kafka | 0.07 | 120.0 | 500 |
        | 6,000 | event-ingestor | 0.29 | 48.0 | 31 |
        | 6,000 | postgres | 0.43 | 72.0 | 350 |
        | 6,000 | kafka | 0.22 | 36.0 | 500 |
        | 22,500 | event-ingestor | 0.63 | 28.0 | 31 |
        | 22,500 | postgres | 0.95 | 42.0 | 350 |
        | 22,500 | kafka | 0.47 | 21.0 | 500 |

        ## Cost by the size of the fleet, at 6,000/s

        | charge points | ingestor, CPU µs per event | PostgreSQL | both | Kafka |
        |---|---|---|---|---|
        | 1,000 | 44.0 | 66.0 | 110.0 | 33.0 |
        | 10,000 | 46.0 | 69.0 | 115.0 | 34.5 |
        | 100,000 | 48.0 | 72.0 | 120.0 | 36.0 |

        ## The floor: the same statements without anything else

        |  | connections | events/s |
        |---|---|---|
        | in batches of 112 | 12 | 45,000 |
        | one transaction per event | 1 | 700 |
        | one transaction per event | 12 | 3,000 |

        In batches: 63,000 rows/s, 1.40 rows per event; folding took 1.2 % of the connections' time.

        ## Commands, in ms

        | commands/s |  | P50 | P95 | P99 | max | P50 relative to the floor | sustained |
        |---|---|---|---|---|---|---|---|
        | 50 | the floor | 2.5 | 4.0 | 6.0 | 9.0 |  | yes |
        | 50 | POST → 202 | 3.5 | 5.2 | 7.5 | 17.0 | 1.40 × | yes |
        | 50 | POST → record read | 2.8 | 3.8 | 6.3 | 15.8 |  |  |
        | 500 | the floor | 2.5 | 5.0 | 8.0 | 12.0 |  | yes |
        | 500 | POST → 202 | 4.0 | 9.0 | 24.0 | 40.0 | 1.60 × | yes |
        | 500 | POST → record read | 3.2 | 7.0 | 20.0 | 38.0 |  |  |
        | 2,250 | the floor | 3.0 | 9.0 | 15.0 | 30.0 |  | yes |
        | 2,250 | POST → 202 | 12.0 | 60.0 | 90.0 | 150.0 | 4.00 × | yes |
        | 2,250 | POST → record read | 10.0 | 55.0 | 85.0 | 140.0 |  |  |

        From when the command was due, however long earlier responses took; 10,000 piles, 8 partitions. The floor is one look-up in Redis, one INSERT and one record with `acks=all`, one after the other, on the same machine right before.

        At 2,250/s, commands, the load generator itself was late, by 2.5 ms at P99 and 20.0 ms at most; the latencies include that.

        ## The highest rate of commands

        |  | requested, /s | answered, /s | P50 | P99 | sustained |
        |---|---|---|---|---|---|
        | commands, confirmed | 2,250 | 2,250 | 12.0 | 90.0 | yes |
        | commands | 3,000 | 3,000 | 900.0 | 1950.0 | **no**: 12 of 45,000 failed: 503 DATABASE_UNAVAILABLE |
        | the floor | 3,000 | 3,000 | 4.0 | 30.0 | yes |

        The floor sustains 3,000/s.

        ## What each process used for commands

        | commands/s | process | cores | CPU µs per command | peak memory, MB |
        |---|---|---|---|---|
        | 50 | command-dispatcher | 0.05 | 1000.0 | 22 |
        | 50, the floor | command-dispatcher | 0.05 | 1000.0 | 22 |
        | 500 | command-dispatcher | 0.50 | 1000.0 | 22 |
        | 500, the floor | command-dispatcher | 0.50 | 1000.0 | 22 |
        | 2,250 | command-dispatcher | 2.25 | 1000.0 | 22 |
        | 2,250, the floor | command-dispatcher | 2.25 | 1000.0 | 22 |

        ## Reads: the highest throughput with 32 clients

        | GET | statements | round trips | the floor, /s | asset-api, /s | of the floor | P50 | P99 |
        |---|---|---|---|---|---|---|---|
        | a pile | 3 | 1 | 20,000 | 10,000 | 50 % | 3.0 | 9.0 |
        | a page of 50 stations | 3 | 1 | 600 | 500 | 83.3 % | 3.0 | 9.0 |

        10,000 stations, 100,000 piles. The floor is pgbench with the statements that asset-api was recorded to send for the same requests, over as many connections to PostgreSQL (8), in the same run right before.

        ## Reads at a rate, in ms from when each was due

        | GET |  | requested, /s | answered, /s | P50 | P95 | P99 | max | sustained |
        |---|---|---|---|---|---|---|---|---|
        | a pile | the floor | 2,000 | 2,000 | 0.2 | 0.5 | 1.1 | 8.0 |  |
        | a pile | asset-api | 2,000 | 2,000 | 0.9 | 2.5 | 4.0 | 22.0 | yes |
        | a page of 50 stations | the floor | 250 | 250 | 0.2 | 0.5 | 1.1 | 8.0 |  |
        | a page of 50 stations | asset-api | 250 | 250 | 0.9 | 2.5 | 15.0 | 22.0 | yes |

        ## Pages deep in a list: the median, in ms

        | list | items | page 1 | at 10 % | at 50 % | at 99 % | slowest relative to page 1 |
        |---|---|---|---|---|---|---|
        | stations | 10,000 | 2.00 | 2.10 | 1.90 | 2.20 | 1.1 × |
        | stations nearby | 1,300 | 2.00 | 2.10 | 3.00 | 4.00 | 2 × |

        ## What each process used for reads

        | GET | process | cores | CPU µs per request | peak memory, MB |
        |---|---|---|---|---|
        | a pile, 2,000/s | command-dispatcher | 2.00 | 1000.0 | 22 |
        | a page of 50 stations, 250/s | command-dispatcher | 0.25 | 1000.0 | 22 |

        ## Time to truth after a pod is killed, in s

        | from the kill to | devices | P50 | P95 | max |
        |---|---|---|---|---|
        | doubtful | 10,000 of 10,000 | 19.5 | 20.1 | 20.6 |
        | offline or found elsewhere | 9,999 of 10,000 | 40.0 | 55.5 | not reached |

        The devices send statuses one after the other before the kill. 2,000 of the 10,000 come back through another pod, half of them without a boot. A snapshot is taken every 500 ms, which is included in the figures.

        ## Devices of the killed pod, by second

        | second | online at the killed pod | doubtful | offline | found elsewhere | offline, although back elsewhere |
        |---|---|---|---|---|---|
        | 0 | 10,000 | 0 | 0 | 0 | 0 |
        | 10 | 10,000 | 0 | 0 | 0 | 0 |
        | 20 | 0 | 9,000 | 0 | 1,000 | 0 |
        | 30 | 0 | 9,000 | 0 | 1,000 | 0 |
        | 58 (end) | 0 | 0 | 8,000 | 1,999 | 1 |

        ## Other devices and moved devices, in ms

        |  | devices | P50 | P95 | P99 | max |
        |---|---|---|---|---|---|
        | events of other devices, before the kill | 10,000 at 600/s | 5.0 | 10.0 | 20.0 | 40.0 |
        | events of other devices, after the kill | 10,000 at 600/s | 6.0 | 13.0 | 30.0 | 90.0 |
        | first event of a moved device → command for its new pod | 50 of 50 | 550.0 | 620.0 | 700.0 | 710.0 |

        ## Events of other devices by second after the kill, in ms, and cores that each process uses

        | from second | P50 | P95 | max | event-ingestor | postgres |
        |---|---|---|---|---|---|
        | -5 | 5.0 | 10.0 | 40.0 | 0.12 | 0.18 |
        | 0 | 5.0 | 13.0 | 40.0 | 0.20 | 0.30 |

        ## The disk, in ms

        |  | P50 | P95 | P99 | max |
        |---|---|---|---|---|
        | commits with minimal content, one after the other | 0.9 | 1.4 | 2.2 | 6.0 |

        ## Takeover

        One of 2 ingestors killed at 6,000/s: every partition owned again after 10.8 s, everything caught up after 12.3 s (lease 10 s).
        "##);
    }

    #[test]
    fn marks_meaningless_figures() {
        let mut report = sample();
        (report.mode, report.conditions.profile, report.complete) = ("quick", "debug", false);
        report.judge();
        let text = report.markdown();
        assert_eq!(text.matches("are meaningless").count(), 2);
        assert!(text.contains("Incomplete"));
    }
}
