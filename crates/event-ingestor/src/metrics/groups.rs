//! Transactions that several partitions share.

use opentelemetry::metrics::{Counter, Histogram, Meter};

/// Partitions of a transaction: a replica seldom has more than some dozen.
const PARTITION_BOUNDS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// The shared transactions of a replica.
#[derive(Debug, Clone)]
pub(crate) struct GroupMetrics {
    partitions: Histogram<u64>,
    apart: Counter<u64>,
}

impl GroupMetrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        Self {
            partitions: meter
                .u64_histogram("ingest.transaction.partitions")
                .with_description("Partitions whose small batches one transaction writes")
                .with_boundaries(PARTITION_BOUNDS.to_vec())
                .build(),
            apart: meter
                .u64_counter("ingest.batches_apart")
                .with_description("Batches written apart because a shared transaction failed")
                .build(),
        }
    }

    /// Starts the counters at zero.
    pub(super) fn begin(&self) {
        self.apart.add(0, &[]);
    }

    /// Records a transaction with batches of this many partitions.
    pub(crate) fn transaction(&self, partitions: usize) {
        self.partitions.record(u64::try_from(partitions).unwrap_or(u64::MAX), &[]);
    }

    /// Counts a batch that is written apart.
    pub(crate) fn apart(&self) {
        self.apart.add(1, &[]);
    }
}
