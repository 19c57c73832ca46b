//! The only place that reads the wall clock; all other code takes the time as an argument.

use chrono::{DateTime, Utc};

/// The current time in UTC, by this machine's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the only read of the wall clock; other code takes the time as an argument"
)]
#[must_use]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}
