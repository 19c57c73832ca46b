//! Tariffs, the versions of their prices and their bindings, in a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activation;
mod bindings;
mod book;
mod fixture;
mod tariffs;
mod versions;
