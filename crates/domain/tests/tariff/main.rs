//! Tariffs: what they cost, checked by hand and by properties.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, that is how it fails")]

mod build;
mod checks;
mod exchange;
mod generated;
mod golden;
mod properties;
mod recorded;
mod resolution;
