//! The reliability ledger in a real PostgreSQL: days are computed once each, again after late facts and
//! exclusions, and belong to the operator of their time.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod exclusions;
mod fixture;
mod places;
mod retention;
mod roll_up;
mod totals;
