//! Faults on purpose: ingestors are killed, frozen and robbed of their leases, servers restarted, connections cut. Then what
//! stands in Postgres is compared with what was sent: every effect once, nothing lost.
//!
//! No part of the product. The campaign (`make chaos`) has servers of its own; the tests use the same [`environment`], [`faults`]
//! and [`verdict`] on the shared ones.

// An optimised build computes the layout of the Kafka client's futures here, which nest deeply.
#![recursion_limit = "256"]

pub mod environment;
pub mod database_audit;
pub mod campaign;
pub mod faults;
pub mod fleet;
pub mod lag;
pub mod markers;
pub mod narrator;
pub mod own_broker;
pub mod pg_proxy;
pub mod second_broker;
pub mod stack;
pub mod traffic;
pub mod verdict;
mod waiting;
mod wire;
