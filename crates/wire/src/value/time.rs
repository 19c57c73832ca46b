//! Instants: ISO 8601, or epoch milliseconds as text or number.

mod iso_8601;

use super::{InvalidValue, text};
use chrono::{DateTime, Datelike, Utc};
use std::ops::RangeInclusive;

/// The accepted years. A clock may be wrong (1970, 2099), which is for the domain to judge. A time
/// outside this range is invalid, and some lower layer could not represent it.
const YEARS: RangeInclusive<i32> = 1900..=9999;

/// Go's `time.Time{}`, 0001-01-01T00:00:00Z in Unix seconds: the value that a gateway in Go sends
/// for an unset time.
const GO_ZERO_TIME: i64 = -62_135_596_800;

/// Parses any of the contract's forms; `None` if the text is blank or an unset time.
///
/// A time without an offset, which OCPP devices do send, is interpreted as UTC, as OCPP requires.
pub(crate) fn from_text(raw: &str) -> Result<Option<DateTime<Utc>>, InvalidValue> {
    let trimmed = text::trimmed(raw);
    if trimmed.is_empty() {
        return Ok(None);
    }
    if let Ok(millis) = trimmed.parse::<i64>() {
        return from_millis(millis.into());
    }
    iso_8601::parse(trimmed).map_or_else(|| Err(InvalidValue::not("a time", raw)), sane)
}

/// The instant `millis` after (or before) the start of 1970.
pub(crate) fn from_millis(millis: i128) -> Result<Option<DateTime<Utc>>, InvalidValue> {
    i64::try_from(millis)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .map_or_else(|| Err(out_of_range()), sane)
}

/// The instant of a protobuf timestamp.
pub(crate) fn from_timestamp(
    timestamp: &prost_types::Timestamp,
) -> Result<Option<DateTime<Utc>>, InvalidValue> {
    u32::try_from(timestamp.nanos)
        .ok()
        .and_then(|nanos| DateTime::from_timestamp(timestamp.seconds, nanos))
        .map_or_else(|| Err(out_of_range()), sane)
}

/// The protobuf timestamp of an instant.
pub(crate) fn to_timestamp(time: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(i32::MAX);
    prost_types::Timestamp { seconds: time.timestamp(), nanos }
}

/// Accepts an instant within the accepted years, truncated to microseconds: the precision of the
/// database, so that an instant compares the same before and after it is stored.
fn sane(time: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, InvalidValue> {
    if time.timestamp() == GO_ZERO_TIME {
        return Ok(None);
    }
    let micros = DateTime::from_timestamp_micros(time.timestamp_micros());
    micros.filter(|time| YEARS.contains(&time.year())).map(Some).ok_or_else(out_of_range)
}

fn out_of_range() -> InvalidValue {
    InvalidValue(format!("must be a time between the years {} and {}", YEARS.start(), YEARS.end()))
}

#[cfg(test)]
mod tests;
