//! Watches the timeline of PostgreSQL's log. It changes when a standby takes over or a backup is
//! restored: what the old primary had committed and not replicated is lost. The feed then skips the
//! positions that may be lost, before it assigns another one.

use opentelemetry::metrics::{Counter, Gauge, Meter};
use runtime::{Shutdown, causes, every};
use std::time::Duration;
use storage::{Database, PooledConnection, StorageError, feed};

/// Interval between reads.
const INTERVAL: Duration = Duration::from_secs(5);

/// The metrics of the timeline.
pub(crate) struct TimelineMetrics {
    timeline: Gauge<i64>,
    changes: Counter<u64>,
}

impl TimelineMetrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let metrics = Self {
            timeline: meter
                .i64_gauge("database.timeline")
                .with_description("Timeline of PostgreSQL's log; it grows with each failover")
                .build(),
            changes: meter
                .u64_counter("database.timeline.changes")
                .with_description("Changes of the timeline that this replica has seen")
                .build(),
        };
        // The rate of an absent counter is unknown to alerts.
        metrics.changes.add(0, &[]);
        metrics
    }
}

/// Reads the timeline until asked to stop. Each replica reports it; an unavailable database is
/// reported by other tasks.
pub(crate) async fn watch(database: Database, metrics: TimelineMetrics, shutdown: Shutdown) {
    let mut known = None;
    let mut ticks = every(INTERVAL);
    while shutdown.run_until_requested(ticks.tick()).await.is_some() {
        let Ok(Some(timeline)) = database.timeline().await.inspect_err(unavailable) else { continue };
        metrics.timeline.record(timeline.into(), &[]);
        if let Some(previous) = replaced(&mut known, timeline) {
            metrics.changes.add(1, &[]);
            tracing::warn!(
                previous,
                timeline,
                "PostgreSQL has a new timeline: a standby took over or a backup was restored; commits that the \
                 old primary had not replicated are lost: see docs/runbooks/fail-over-postgres.md"
            );
        }
        // Readers do so as well; a quiet feed has none.
        let skip = async move |mut connection: PooledConnection| feed::follow_timeline(&mut connection).await;
        if let Err(error) = database.run::<_, StorageError, _, _>(skip).await {
            unavailable(&error);
        }
    }
}

fn unavailable(error: &StorageError) {
    tracing::debug!(error = causes(error), "the timeline could not be followed; retrying in 5 s");
}

/// The timeline that `timeline` replaces; `None` for the first one and for the same one.
fn replaced(known: &mut Option<i32>, timeline: i32) -> Option<i32> {
    known.replace(timeline).filter(|previous| *previous != timeline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_noticed_once() {
        let mut known = None;
        let changes: Vec<_> = [1, 1, 2, 2, 4].map(|timeline| replaced(&mut known, timeline)).into();
        assert_eq!(changes, [None, None, Some(1), None, Some(2)]);
    }
}
