//! The chapter on commands while old ones are deleted.

use super::{cells, sustained, table};
use crate::report::{Retention, RetentionSegment, grouped, grouped_count};
use std::fmt::Write as _;

/// Renders the chapter.
pub(super) fn render(retention: &Retention) -> String {
    let mut rows = Vec::new();
    for (round, measured) in retention.rounds.iter().enumerate() {
        let mut row = |what: &str, segment: &RetentionSegment| {
            let mut row = vec![(round + 1).to_string(), what.to_owned()];
            row.extend(cells(&segment.phase.latency));
            row.extend([grouped_count(segment.deleted), sustained(&segment.phase)]);
            rows.push(row);
        };
        row("without", &measured.without);
        row("with", &measured.with);
    }
    let columns = ["round", "retention", "P50", "P95", "P99", "max", "deleted", "sustained"];
    let mut text = table("Commands while old ones are deleted, POST → 202, in ms", &columns, &rows);
    let data = &retention.data;
    let _ = writeln!(
        text,
        "\n{} commands/s; {} old commands at the beginning, {} MB and {} MB of indexes, inserted in {:.0} s.",
        grouped(retention.rate.into()),
        grouped_count(data.commands),
        grouped(data.rows_mb),
        grouped(data.indexes_mb),
        data.filled_s
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn renders_what_was_measured() {
        let text = render(&sample::retention());
        for line in [
            "| 1 | without | 3.0 | 6.0 | 10.0 | 30.0 | 0 | yes |",
            "| 3 | with | 3.1 | 6.2 | 10.5 | 31.0 | 150,000 | yes |",
            "500 commands/s; 10,000,000 old commands at the beginning, 5,000 MB and 2,500 MB of indexes, inserted in 200 s.",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
