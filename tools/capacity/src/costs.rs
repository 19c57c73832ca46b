//! Measured costs, the inputs of the model. `docs/scaling.md` names the command, the machine and
//! the date of each measurement.

use crate::per_kind::PerKind;

/// The cost of one event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Bytes of its record in one copy in Kafka, before compression: value, key, headers.
    pub record_bytes: f64,
    /// Rows inserted, updated or deleted.
    pub rows: f64,
    /// Bytes of write-ahead log, without page images.
    pub log_bytes: f64,
    /// Bytes of tables and indexes that grow with time: samples, histories, sessions.
    pub table_bytes: f64,
    /// Bytes of the feed, which is kept for three days.
    pub feed_bytes: f64,
}

const fn cost(record_bytes: f64, rows: f64, log_bytes: f64, table_bytes: f64, feed_bytes: f64) -> Cost {
    Cost { record_bytes, rows, log_bytes, table_bytes, feed_bytes }
}

/// Measured by `capacity measure`, in batches of 200 devices. The first meter values of a session
/// cost more than later ones, because they enter the ledger; `started` includes the difference.
pub const EVENTS: PerKind<Cost> = PerKind {
    heartbeat: cost(272.0, 1.0, 221.0, 0.0, 0.0),
    meter_values: cost(691.0, 3.0, 689.0, 176.0, 0.0),
    status_changed: cost(310.0, 3.0, 1_176.0, 137.0, 264.0),
    started: cost(362.0, 5.0, 3_460.0 + 2_193.0, 179.0, 440.0),
    stopped: cost(337.0, 3.0, 3_213.0, 169.0, 485.0),
    connected: cost(373.0, 2.0, 714.0, 111.0, 209.0),
    disconnected: cost(300.0, 2.0, 975.0, 106.0, 209.0),
};

/// Bytes of a device's row with its indexes, by `capacity measure`. Does not grow with time.
pub const DEVICE_BYTES: f64 = 319.0;
/// Bytes of a connector's row with its indexes. Does not grow with time.
pub const CONNECTOR_BYTES: f64 = 258.0;
/// Bytes of a device's ledger with its indexes; it remembers eight sessions.
pub const LEDGER_BYTES: f64 = 2_093.0;
/// Bytes of a sample in its index, part of its `table_bytes`. Writes hit random pages of this
/// index.
pub const SAMPLE_INDEX_BYTES: f64 = 66.0;

/// Rows per second that a core of PostgreSQL writes: half of the floor of `docs/benchmarks.md`
/// (56,399 rows/s, in batches of 219), whose two cores also carried the writer.
pub const ROWS_PER_CORE_S: f64 = 28_200.0;
/// CPU seconds of an ingestor per event, at 26,250 events/s, from the same run.
pub const INGESTOR_CPU_S: f64 = 13.2e-6;
/// Events per second that one ingestor sustained in the same run.
pub const EVENTS_PER_INGESTOR_S: f64 = 26_250.0;
/// Bytes of a page of PostgreSQL.
pub const PAGE_BYTES: f64 = 8_192.0;
/// Bytes of a page image in the write-ahead log, which leaves out the free part of the page.
/// Estimated, not measured.
pub const PAGE_IMAGE_BYTES: f64 = 5_700.0;
/// Bytes of memory of a `conn:` key with an expiry in Redis: `used_memory` of Redis 7.0 with a
/// million of them.
pub const ROUTE_KEY_BYTES: f64 = 160.0;
