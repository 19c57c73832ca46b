//! Shared test utilities: databases and topics per test, servers per test, clients and builders. A
//! dev-dependency only.
//!
//! Tests fail by panicking, and so do these utilities.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

pub mod auth_bypass;
pub mod certificates;
pub mod collector;
mod database;
mod fault_proxy;
pub mod hostile;
pub mod injection;
pub mod kafka_wire;
mod openapi;
mod ports;
pub mod postgres_server;
pub mod raw_http;
pub mod redis_servers;
mod scopes;
mod silence;
mod stack;
mod topic;
mod waiting;

pub use database::TestDatabase;
pub use fault_proxy::{FaultProxy, ProxyMode};
pub use openapi::{
    openapi_body, openapi_describes_every_property, openapi_faults, openapi_get_paths,
    openapi_has_true_examples, openapi_is_committed, openapi_operation, openapi_query, openapi_resolve,
};
pub use ports::free_port;
pub use scopes::{assert_scopes, jwks_file};
pub use silence::judge_silent_devices;
pub use stack::{environment, kafka_brokers, redis_url, unique};
pub use topic::TestTopic;
pub use waiting::{eventually, eventually_some};
