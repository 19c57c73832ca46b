//! An upgrade without downtime, with the programs of the previous release: it goes on working while this release's migrations are
//! applied and after, and every service is replaced, restarted and taken back, replica by replica, under load.
//!
//! The previous release must be built first, so this test is not run with the others: `make upgrade-check` builds it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic, that is how it fails"
)]

mod balancer;
mod callers;
mod commands;
mod deployment;
mod ghosts;
mod ingestors;
mod release;
mod replica;
mod story;
