//! Issues in a real PostgreSQL: each change counts once, an outage is one issue, and what callers do is
//! kept.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod baseline;
mod counts;
mod edits;
mod evaluation;
mod feed;
mod fixture;
mod missed;
mod outages;
mod recovery;
mod turned_off;
