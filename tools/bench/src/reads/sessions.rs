//! Lists and exports of sessions in a database of millions: each list as other reads, first the
//! floor and then asset-api; then exports.

mod export;
mod fixture;
mod lists;

use super::service::CONNECTIONS;
use super::{ReadBench, logs, record};
use crate::numbers::{grouped, grouped_count};
use crate::plan::SessionPlan;
use crate::platform::Names;
use crate::report::Sessions;
use fixture::Scale;
use launch::output::{passed, progress};
use launch::variable;
use std::path::Path;

/// Formats of exports, each with its number of lines that are not sessions: the last line, and the
/// header of CSV.
const FORMATS: [(&str, u64); 2] = [("csv", 2), ("ndjson", 1)];

/// Creates the database and measures all lists and exports.
pub async fn measure(plan: &SessionPlan, names: &Names, folder: &Path) -> anyhow::Result<Sessions> {
    let scale = Scale::of(plan.sessions);
    progress(&format!(
        "{} sessions at {} stations with {} piles …",
        grouped_count(scale.sessions),
        grouped_count(scale.stations),
        grouped_count(scale.piles())
    ));
    let (url, data) = fixture::create(&variable("DATABASE_URL")?, &names.reads, scale).await?;
    let recorded = record(&url, &logs(folder)?, lists::kinds(scale)).await?;
    let bench = ReadBench::start(plan.reads.clone(), &url, folder).await?;
    let mut sessions = Sessions { data, connections: CONNECTIONS, kinds: Vec::new(), exports: Vec::new() };
    for recorded in &recorded {
        sessions.kinds.push(bench.compare(recorded).await?);
    }
    for (format, other_lines) in FORMATS {
        progress(&format!("exports of the busiest station as {format} …"));
        let path = lists::export(format)?;
        let export = export::measure(&bench.api.listen, format, &path, other_lines).await?;
        passed(&format!("{} sessions, {}/s", grouped_count(export.rows), grouped(export.rows_per_s)));
        sessions.exports.push(export);
    }
    bench.api.stop().await?;
    Ok(sessions)
}
