//! Bulk imports of stations and piles in a real PostgreSQL.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod piles;
mod races;
mod said;
mod stations;
