//! Writing down what became of commands, behind the backs of those who asked for them.

use crate::metrics::Metrics;
use runtime::causes;
use std::time::Duration;
use storage::commands::{self, Note};
use storage::{Database, StorageError};
use tokio::time::{Instant, sleep};

/// So long Postgres may be away before a note is given up.
const PATIENCE: Duration = Duration::from_secs(10);
/// First and longest pause between attempts.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Writes `notes`, and tries again while Postgres is away. What cannot be written is logged and counted: the command stays
/// `accepted` in the books until an event speaks of it or its time is over.
pub(crate) async fn note(database: Database, metrics: Metrics, notes: Vec<Note>) -> Vec<()> {
    let written = vec![(); notes.len()];
    let mut parts = vec![notes];
    let end = Instant::now() + PATIENCE;
    while let Some(mut part) = parts.pop() {
        match note_all(&database, &part, end).await {
            Ok(()) => {}
            // Perhaps it is one of them that cannot be written.
            Err(error) if part.len() > 1 && !error.is_transient() => {
                parts.push(part.split_off(part.len() / 2));
                parts.push(part);
            }
            Err(error) => give_up(&metrics, &part, &error),
        }
    }
    written
}

async fn note_all(database: &Database, notes: &[Note], end: Instant) -> Result<(), StorageError> {
    let mut pause = PAUSE.0;
    loop {
        let these = notes.to_vec();
        let written: Result<(), StorageError> = database
            .run(async move |mut connection| commands::note_many(&mut connection, &these).await)
            .await;
        match written {
            Err(error) if error.is_transient() && Instant::now() + pause < end => {
                sleep(pause).await;
                pause = (pause * 2).min(PAUSE.1);
            }
            ended => return ended,
        }
    }
}

fn give_up(metrics: &Metrics, notes: &[Note], error: &StorageError) {
    metrics.unnoted(notes.len());
    let ids: Vec<String> = notes.iter().map(|note| note.id.to_string()).collect();
    tracing::error!(
        commands = ids.join(" "),
        error = causes(error),
        "what became of these commands could not be noted"
    );
}
