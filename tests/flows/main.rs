//! Whole flows on the real stack.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod brokers;
mod cells;
mod chaos;
mod deployed;
mod exactly_once;
mod failover;
mod feed;
mod fleet;
mod metrics;
mod observability;
mod prepaid;
mod presence;
mod promql;
mod publishing;
mod recovery;
mod server_faults;
mod services;
mod sessions;
mod shutdown;
mod station;
mod station_map;
mod story;
mod traces;
