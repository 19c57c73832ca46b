//! The metrics of the relay.

use opentelemetry::metrics::{Counter, Meter};
use runtime::lock::MutexExt as _;
use std::sync::{Arc, Mutex, MutexGuard};
use storage::feed::Backlog;

/// The metrics of the relay.
pub(crate) struct FeedMetrics {
    published: Counter<u64>,
    /// `None` while another replica relays: only one reports the backlog.
    behind: Arc<Mutex<Option<Backlog>>>,
}

impl FeedMetrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let behind: Arc<Mutex<Option<Backlog>>> = Arc::default();
        let observed = Arc::clone(&behind);
        meter
            .f64_observable_gauge("feed.delay")
            .with_unit("s")
            .with_description("Age of the oldest unpublished change; 0 when there is none")
            .with_callback(move |observer| {
                if let Some(backlog) = *lock(&observed) {
                    observer.observe(backlog.delay.as_secs_f64(), &[]);
                }
            })
            .build();
        let observed = Arc::clone(&behind);
        meter
            .i64_observable_gauge("feed.backlog.chunks")
            .with_description("Chunks of changes that are not published yet")
            .with_callback(move |observer| {
                if let Some(backlog) = *lock(&observed) {
                    observer.observe(backlog.chunks, &[]);
                }
            })
            .build();
        let published = meter.u64_counter("feed.published").with_description("Changes published").build();
        Self { published, behind }
    }

    /// Counts changes that were acknowledged.
    pub(super) fn published(&self, changes: u64) {
        self.published.add(changes, &[]);
    }

    /// Records the backlog.
    pub(super) fn behind(&self, backlog: Backlog) {
        *lock(&self.behind) = Some(backlog);
    }

    /// Records that this replica no longer relays.
    pub(super) fn left(&self) {
        *lock(&self.behind) = None;
    }
}

fn lock(behind: &Mutex<Option<Backlog>>) -> MutexGuard<'_, Option<Backlog>> {
    behind.locked()
}
