//! The metrics of the oldest snapshot held in the database.

use opentelemetry::metrics::Meter;
use runtime::lock::MutexExt as _;
use std::sync::{Arc, Mutex};
use storage::database::snapshots::OldestSnapshot;

/// The latest finding; `None` while another replica reports it.
pub(super) type Oldest = Arc<Mutex<Option<OldestSnapshot>>>;

/// Gauges that report the latest finding at every scrape.
pub(super) fn observed(meter: &Meter) -> Oldest {
    let oldest = Oldest::default();
    let found = Arc::clone(&oldest);
    meter
        .f64_observable_gauge("database.oldest_snapshot")
        .with_unit("s")
        .with_description("How long an open transaction has held the oldest snapshot in the database")
        .with_callback(move |observer| {
            if let Some(oldest) = *found.locked() {
                observer.observe(oldest.held_for.as_secs_f64(), &[]);
            }
        })
        .build();
    let found = Arc::clone(&oldest);
    meter
        .i64_observable_gauge("database.oldest_snapshot.transactions")
        .with_description("Transactions that have begun since the oldest snapshot in the database was taken")
        .with_callback(move |observer| {
            if let Some(oldest) = *found.locked() {
                observer.observe(oldest.transactions, &[]);
            }
        })
        .build();
    oldest
}
