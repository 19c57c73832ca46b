//! How far an import is, line by line as it goes on, for a client that wants to see it.

use super::report::Report;
use actix_web::web::Bytes;
use futures_util::{Stream, stream};
use runtime::Problem;
use serde::Serialize;
use std::io;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Lines that wait for the client; while there are so many, further ones are left out.
const LINES_AHEAD: usize = 4;
/// So long at least between two lines, unless another phase begins.
const BETWEEN_LINES: Duration = Duration::from_millis(300);

/// What is done with the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// They are looked up.
    Checking,
    /// They are written.
    Writing,
}

/// A line, but for a problem.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Line<'a> {
    Progress { phase: Phase, rows: usize, bytes: u64 },
    Report(&'a Report),
}

/// Where it is told how far an import is; to nobody, where nobody wants to know.
#[derive(Default)]
pub struct Progress {
    lines: Option<Sender<Bytes>>,
    told: Option<(Phase, Instant)>,
}

/// Where it is told what became of an import; the lines end with it.
pub struct End(Sender<Bytes>);

/// Both, and the lines as the client gets them.
pub fn follow() -> (Progress, End, Receiver<Bytes>) {
    let (sender, receiver) = channel(LINES_AHEAD);
    (Progress { lines: Some(sender.clone()), told: None }, End(sender), receiver)
}

impl Progress {
    /// Tells that so many rows, and bytes of the file, are done; not too often, and nothing to a client that does not read.
    pub fn tell(&mut self, phase: Phase, rows: usize, bytes: u64) {
        let Some(lines) = &self.lines else { return };
        let is_early = self.told.is_some_and(|(last, at)| last == phase && at.elapsed() < BETWEEN_LINES);
        if !is_early {
            self.told = Some((phase, Instant::now()));
            // A client that reads slowly or went away misses some; the end is told in any case.
            drop(lines.try_send(line(&Line::Progress { phase, rows, bytes })));
        }
    }
}

impl End {
    /// Tells what became of it, when the client has read what came before; `instance` and `trace_id` are those of the request.
    pub async fn tell(self, outcome: Result<Report, Problem>, instance: &str, trace_id: Option<&str>) {
        let last = match outcome {
            Ok(report) => line(&Line::Report(&report)),
            Err(problem) => format!("{{\"problem\":{}}}\n", problem.to_json(Some(instance), trace_id)).into(),
        };
        // A client that went away does not want to know.
        drop(self.0.send(last).await);
    }
}

/// The lines as the body of a response.
pub fn body(lines: Receiver<Bytes>) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(lines, |mut lines| async move { Some((Ok(lines.recv().await?), lines)) })
}

fn line(content: &Line<'_>) -> Bytes {
    // Texts and numbers always have a form.
    let mut line = serde_json::to_string(content).unwrap_or_default();
    line.push('\n');
    line.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt as _;

    #[tokio::test]
    async fn a_client_that_does_not_read_holds_nothing_up() {
        let (mut progress, end, lines) = follow();
        for rows in 0..1_000 {
            // Another phase each time, so that none is too early.
            let phase = if rows % 2 == 0 { Phase::Checking } else { Phase::Writing };
            progress.tell(phase, rows, 7);
        }
        let problem = Problem::not_found("NOTHING", "There is nothing");
        let ending = tokio::spawn(async move { end.tell(Err(problem), "/here", Some("t")).await });
        drop(progress);
        let told: Vec<_> =
            body(lines).map(|line| String::from_utf8(line.unwrap().to_vec()).unwrap()).collect().await;
        ending.await.unwrap();
        assert_eq!(told.len(), LINES_AHEAD + 1);
        assert_eq!(told[0], "{\"progress\":{\"phase\":\"checking\",\"rows\":0,\"bytes\":7}}\n");
        let last: serde_json::Value = serde_json::from_str(&told[LINES_AHEAD]).unwrap();
        assert_eq!(
            (&last["problem"]["code"], &last["problem"]["instance"]),
            (&"NOTHING".into(), &"/here".into())
        );
    }

    #[tokio::test]
    async fn few_lines_are_told_of_many_rows() {
        let (mut progress, _end, mut lines) = follow();
        let begin = Instant::now();
        let mut told = 0_u32;
        for rows in 0..10_000 {
            progress.tell(Phase::Checking, rows, 0);
            told += u32::from(lines.try_recv().is_ok());
        }
        // One at once, then one for each time between two; however slow the machine is.
        assert!(
            told >= 1 && begin.elapsed() >= BETWEEN_LINES * (told - 1),
            "{told} lines in {:?}",
            begin.elapsed()
        );
    }
}
