//! An upgrade without downtime, with the binaries of the previous release: it continues to work
//! while this release's migrations are applied and afterwards, and every service is replaced,
//! restarted and rolled back, replica by replica, under load.
//!
//! The previous release must be built first, so this test does not run with the others: `make
//! upgrade-check` builds it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod balancer;
mod callers;
mod commands;
mod deployment;
mod ingestors;
mod release;
mod replica;
mod story;
