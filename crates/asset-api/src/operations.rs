//! Operation of the platform: the audit, dead letters and partitions.

pub(crate) mod audit;
pub(crate) mod dead_letters;
pub(crate) mod ingest_partitions;
