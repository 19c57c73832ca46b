//! The report as Markdown with tables.

mod cells;
mod check;
mod commands;
mod conditions;
mod events;
mod faults;
mod limits;
mod reads;
mod retention;
mod sessions;
#[cfg(test)]
mod tests;
mod truth;

use super::{CallPhase, Latency, Report};
use crate::meters::ProcessUse;

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
    text += &conditions::render(&report.conditions);
    text += &targets(report);
    text += &report.check.as_ref().map_or_else(String::new, check::render);
    if !report.steady.is_empty() {
        text += "\n![Latency by rate](latency.svg)\n";
    }
    text += &events::render(report);
    text += &report.commands.as_ref().map_or_else(String::new, commands::render);
    text += &report.reads.as_ref().map_or_else(String::new, reads::render);
    text += &report.sessions.as_ref().map_or_else(String::new, sessions::render);
    text += &report.retention.as_ref().map_or_else(String::new, retention::render);
    text += &report.truth.as_ref().map_or_else(String::new, truth::render);
    text += &report.limits.as_ref().map_or_else(String::new, limits::render);
    let floor = report.floor.as_ref();
    text += &report.cells.as_ref().map_or_else(String::new, |cells| cells::render(cells, floor));
    text += &faults::render(report);
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
