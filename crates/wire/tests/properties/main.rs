//! Properties of all events, all commands and all sequences of bytes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod feed;
mod generate;
mod iso_8601;
mod issue;
mod round_trip;
mod survival;
