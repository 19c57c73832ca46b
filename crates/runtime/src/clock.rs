//! The one place that reads the wall clock, so that everything else takes time as an argument.

use chrono::{DateTime, Utc};

/// The current time in UTC, by this machine's clock.
#[expect(clippy::disallowed_methods, reason = "this is the edge from which all other code is given its time")]
#[must_use]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}
