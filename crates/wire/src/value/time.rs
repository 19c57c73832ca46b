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
mod tests {
    use super::*;

    fn read(raw: &str) -> String {
        match from_text(raw) {
            Ok(Some(time)) => time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
            Ok(None) => "none".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_form_of_the_contract_is_read() {
        assert_eq!(read("2024-08-03T08:29:59Z"), "2024-08-03T08:29:59Z");
        assert_eq!(read("2024-08-03T16:29:59.123456789+08:00"), "2024-08-03T08:29:59.123456Z");
        assert_eq!(read("2024-08-03t08:29:59.5z"), "2024-08-03T08:29:59.500Z");
        assert_eq!(read("2024-08-03T08:29:59"), "2024-08-03T08:29:59Z");
        assert_eq!(read("2026-11-28 14:22:19+02"), "2026-11-28T12:22:19Z");
        assert_eq!(read("1722673799000"), "2024-08-03T08:29:59Z");
        assert_eq!(read(" "), "none");
    }

    #[test]
    fn accepts_the_times_of_wrong_clocks() {
        assert_eq!(read("0"), "1970-01-01T00:00:00Z");
        assert_eq!(read("1970-01-01T00:00:00+08:00"), "1969-12-31T16:00:00Z");
        assert_eq!(read("2099-01-01T00:00:00Z"), "2099-01-01T00:00:00Z");
    }

    #[test]
    fn gos_zero_time_is_absent() {
        assert_eq!(read("0001-01-01T00:00:00Z"), "none");
        assert_eq!(read("-62135596800000"), "none");
    }

    #[test]
    fn rejects_an_invalid_time() {
        let range = "must be a time between the years 1900 and 9999";
        assert_eq!(read("yesterday"), r#"must be a time, not "yesterday""#);
        assert_eq!(read("9223372036854775807"), range);
        assert_eq!(read("-9223372036854775808"), range);
        assert_eq!(read("0001-01-02T00:00:00Z"), range);
        assert_eq!(read("9999-12-31T23:59:59-01:00"), range);
        assert!(from_millis(i128::MAX).is_err());
        let timestamp = |seconds, nanos| from_timestamp(&prost_types::Timestamp { seconds, nanos });
        assert!(timestamp(i64::MAX, 0).is_err());
        assert!(timestamp(0, -1).is_err());
        assert!(timestamp(0, i32::MAX).is_err());
    }

    #[test]
    fn a_leap_second_is_the_next_second() {
        assert_eq!(read("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00Z");
    }
}
