//! Every duplication and every interleaving of a charge point's events leads to the same state as
//! the clean log.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
mod delivery;
mod energy;
mod fixture;
mod sessions;
