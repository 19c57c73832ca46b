//! The feed in a real PostgreSQL: no chunk is skipped, and the changes of a device keep their
//! order.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod chunks;
mod fixture;
mod jumps;
mod order;
mod publication;
mod subjects;
