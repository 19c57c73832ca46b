//! Replicas against real servers: records in, rows out.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod anonymous;
mod bad_input;
mod clocks;
mod database_faults;
mod events;
mod evidence;
mod fixture;
mod groups;
mod halted;
mod issues;
mod lost;
mod meters;
mod presence;
mod reliability;
mod retention;
mod samples;
mod sharing;
mod undisturbed;
mod unreadable;
