//! The progress of an import as lines, for a client that accepts `application/x-ndjson`.

use super::report::Report;
use actix_web::web::Bytes;
use futures_util::{Stream, stream};
use runtime::Problem;
use serde::Serialize;
use std::io;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Lines that may wait for the client; further ones are dropped.
const LINES_AHEAD: usize = 4;
/// Shortest time between two lines of one phase.
const BETWEEN_LINES: Duration = Duration::from_millis(300);

/// What the import does with the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The rows are checked against the database.
    Checking,
    /// The rows are written.
    Writing,
}

/// A line, unless it carries a problem.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Line<'a> {
    Progress { phase: Phase, rows: usize, bytes: u64 },
    Report(&'a Report),
}

/// Reports the progress of an import; the default reports to no client.
#[derive(Default)]
pub struct Progress {
    lines: Option<Sender<Bytes>>,
    last_line: Option<(Phase, Instant)>,
}

/// Reports the outcome of an import as the last line.
pub struct End(Sender<Bytes>);

/// The two ends that report, and the lines for the client.
pub fn follow() -> (Progress, End, Receiver<Bytes>) {
    let (sender, receiver) = channel(LINES_AHEAD);
    (Progress { lines: Some(sender.clone()), last_line: None }, End(sender), receiver)
}

impl Progress {
    /// Reports the number of processed rows and bytes of the file. Drops the report when the last
    /// one is too recent or the client does not read.
    pub fn report(&mut self, phase: Phase, rows: usize, bytes: u64) {
        let Some(lines) = &self.lines else { return };
        let is_early = self.last_line.is_some_and(|(last, at)| last == phase && at.elapsed() < BETWEEN_LINES);
        if !is_early {
            self.last_line = Some((phase, Instant::now()));
            // A client that is slow or gone misses some lines; the last one is always sent.
            drop(lines.try_send(line(&Line::Progress { phase, rows, bytes })));
        }
    }
}

impl End {
    /// Sends the outcome after the client has read the lines before it; `instance` and `trace_id`
    /// are those of the request.
    pub async fn finish(self, outcome: Result<Report, Problem>, instance: &str, trace_id: Option<&str>) {
        let last = match outcome {
            Ok(report) => line(&Line::Report(&report)),
            Err(problem) => format!("{{\"problem\":{}}}\n", problem.to_json(Some(instance), trace_id)).into(),
        };
        // Fails only when the client has disconnected.
        drop(self.0.send(last).await);
    }
}

/// The lines as the body of a response.
pub fn body(lines: Receiver<Bytes>) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(lines, |mut lines| async move { Some((Ok(lines.recv().await?), lines)) })
}

fn line(content: &Line<'_>) -> Bytes {
    // Strings and numbers can always be serialized.
    let mut line = serde_json::to_string(content).unwrap_or_default();
    line.push('\n');
    line.into()
}

#[cfg(test)]
mod tests;
