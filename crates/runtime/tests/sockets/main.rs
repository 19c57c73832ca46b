//! Input at the port: invalid, partial, oversized, slow, or none. The server must keep serving.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod app;
mod malformed;
mod oversized;
mod requests;
mod slow_clients;
