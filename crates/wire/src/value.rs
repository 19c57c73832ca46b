//! Single values, from any form that they are sent in to the domain's own; shared by JSON and protobuf.

pub(crate) mod connector_id;
pub(crate) mod number;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod transaction_id;
pub(crate) mod vocabulary;

pub(crate) use vocabulary::same_name;

/// What is wrong with a value; goes after the field's name in a message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unusable(pub(crate) String);

impl Unusable {
    /// It is not `wanted`, and not even of that kind.
    pub(crate) fn is_not(wanted: &str) -> Self {
        Self(format!("must be {wanted}"))
    }

    /// `raw` is not `wanted`.
    pub(crate) fn not(wanted: &str, raw: &str) -> Self {
        Self(format!("must be {wanted}, not {}", crate::error::quoted(raw)))
    }
}
