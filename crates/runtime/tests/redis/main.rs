//! The Redis client against real servers: a single one, a sentinel group, a cluster.

#![expect(clippy::unwrap_used, reason = "a failing test helper fails the test")]

mod client;
mod cluster;
mod encrypted;
mod sentinels;
mod server;
