//! What an SRE sees of the relay.

use opentelemetry::metrics::{Counter, Meter};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use storage::feed::Backlog;

/// The relay's instruments.
pub(crate) struct FeedMetrics {
    published: Counter<u64>,
    /// `None` while another replica relays: what is behind is told by one alone.
    behind: Arc<Mutex<Option<Backlog>>>,
}

impl FeedMetrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let behind: Arc<Mutex<Option<Backlog>>> = Arc::default();
        let told = Arc::clone(&behind);
        meter
            .f64_observable_gauge("feed.delay")
            .with_unit("s")
            .with_description("How long the oldest unpublished change has waited; 0 when there is none")
            .with_callback(move |observer| {
                if let Some(backlog) = *lock(&told) {
                    observer.observe(backlog.delay.as_secs_f64(), &[]);
                }
            })
            .build();
        let told = Arc::clone(&behind);
        meter
            .i64_observable_gauge("feed.backlog.chunks")
            .with_description("Chunks of changes that are not published yet")
            .with_callback(move |observer| {
                if let Some(backlog) = *lock(&told) {
                    observer.observe(backlog.chunks, &[]);
                }
            })
            .build();
        let published = meter.u64_counter("feed.published").with_description("Changes published").build();
        Self { published, behind }
    }

    /// So many changes were acknowledged.
    pub(super) fn published(&self, changes: u64) {
        self.published.add(changes, &[]);
    }

    /// How far it is behind.
    pub(super) fn behind(&self, backlog: Backlog) {
        *lock(&self.behind) = Some(backlog);
    }

    /// Another one relays now.
    pub(super) fn left(&self) {
        *lock(&self.behind) = None;
    }
}

fn lock(behind: &Mutex<Option<Backlog>>) -> MutexGuard<'_, Option<Backlog>> {
    behind.lock().unwrap_or_else(PoisonError::into_inner)
}
