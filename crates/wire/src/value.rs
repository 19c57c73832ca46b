//! Converts single values from any form in which they are sent to the domain's types; shared by
//! JSON and protobuf.

pub(crate) mod connector_id;
pub(crate) mod number;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod transaction_id;
pub(crate) mod vocabulary;

pub(crate) use vocabulary::same_name;

/// The error of a value; follows the field's name in a message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct InvalidValue(pub(crate) String);

impl InvalidValue {
    /// The value does not even have the kind of `wanted`.
    pub(crate) fn is_not(wanted: &str) -> Self {
        Self(format!("must be {wanted}"))
    }

    /// The text `raw` is not `wanted`.
    pub(crate) fn not(wanted: &str, raw: &str) -> Self {
        Self(format!("must be {wanted}, not {}", crate::error::quoted(raw)))
    }
}
