//! Parses JSON values into this service's own types. Errors are messages for the caller.

pub use runtime::http::fields::parse::*;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use domain::tariffs::PriceBook;
use serde_json::Value;
use std::ops::RangeInclusive;

/// Parses a time within the years for which prices are supported, with the precision of PostgreSQL
/// (1 µs).
pub fn instant(value: &Value) -> Result<DateTime<Utc>, String> {
    let at = string(value)?.parse::<DateTime<Utc>>().ok();
    // PostgreSQL does not support leap seconds; they become the second after them.
    let at = at.and_then(|at| DateTime::from_timestamp_micros(at.timestamp_micros()));
    at.filter(|at| YEARS.contains(&at.year()))
        .ok_or_else(|| format!("must be an RFC 3339 time from {} to {}", YEARS.start(), YEARS.end()))
}

/// Parses any RFC 3339 time, with the precision of PostgreSQL (1 µs).
pub fn any_instant(value: &Value) -> Result<DateTime<Utc>, String> {
    let at = string(value)?.parse::<DateTime<Utc>>().ok();
    let at = at.and_then(|at| DateTime::from_timestamp_micros(at.timestamp_micros()));
    at.ok_or_else(|| "must be an RFC 3339 time".to_owned())
}

/// Parses a date within the years for which prices are supported.
pub fn date(value: &Value) -> Result<NaiveDate, String> {
    let date = string(value)?.parse::<NaiveDate>().ok().filter(|date| YEARS.contains(&date.year()));
    date.ok_or_else(|| format!("must be a date (YYYY-MM-DD) from {} to {}", YEARS.start(), YEARS.end()))
}

/// The years for which the rules of time zones are known.
const YEARS: RangeInclusive<i32> = PriceBook::YEARS;
