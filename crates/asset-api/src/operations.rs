//! Operation of the ingest: dead letters and partitions.

pub(crate) mod dead_letters;
pub(crate) mod ingest_partitions;
