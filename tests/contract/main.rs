//! Whether both HTTP services keep the contract that their OpenAPI documents make, as tools of other people's see it: one that
//! sends all that a document allows and much that it does not, and one that makes a client of a document.
//!
//! The tools are Python's, so these tests are not run with the others: `make contract` sets them up and runs them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic, that is how it fails"
)]

mod client;
mod fuzzing;
mod ground;
mod tools;
