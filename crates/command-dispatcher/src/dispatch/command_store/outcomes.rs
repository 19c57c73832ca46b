//! Recording the outcomes of publications, asynchronously.

use crate::metrics::Metrics;
use runtime::Backoff;
use runtime::causes;
use std::time::Duration;
use storage::commands::{self, PublishOutcome};
use storage::{Database, StorageError};
use tokio::time::{Instant, sleep};

/// How long PostgreSQL may be unavailable before an outcome is dropped.
const PATIENCE: Duration = Duration::from_secs(10);
/// The first and the longest pause between attempts.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Records `outcomes`, and retries while PostgreSQL is unavailable. An outcome that cannot be
/// recorded is logged and counted: the command stays `accepted` until an event reports its result
/// or it expires.
pub(crate) async fn record(database: Database, metrics: Metrics, outcomes: Vec<PublishOutcome>) -> Vec<()> {
    let written = vec![(); outcomes.len()];
    let mut parts = vec![outcomes];
    let end = Instant::now() + PATIENCE;
    while let Some(mut part) = parts.pop() {
        match record_all(&database, &part, end).await {
            Ok(()) => {}
            // One of the outcomes may be the cause: retry the halves.
            Err(error) if part.len() > 1 && !error.is_transient() => {
                parts.push(part.split_off(part.len() / 2));
                parts.push(part);
            }
            Err(error) => give_up(&metrics, &part, &error),
        }
    }
    written
}

async fn record_all(
    database: &Database,
    outcomes: &[PublishOutcome],
    end: Instant,
) -> Result<(), StorageError> {
    let mut backoff = Backoff::new(PAUSE.0, PAUSE.1);
    loop {
        let these = outcomes.to_vec();
        let written: Result<(), StorageError> = database
            .run_here(async move |mut connection| commands::record_outcomes(&mut connection, &these).await)
            .await;
        match written {
            Err(error) if error.is_transient() && Instant::now() + backoff.peek() < end => {
                sleep(backoff.pause()).await;
            }
            ended => return ended,
        }
    }
}

fn give_up(metrics: &Metrics, outcomes: &[PublishOutcome], error: &StorageError) {
    metrics.outcomes_lost(outcomes.len());
    let ids: Vec<String> = outcomes.iter().map(|outcome| outcome.id.to_string()).collect();
    tracing::error!(
        commands = ids.join(" "),
        error = causes(error),
        "the outcomes of these commands could not be recorded; they stay `accepted` until an event \
         reports a result or they expire"
    );
}
