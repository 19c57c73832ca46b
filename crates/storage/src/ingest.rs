//! The tables of ingestors: batches, partitions, replicas, dead letters.

pub mod batch;
pub mod dead_letters;
pub(crate) mod load_plan;
pub mod partitions;
pub mod replicas;
