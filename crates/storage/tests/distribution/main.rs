//! Hot data stays within its device: every hot table has `charge_point_id` in its keys, and no hot
//! statement crosses devices. A PostgreSQL distributed over several machines requires this; see
//! `docs/scaling.md`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod clocks;
mod halves;
mod keys;
mod plan;
mod plans;
mod story;

/// The hot tables: those that a batch of events reads and writes by device. A command is recorded
/// in one of them.
const HOT: [&str; 8] = [
    "charge_points",
    "commands",
    "connectors",
    "device_probes",
    "meter_samples",
    "session_ledgers",
    "sessions",
    "status_changes",
];

/// Tables that are also written on the hot path, but not by device: the progress of partitions,
/// dead letters, the feed, idempotency keys, and the limits that starts set.
const COMPANIONS: [&str; 5] =
    ["dead_letters", "feed_chunks", "idempotency_keys", "ingest_partitions", "session_limits"];

/// Unique indexes of hot tables without the device. No two devices share these ids: a session's is
/// derived from its device, a command's is random. Each half of the devices can keep them unique by
/// itself, but Citus requires the key in them.
const UNIQUE_WITHOUT_KEY: [&str; 2] = ["commands_pkey", "sessions_pkey"];
