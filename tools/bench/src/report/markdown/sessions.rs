//! The chapter on lists and exports of sessions.

use super::{reads, table};
use crate::report::{SessionData, SessionExport, Sessions, grouped, grouped_count};
use std::fmt::Write as _;

/// Renders the chapter.
pub(super) fn render(sessions: &Sessions) -> String {
    let mut text = data(&sessions.data);
    text += &reads::saturated("Lists of sessions", &sessions.kinds);
    let _ = writeln!(
        text,
        "\nThe floor is pgbench with the statements that asset-api was recorded to send for the same requests, over as many connections \
         to PostgreSQL ({}), in the same run right before.",
        sessions.connections
    );
    text += &reads::paced("Lists of sessions", &sessions.kinds);
    text += &reads::late(&sessions.kinds);
    text += &exports(&sessions.exports);
    text += &reads::processes("lists of sessions", &sessions.kinds);
    text
}

fn data(data: &SessionData) -> String {
    let rows = [
        ("sessions, open ones", format!("{}, {}", grouped_count(data.sessions), grouped_count(data.open))),
        (
            "stations, piles, tokens of drivers",
            format!(
                "{}, {}, {}",
                grouped_count(data.stations),
                grouped_count(data.piles),
                grouped_count(data.id_tags)
            ),
        ),
        ("inserted, indexed in", format!("{:.0} s, {:.0} s", data.filled_s, data.indexed_s)),
        ("database", format!("{} MB", grouped(data.database_mb))),
        (
            "table of sessions, its indexes",
            format!("{} MB, {} MB", grouped(data.rows_mb), grouped(data.indexes_mb)),
        ),
    ];
    table("The sessions", &["", ""], &rows.map(|(name, value)| vec![name.to_owned(), value]))
}

fn exports(exports: &[SessionExport]) -> String {
    let row = |export: &SessionExport| {
        vec![
            export.format.to_owned(),
            export.outcome.to_owned(),
            grouped_count(export.rows),
            format!("{:.1}", export.mb),
            format!("{:.2}", export.seconds),
            grouped(export.rows_per_s),
        ]
    };
    let columns = ["format", "outcome", "sessions", "MB", "seconds", "sessions/s"];
    let title = "Exports of the sessions of the busiest station, the median of three";
    table(title, &columns, &exports.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn renders_what_was_measured() {
        let text = render(&sample::sessions());
        for line in [
            "| sessions, open ones | 10,000,000, 640 |",
            "| inserted, indexed in | 240 s, 180 s |",
            "| table of sessions, its indexes | 2,000 MB, 4,100 MB |",
            "## Lists of sessions: the highest throughput with 32 clients",
            "| sessions by pile | 3 | 1 | 6,000 | 3,000 | 50 % | 3.0 | 9.0 |",
            "| open sessions | asset-api | 80 | 80 | 0.9 | 2.5 | 5.0 | 22.0 | yes |",
            "| csv | complete | 99,871 | 25.5 | 4.00 | 24,968 |",
            "## What each process used for lists of sessions",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
