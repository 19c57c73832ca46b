//! Command batches in a real PostgreSQL: which replica carries them out, and which outcome of a
//! pile is recorded.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod cancel;
mod fixture;
mod items;
mod leases;
mod list;
mod selection;
