//! TLS to real PostgreSQL servers with certificates of the test: what each mode verifies, client
//! certificates, channel binding, and files that are replaced while connections are open.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing test helper fails the test")]

mod fixture;
mod rotation;
mod verification;
