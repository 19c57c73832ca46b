//! Many stations and piles at once, on a real Postgres.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, that is how it fails")]

mod piles;
mod races;
mod said;
mod stations;
