//! Fault injection: ingestors are killed, frozen and deprived of their leases, servers are
//! restarted, connections are cut. Then the state in PostgreSQL is compared with what was sent:
//! every effect is written once, and nothing is lost.
//!
//! This is not part of the product. The campaign (`make chaos`) has its own servers; the tests use
//! the same [`environment`], [`faults`] and [`verdict`] on the shared ones.

// An optimised build computes the layout of the Kafka client's deeply nested futures here.
#![recursion_limit = "256"]

mod broker_requests;
pub mod campaign;
pub mod database_audit;
pub mod environment;
pub mod faults;
pub mod fleet;
pub mod lag;
pub mod markers;
pub mod output;
pub mod own_broker;
pub mod pg_proxy;
pub mod second_broker;
pub mod stack;
pub mod traffic;
pub mod verdict;
mod waiting;
