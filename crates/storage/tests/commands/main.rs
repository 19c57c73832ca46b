//! Commands in a real PostgreSQL: their context, and their outcomes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contexts;
mod fixture;
mod limits;
mod log;
mod outcomes;
mod published;
mod recording;
mod starts_in_flight;
mod waiting;
