//! The metrics of the reliability ledger.

use opentelemetry::metrics::{Counter, Meter};
use runtime::lock::MutexExt as _;
use std::sync::{Arc, Mutex};

/// The metrics of the reliability ledger.
pub(super) struct LedgerMetrics {
    days: Counter<u64>,
    failed: Counter<u64>,
    /// `None` while another replica computes the ledger: only one reports the backlog.
    backlog: Arc<Mutex<Option<i64>>>,
}

impl LedgerMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let backlog: Arc<Mutex<Option<i64>>> = Arc::default();
        let observed = Arc::clone(&backlog);
        meter
            .i64_observable_gauge("reliability.backlog.devices")
            .with_description("Devices with days of the reliability ledger to compute, or to compute again")
            .with_callback(move |observer| {
                if let Some(devices) = *observed.locked() {
                    observer.observe(devices, &[]);
                }
            })
            .build();
        let counter = |name, about| meter.u64_counter(name).with_description(about).build();
        let metrics = Self {
            days: counter("reliability.days", "Days of connectors computed, also those computed again"),
            failed: counter("reliability.failed", "Times that the days of a device could not be computed"),
            backlog,
        };
        metrics.days.add(0, &[]);
        metrics.failed.add(0, &[]);
        metrics
    }

    /// Counts computed days.
    pub(super) fn computed(&self, rows: usize) {
        self.days.add(u64::try_from(rows).unwrap_or(u64::MAX), &[]);
    }

    /// Counts a device whose days could not be computed.
    pub(super) fn failed(&self) {
        self.failed.add(1, &[]);
    }

    /// Reports how many devices are due.
    pub(super) fn behind(&self, devices: i64) {
        *self.backlog.locked() = Some(devices);
    }

    /// Reports that another replica computes the ledger.
    pub(super) fn left(&self) {
        *self.backlog.locked() = None;
    }
}
