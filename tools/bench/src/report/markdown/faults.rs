//! The disk, and the takeover after a crash.

use super::{cells, table};
use crate::report::{Latency, Report, grouped};
use std::fmt::Write as _;

/// Renders both.
pub(super) fn render(report: &Report) -> String {
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
            grouped(takeover.rate.into()),
            takeover.owned_after_s,
            takeover.caught_up_after_s,
            takeover.lease_s
        );
    }
    text
}
