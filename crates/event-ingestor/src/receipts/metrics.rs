//! The metrics of receipts.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};
use runtime::lock::MutexExt as _;
use std::sync::{Arc, Mutex};
use storage::sessions::receipts::SettlementBacklog;

/// The metrics of receipts.
pub(super) struct ReceiptMetrics {
    written: Counter<u64>,
    failed: Counter<u64>,
    /// `None` while another replica writes receipts: only one reports the backlog.
    behind: Arc<Mutex<Option<SettlementBacklog>>>,
}

impl ReceiptMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let behind: Arc<Mutex<Option<SettlementBacklog>>> = Arc::default();
        let observed = Arc::clone(&behind);
        meter
            .f64_observable_gauge("receipts.delay")
            .with_unit("s")
            .with_description(
                "How long the first session whose receipt is due has waited; 0 if there is none",
            )
            .with_callback(move |observer| {
                if let Some(backlog) = *observed.locked() {
                    observer.observe(backlog.delay.as_secs_f64(), &[]);
                }
            })
            .build();
        let observed = Arc::clone(&behind);
        meter
            .i64_observable_gauge("receipts.backlog.sessions")
            .with_description("Sessions whose receipt is due and not checked yet")
            .with_callback(move |observer| {
                if let Some(backlog) = *observed.locked() {
                    observer.observe(backlog.sessions, &[]);
                }
            })
            .build();
        let counter = |name, about| meter.u64_counter(name).with_description(about).build();
        let metrics = Self {
            written: counter("receipts.written", "Receipts written, by kind"),
            failed: counter("receipts.failed", "Sessions whose receipt could not be written"),
            behind,
        };
        metrics.written.add(0, &[KeyValue::new("kind", "first")]);
        metrics.written.add(0, &[KeyValue::new("kind", "replacement")]);
        metrics.failed.add(0, &[]);
        metrics
    }

    /// Counts a receipt with this number.
    pub(super) fn written(&self, number: u32) {
        let kind = if number == 1 { "first" } else { "replacement" };
        self.written.add(1, &[KeyValue::new("kind", kind)]);
    }

    /// Counts a session whose receipt could not be written.
    pub(super) fn failed(&self) {
        self.failed.add(1, &[]);
    }

    /// Records the backlog.
    pub(super) fn behind(&self, backlog: SettlementBacklog) {
        *self.behind.locked() = Some(backlog);
    }

    /// Records that this replica does not write receipts.
    pub(super) fn left(&self) {
        *self.behind.locked() = None;
    }
}
