//! Replicas on the real stack: records in, rows out.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, that is how it fails")]

mod anonymous;
mod bad_input;
mod clocks;
mod database_faults;
mod events;
mod evidence;
mod ground;
mod halted;
mod lost;
mod presence;
mod samples;
mod sharing;
mod unreadable;
