//! Tariffs, the versions of their prices and what they are bound to, on a real Postgres.

#![expect(clippy::unwrap_used, reason = "a test may panic, that is how it fails")]

mod activation;
mod bindings;
mod book;
mod ground;
mod tariffs;
mod versions;
