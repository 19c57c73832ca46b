//! What was measured, all in one place: `docs/scaling.md` says by which command, on what, and when.

use crate::kinds::ByKind;

/// What one event comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Bytes of its record in Kafka, once, before compression: value, key, headers.
    pub record: f64,
    /// Rows inserted, updated or deleted.
    pub rows: f64,
    /// Bytes of write-ahead log, without images of pages.
    pub log: f64,
    /// Bytes of tables and indexes that grow with time: samples, histories, sessions.
    pub lasting: f64,
    /// Bytes of the feed of changes, which are kept for three days.
    pub feed: f64,
}

const fn cost(record: f64, rows: f64, log: f64, lasting: f64, feed: f64) -> Cost {
    Cost { record, rows, log, lasting, feed }
}

/// By `bench weigh`, in batches of 200 devices. What the first meter values of a session cost more than others, because the ledger
/// takes the transaction's id in, is counted with its start.
pub const EVENTS: ByKind<Cost> = ByKind {
    heartbeat: cost(272.0, 1.0, 221.0, 0.0, 0.0),
    reading: cost(691.0, 3.0, 689.0, 176.0, 0.0),
    status: cost(310.0, 3.0, 1_176.0, 137.0, 264.0),
    start: cost(362.0, 5.0, 3_460.0 + 2_193.0, 179.0, 440.0),
    stop: cost(337.0, 3.0, 3_213.0, 169.0, 485.0),
    hello: cost(373.0, 2.0, 714.0, 111.0, 209.0),
    goodbye: cost(300.0, 2.0, 975.0, 106.0, 209.0),
};

/// Bytes that stay the same however long it runs, with indexes: a device's row, and a connector's, by `bench weigh`.
pub const DEVICE_ROW: f64 = 319.0;
/// See [`DEVICE_ROW`].
pub const CONNECTOR_ROW: f64 = 258.0;
/// A device's ledger, which remembers eight sessions.
pub const LEDGER_ROW: f64 = 2_093.0;
/// Of a sample's lasting bytes those in the index, whose pages are written to all over.
pub const SAMPLE_INDEX: f64 = 66.0;

/// Rows that a core of `PostgreSQL` writes in a second: half of the floor of `docs/benchmarks.md` (56,399 rows/s, in batches of
/// 219), whose two cores also carried who wrote.
pub const ROWS_PER_CORE: f64 = 28_200.0;
/// Seconds of an ingestor's CPU for an event, at 26,250/s, same place.
pub const INGESTOR_S: f64 = 13.2e-6;
/// Events that one ingestor was seen to sustain, same place.
pub const REPLICA: f64 = 26_250.0;
/// A page of `PostgreSQL`, and what of it an image in the log holds: the free part is left out. Reckoned, not measured.
pub const PAGE: f64 = 8_192.0;
/// See [`PAGE`].
pub const PAGE_IMAGE: f64 = 5_700.0;
/// Bytes of memory for a `conn:` key in Redis with its time to live: `used_memory` of Redis 7.0 with a million of them.
pub const ROUTE: f64 = 160.0;
