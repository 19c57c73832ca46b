//! Tariffs: prices and costs, checked by hand-calculated cases and by properties.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod build;
mod checks;
mod components;
mod exchange;
mod generated;
mod golden;
mod properties;
mod quotes;
mod receipts;
mod recorded;
mod resolution;
