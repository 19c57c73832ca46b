//! Whether both HTTP services keep the contract of their OpenAPI documents, as checked by
//! third-party tools: one sends valid and invalid requests, and one generates a client from a
//! document.
//!
//! The tools need Python, so these tests do not run with the others: `make contract` installs the
//! tools and runs them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod client;
mod fixture;
mod fuzzing;
mod tools;
