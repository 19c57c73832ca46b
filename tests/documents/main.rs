//! The documents stay current: names in README, CONTRIBUTING and `docs/` exist, links resolve, and
//! examples are valid.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod examples;
mod links;
mod markdown;
mod names;
mod repository;
