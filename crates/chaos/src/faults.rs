//! What is done to the ingestors and their servers, one fault each. A fault that did not bite is an error: it proves nothing.

pub mod broker;
pub mod brokers;
pub mod commits;
pub mod freeze;
pub mod kill;
pub mod leases;
pub mod postgres;
