//! The documents cannot go stale: what README, CONTRIBUTING and `docs/` name exists, links resolve,
//! and examples are what they claim to be.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod examples;
mod links;
mod markdown;
mod names;
mod repository;
