//! Why a record cannot be decoded: the reasons that dead letters show.

use crate::limits::MAX_RECORD_BYTES;
use std::fmt;

/// Why a record cannot be decoded. The message names the field and is suitable for operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The record has no value or an empty one.
    #[error("the record has no value")]
    Empty,
    /// The value is longer than [`RawRecord::MAX_BYTES`](crate::RawRecord::MAX_BYTES).
    #[error("the value has {bytes} bytes, more than {max}", max = MAX_RECORD_BYTES)]
    TooLarge {
        /// The length of the value.
        bytes: usize,
    },
    /// The `content-type` header names neither JSON nor protobuf.
    #[error("content type {content_type} is neither application/json nor application/x-protobuf")]
    UnsupportedContentType {
        /// The header's value, quoted and shortened.
        content_type: String,
    },
    /// The value is not one JSON object in UTF-8.
    #[error("not a JSON object: {message}")]
    NotJson {
        /// The error and its position.
        message: String,
    },
    /// The value is not the binary form of the message.
    #[error("not the protobuf message: {message}")]
    NotProtobuf {
        /// The error.
        message: String,
    },
    /// The event has no type.
    #[error("eventType is missing")]
    MissingEventType,
    /// The event or command names no charge point.
    #[error("chargePointId is missing")]
    MissingChargePoint,
    /// A field has an invalid value, or a required one is missing.
    #[error("{path} {message}")]
    InvalidField {
        /// The path of the field, in the spelling of the JSON form:
        /// `payload.meterValues[0].timestamp`.
        path: String,
        /// The error: `must be …`.
        message: String,
    },
}

impl DecodeError {
    /// All reasons.
    pub const REASONS: [&'static str; 8] = [
        "EMPTY",
        "TOO_LARGE",
        "UNSUPPORTED_CONTENT_TYPE",
        "NOT_JSON",
        "NOT_PROTOBUF",
        "MISSING_EVENT_TYPE",
        "MISSING_CHARGE_POINT",
        "INVALID_FIELD",
    ];

    /// The stable name of the reason, for metrics and dead letters.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Empty => "EMPTY",
            Self::TooLarge { .. } => "TOO_LARGE",
            Self::UnsupportedContentType { .. } => "UNSUPPORTED_CONTENT_TYPE",
            Self::NotJson { .. } => "NOT_JSON",
            Self::NotProtobuf { .. } => "NOT_PROTOBUF",
            Self::MissingEventType => "MISSING_EVENT_TYPE",
            Self::MissingChargePoint => "MISSING_CHARGE_POINT",
            Self::InvalidField { .. } => "INVALID_FIELD",
        }
    }
}

/// A field with an invalid value; each enclosing object extends the path.
#[derive(Debug)]
pub(crate) struct FieldError {
    path: String,
    message: String,
}

impl FieldError {
    /// `field` has the error in `message`.
    pub(crate) fn new(field: &str, message: impl fmt::Display) -> Self {
        Self { path: field.to_owned(), message: message.to_string() }
    }

    /// `field` is required and missing.
    pub(crate) fn missing(field: &str) -> Self {
        Self::new(field, "is missing")
    }

    /// The same error, seen from the object that contains `field`.
    pub(crate) fn within(self, field: impl fmt::Display) -> Self {
        Self { path: format!("{field}.{}", self.path), ..self }
    }
}

impl From<FieldError> for DecodeError {
    fn from(FieldError { path, message }: FieldError) -> Self {
        Self::InvalidField { path, message }
    }
}

/// The beginning of a received text, quoted and with escaped control characters, for messages.
pub(crate) fn quoted(raw: &str) -> String {
    const SHOWN_CHARS: usize = 40;
    let shown: String = raw.chars().take(SHOWN_CHARS).collect();
    let more = if shown.len() < raw.len() { "…" } else { "" };
    format!("{shown:?}{more}")
}
