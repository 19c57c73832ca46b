//! Parses JSON values into domain types. Errors are messages for the caller.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use domain::tariffs::PriceBook;
use domain::text::InvalidText;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Display;
use std::ops::RangeInclusive;
use uuid::Uuid;

/// Parses a string with the rules of `T`.
pub fn text<T>(parse: fn(&str) -> Result<T, InvalidText>) -> impl Fn(&Value) -> Result<T, String> {
    move |value| parse(text_of(value)?).map_err(|error| error.to_string())
}

/// Parses any string.
pub fn string(value: &Value) -> Result<String, String> {
    text_of(value).map(str::to_owned)
}

/// Parses a time within the years for which prices are supported, with the precision of PostgreSQL
/// (1 µs).
pub fn instant(value: &Value) -> Result<DateTime<Utc>, String> {
    let at = text_of(value)?.parse::<DateTime<Utc>>().ok();
    // PostgreSQL does not support leap seconds; they become the second after them.
    let at = at.and_then(|at| DateTime::from_timestamp_micros(at.timestamp_micros()));
    at.filter(|at| YEARS.contains(&at.year()))
        .ok_or_else(|| format!("must be an RFC 3339 time from {} to {}", YEARS.start(), YEARS.end()))
}

/// Parses a date within the years for which prices are supported.
pub fn date(value: &Value) -> Result<NaiveDate, String> {
    let date = text_of(value)?.parse::<NaiveDate>().ok().filter(|date| YEARS.contains(&date.year()));
    date.ok_or_else(|| format!("must be a date (YYYY-MM-DD) from {} to {}", YEARS.start(), YEARS.end()))
}

/// The years for which the rules of time zones are known.
const YEARS: RangeInclusive<i32> = PriceBook::YEARS;

/// Parses a number.
pub fn number(value: &Value) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| "must be a number".to_owned())
}

/// Parses a whole number within `range`.
pub fn whole<T>(range: RangeInclusive<T>) -> impl Fn(&Value) -> Result<T, String>
where
    T: TryFrom<i64> + PartialOrd + Display,
{
    move |value| {
        let number = value.as_i64().and_then(|number| T::try_from(number).ok());
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
    }
}

/// Parses a Boolean.
pub fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "must be true or false".to_owned())
}

/// Parses a number or Boolean that a query contains as text.
pub fn in_query<T>(parse: impl Fn(&Value) -> Result<T, String>) -> impl Fn(&Value) -> Result<T, String> {
    move |value| parse(&value.as_str().and_then(|text| text.parse().ok()).unwrap_or_default())
}

/// Parses a type that implements `Deserialize`.
pub fn form<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}

/// Parses a UUID.
pub fn uuid(value: &Value) -> Result<Uuid, String> {
    Uuid::try_parse(text_of(value)?).map_err(|_malformed| "must be a UUID".to_owned())
}

/// Parses one of the values `all`, which `word` names.
pub fn one_of<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> impl Fn(&Value) -> Result<T, String> {
    move |value| {
        let given = text_of(value)?;
        let meant = all.iter().copied().find(|candidate| word(*candidate) == given);
        meant.ok_or_else(|| {
            let words: Vec<_> = all.iter().copied().map(word).collect();
            format!("must be one of {}", words.join(", "))
        })
    }
}

fn text_of(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "must be a string".to_owned())
}
