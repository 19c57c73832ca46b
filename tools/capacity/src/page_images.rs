//! Page images in the write-ahead log: PostgreSQL logs a page whole when it is written to for the
//! first time after a checkpoint.

use crate::costs::{
    CONNECTOR_BYTES, DEVICE_BYTES, LEDGER_BYTES, PAGE_BYTES, PAGE_IMAGE_BYTES, SAMPLE_INDEX_BYTES,
};
use crate::fleet::Fleet;
use crate::per_kind::EventCounts;

/// A table or index whose writes hit random pages.
#[derive(Debug, Clone, Copy)]
struct Relation {
    pages: f64,
    /// Writes since the last checkpoint.
    writes: f64,
}

impl Relation {
    fn of_bytes(bytes: f64) -> Self {
        Self { pages: (bytes / PAGE_BYTES).max(1.0), writes: 0.0 }
    }

    /// The expected number of distinct pages that were written since the last checkpoint.
    fn written_pages(&self) -> f64 {
        self.pages * (1.0 - (-self.writes / self.pages).exp())
    }

    /// Adds `writes`; returns the number of pages that are written for the first time.
    fn write(&mut self, writes: f64) -> f64 {
        let before = self.written_pages();
        self.writes += writes;
        self.written_pages() - before
    }
}

/// The relations of a fleet whose writes hit random pages: rows of devices and connectors, ledgers,
/// and the index of today's samples, which grows.
#[derive(Debug, Clone)]
pub struct PageImages {
    devices: Relation,
    connectors: Relation,
    ledgers: Relation,
    sample_index: Relation,
}

impl PageImages {
    /// The state at midnight, right after a checkpoint.
    pub fn at_midnight(fleet: &Fleet) -> Self {
        Self {
            devices: Relation::of_bytes(fleet.piles * DEVICE_BYTES),
            connectors: Relation::of_bytes(fleet.piles * fleet.connectors * CONNECTOR_BYTES),
            ledgers: Relation::of_bytes(fleet.piles * LEDGER_BYTES),
            sample_index: Relation::of_bytes(0.0),
        }
    }

    /// A checkpoint: the next write to each page logs an image again.
    pub const fn checkpoint(&mut self) {
        self.devices.writes = 0.0;
        self.connectors.writes = 0.0;
        self.ledgers.writes = 0.0;
        self.sample_index.writes = 0.0;
    }

    /// Adds the writes of `events`; returns the bytes of page images that they cause.
    pub fn write(&mut self, events: &EventCounts) -> f64 {
        let pages = self.devices.write(events.total())
            + self.connectors.write(events.meter_values + events.status_changed)
            + self.ledgers.write(events.started + events.stopped)
            + self.sample_index.write(events.meter_values);
        self.sample_index.pages += events.meter_values * SAMPLE_INDEX_BYTES / PAGE_BYTES;
        pages * PAGE_IMAGE_BYTES
    }
}
