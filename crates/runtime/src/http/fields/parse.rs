//! Parses JSON values. Errors are messages for the caller.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use serde_json::Value;
use std::fmt::Display;
use std::ops::RangeInclusive;
use uuid::Uuid;

/// Parses a string with the rules of `T`.
pub fn text<T, E: Display>(parse: fn(&str) -> Result<T, E>) -> impl Fn(&Value) -> Result<T, String> {
    move |value| parse(text_of(value)?).map_err(|error| error.to_string())
}

/// Parses any string.
///
/// # Errors
/// When it is not a string.
pub fn string(value: &Value) -> Result<String, String> {
    text_of(value).map(str::to_owned)
}

/// Parses a number.
///
/// # Errors
/// When it is not a number.
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
///
/// # Errors
/// When it is not a Boolean.
pub fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "must be true or false".to_owned())
}

/// Parses a number or Boolean that a query contains as text.
pub fn in_query<T>(parse: impl Fn(&Value) -> Result<T, String>) -> impl Fn(&Value) -> Result<T, String> {
    move |value| parse(&value.as_str().and_then(|text| text.parse().ok()).unwrap_or_default())
}

/// Parses a type that implements `Deserialize`.
///
/// # Errors
/// When it does not have the form of `T`.
pub fn form<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}

/// Parses a UUID.
///
/// # Errors
/// When it is not a UUID.
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

/// Parses one of the words that serde knows for the variants of `T`.
///
/// # Errors
/// When it is not a string, or not one of these words.
pub fn word<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    let word: StrDeserializer<'_, serde::de::value::Error> = text_of(value)?.into_deserializer();
    T::deserialize(word).map_err(|error| error.to_string())
}

fn text_of(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "must be a string".to_owned())
}
