//! Retention in a real PostgreSQL: every table has a bound, and old rows go without those that are
//! needed.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod commands;
mod devices;
mod fixture;
mod sessions;
mod tables;
