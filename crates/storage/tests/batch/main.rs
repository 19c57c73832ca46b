//! Batches in a real PostgreSQL: the folded state is stored, and only the owner at the right offset
//! may write.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod fixture;
mod groups;
mod leases;
mod long_transactions;
mod replaced_logs;
mod writes;
