//! The simulator on the real stack: what it writes to Redis and Kafka, and how it handles commands.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod awkward;
mod check;
mod command_kinds;
mod commands;
mod deployed;
mod events;
mod harness;
mod keys;
mod load;
mod refusals;
mod sample;
