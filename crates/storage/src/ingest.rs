//! The tables of ingestors: batches, partitions, replicas, dead letters.

pub mod batch;
pub mod dead_letters;
pub(crate) mod load_plan;
pub mod partitions;
pub mod replicas;
mod worker_lease;

pub use worker_lease::WorkerLease;
