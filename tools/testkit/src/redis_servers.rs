//! Redis servers that belong to one test, which may kill and freeze them: single ones, a sentinel
//! group, a cluster. They are in memory only, on loopback only, and stop when their value is
//! dropped, also when the test fails.

mod cluster;
mod sentinels;
mod server;

pub use cluster::RedisCluster;
pub use sentinels::SentinelGroup;
pub use server::RedisServer;
