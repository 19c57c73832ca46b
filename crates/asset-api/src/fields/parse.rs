//! From JSON values to domain types; a message fit for the caller otherwise.

use domain::text::InvalidText;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Display;
use std::ops::RangeInclusive;
use uuid::Uuid;

/// Reads a text by the rules of `T`.
pub fn text<T>(parse: fn(&str) -> Result<T, InvalidText>) -> impl Fn(&Value) -> Result<T, String> {
    move |value| parse(string(value)?).map_err(|error| error.to_string())
}

/// Reads a number.
pub fn number(value: &Value) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| "must be a number".to_owned())
}

/// Reads a whole number within `range`.
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

/// Reads true or false.
pub fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "must be true or false".to_owned())
}

/// Reads a number, true or false where they are written as text: in a query.
pub fn in_query<T>(parse: impl Fn(&Value) -> Result<T, String>) -> impl Fn(&Value) -> Result<T, String> {
    move |value| parse(&value.as_str().and_then(|text| text.parse().ok()).unwrap_or_default())
}

/// Reads what has a form of its own in JSON.
pub fn form<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}

/// Reads a UUID.
pub fn uuid(value: &Value) -> Result<Uuid, String> {
    Uuid::try_parse(string(value)?).map_err(|_malformed| "must be a UUID".to_owned())
}

/// Reads one of a few words.
pub fn one_of<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> impl Fn(&Value) -> Result<T, String> {
    move |value| {
        let given = string(value)?;
        let meant = all.iter().copied().find(|candidate| word(*candidate) == given);
        meant.ok_or_else(|| {
            let words: Vec<_> = all.iter().copied().map(word).collect();
            format!("must be one of {}", words.join(", "))
        })
    }
}

fn string(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "must be a string".to_owned())
}
