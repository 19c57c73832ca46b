//! Images of pages in the write-ahead log: each page that is written to for the first time after a checkpoint goes there whole.

use crate::costs::{CONNECTOR_ROW, DEVICE_ROW, LEDGER_ROW, PAGE, PAGE_IMAGE, SAMPLE_INDEX};
use crate::fleet::Fleet;
use crate::kinds::Events;

/// A table or an index that is written to all over, and how often since the last checkpoint.
#[derive(Debug, Clone, Copy)]
struct Scattered {
    pages: f64,
    writes: f64,
}

impl Scattered {
    fn of_bytes(bytes: f64) -> Self {
        Self { pages: (bytes / PAGE).max(1.0), writes: 0.0 }
    }

    /// Pages that so many writes, each to any page, have hit.
    fn hit(&self) -> f64 {
        self.pages * (1.0 - (-self.writes / self.pages).exp())
    }

    /// Writes so often; says how many pages that hits which were not hit before.
    fn write(&mut self, writes: f64) -> f64 {
        let before = self.hit();
        self.writes += writes;
        self.hit() - before
    }
}

/// What a fleet writes all over: rows of devices, of connectors, ledgers, and the index of today's samples, which grows.
#[derive(Debug, Clone)]
pub struct Pages {
    devices: Scattered,
    connectors: Scattered,
    ledgers: Scattered,
    samples: Scattered,
}

impl Pages {
    /// As it is at midnight.
    pub fn of(fleet: &Fleet) -> Self {
        Self {
            devices: Scattered::of_bytes(fleet.piles * DEVICE_ROW),
            connectors: Scattered::of_bytes(fleet.piles * fleet.connectors * CONNECTOR_ROW),
            ledgers: Scattered::of_bytes(fleet.piles * LEDGER_ROW),
            samples: Scattered::of_bytes(0.0),
        }
    }

    /// A checkpoint: all counts anew.
    pub const fn checkpoint(&mut self) {
        self.devices.writes = 0.0;
        self.connectors.writes = 0.0;
        self.ledgers.writes = 0.0;
        self.samples.writes = 0.0;
    }

    /// Bytes of the images that a minute's events put into the log.
    pub fn images(&mut self, events: &Events) -> f64 {
        let hit = self.devices.write(events.total())
            + self.connectors.write(events.reading + events.status)
            + self.ledgers.write(events.start + events.stop)
            + self.samples.write(events.reading);
        self.samples.pages += events.reading * SAMPLE_INDEX / PAGE;
        hit * PAGE_IMAGE
    }
}
