//! Silent gateways, probes of devices, and their consequences, in a real PostgreSQL.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod commands;
mod devices;
mod fixture;
mod gateways;
