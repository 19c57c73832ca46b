//! The oldest snapshot that is held in the database, as it was looked for last.

use opentelemetry::metrics::Meter;
use std::sync::{Arc, Mutex, PoisonError};
use storage::database::snapshots::OldestSnapshot;

/// What was found last; `None` while another replica looks.
pub(super) type Oldest = Arc<Mutex<Option<OldestSnapshot>>>;

/// Gauges that report, whenever they are asked, what was found last.
pub(super) fn observed(meter: &Meter) -> Oldest {
    let oldest = Oldest::default();
    let found = Arc::clone(&oldest);
    meter
        .f64_observable_gauge("database.oldest_snapshot")
        .with_unit("s")
        .with_description(
            "For how long the oldest snapshot is held by a transaction that is open in the database",
        )
        .with_callback(move |observer| {
            if let Some(oldest) = *found.lock().unwrap_or_else(PoisonError::into_inner) {
                observer.observe(oldest.held_for.as_secs_f64(), &[]);
            }
        })
        .build();
    let found = Arc::clone(&oldest);
    meter
        .i64_observable_gauge("database.oldest_snapshot.transactions")
        .with_description(
            "Transactions that have begun since the oldest snapshot that is held in the database",
        )
        .with_callback(move |observer| {
            if let Some(oldest) = *found.lock().unwrap_or_else(PoisonError::into_inner) {
                observer.observe(oldest.transactions, &[]);
            }
        })
        .build();
    oldest
}
