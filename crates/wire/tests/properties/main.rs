//! What holds for every event, every command and every sequence of bytes.

#![expect(clippy::unwrap_used, reason = "a test may panic, that is how it fails")]

mod feed;
mod generate;
mod iso_8601;
mod round_trip;
mod survival;
