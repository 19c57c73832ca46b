//! Consuming the partitions that a replica leases: reading, folding and writing batches.

pub(crate) mod batch;
pub(crate) mod batch_writer;
pub(crate) mod days;
pub(crate) mod dead_letter_cap;
pub(crate) mod fold;
pub(crate) mod group_commit;
pub(crate) mod partition;
pub(crate) mod replica;
