//! The reliability ledger: the worked examples of `docs/reliability.md`, and what holds for any
//! history.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod closing;
mod examples;
mod fixture;
mod places;
mod properties;
