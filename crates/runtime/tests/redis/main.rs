//! Redis through the runtime, against real servers: a single one, a sentinel group, a cluster.

#![expect(clippy::unwrap_used, reason = "what helpers of a test cannot do fails the test")]

mod client;
mod cluster;
mod sentinels;
mod server;
