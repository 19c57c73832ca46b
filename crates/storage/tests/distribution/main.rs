//! What is hot stays within its device: every hot table has `charge_point_id` in its keys, and no hot statement crosses it. That
//! is what a Postgres on several machines asks for; `docs/scaling.md` says what follows from it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, that is how it fails")]

mod halves;
mod keys;
mod plan;
mod plans;
mod story;

/// The hot tables: what a batch of events writes, and reads before that, device by device. A command is recorded in one of them.
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

/// What is written beside them on the hot path, and is not of one device: how far a partition was read, what could not be
/// read, what others are to be told, and what callers named their requests by.
const BESIDE: [&str; 4] = ["dead_letters", "feed_chunks", "idempotency_keys", "ingest_partitions"];

/// Unique indexes of hot tables without the key. Both are of ids that no two devices share: a session's is made from its
/// device, a command's is random. Each half of the devices can keep them unique by itself, but Citus asks for the key in them.
const UNIQUE_WITHOUT_KEY: [&str; 2] = ["commands_pkey", "sessions_pkey"];
