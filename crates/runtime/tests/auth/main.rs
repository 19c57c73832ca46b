//! Authentication: valid and invalid tokens, scopes, changes of the issuer's keys, and rate limits.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod app;
mod connections;
mod insecure_settings;
mod issuer_keys;
mod operators;
mod rate_limits;
mod tokens;
