//! Fields that several commands share, and the collection of their errors.

use domain::ids::ConnectorId;
use domain::text::InvalidText;
use runtime::problem::FieldError;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};

/// Parses a field that is required.
pub(crate) fn required<R, T>(
    field: &str,
    raw: Option<R>,
    parse: impl FnOnce(R) -> Result<T, FieldError>,
) -> Result<T, FieldError> {
    raw.ok_or_else(|| FieldError::new(field, "is required")).and_then(parse)
}

/// Parses a required text.
pub(crate) fn required_text<T>(
    field: &str,
    raw: Option<String>,
    parse: impl FnOnce(&str) -> Result<T, InvalidText>,
) -> Result<T, FieldError> {
    required(field, raw, |raw| parse(&raw).map_err(|error| FieldError::new(field, error.to_string())))
}

/// Parses a required field as one of the words that serde knows for the variants of `T`.
pub(crate) fn required_word<T: DeserializeOwned>(field: &str, raw: Option<String>) -> Result<T, FieldError> {
    required(field, raw, |raw| {
        let word: StrDeserializer<'_, serde::de::value::Error> = raw.as_str().into_deserializer();
        T::deserialize(word).map_err(|error| FieldError::new(field, error.to_string()))
    })
}

/// Parses a connector id from 1 on; 0, the pile as a whole, is invalid.
pub(crate) fn one_connector(raw: i64) -> Result<ConnectorId, FieldError> {
    connector(raw, 1)
}

/// Parses a connector id, or 0 for the pile as a whole.
pub(crate) fn any_connector(raw: i64) -> Result<ConnectorId, FieldError> {
    connector(raw, 0)
}

fn connector(raw: i64, least: u16) -> Result<ConnectorId, FieldError> {
    ConnectorId::parse(raw).ok().filter(|id| id.number() >= least).ok_or_else(|| {
        let message = format!("must be between {least} and {}", ConnectorId::MAX);
        FieldError::new("connectorId", message)
    })
}

/// Both values, or the errors of either.
pub(crate) fn both<A, B>(
    a: Result<A, FieldError>,
    b: Result<B, FieldError>,
) -> Result<(A, B), Vec<FieldError>> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => Err(a.err().into_iter().chain(b.err()).collect()),
    }
}
