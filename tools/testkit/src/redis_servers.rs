//! Redis servers of a test's own, which it may kill and freeze: single ones, a sentinel group, a cluster. Memory only, loopback
//! only, ended with the value that stands for them, also when the test fails.

mod cluster;
mod sentinels;
mod server;

pub use cluster::RedisCluster;
pub use sentinels::SentinelGroup;
pub use server::RedisServer;
