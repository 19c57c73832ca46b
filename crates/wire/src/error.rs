//! Why a record cannot be decoded: the reasons that a dead letter shows.

use crate::record::RawRecord;
use std::fmt;

/// Why a record cannot be decoded. The message names the field and is fit to be shown to an operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The record has no value, or one of no bytes.
    #[error("the record has no value")]
    Empty,
    /// The value is longer than [`RawRecord::MAX_BYTES`].
    #[error("the value has {bytes} bytes, more than {max}", max = RawRecord::MAX_BYTES)]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The `content-type` header names a form that is neither JSON nor protobuf.
    #[error("content type {content_type} is neither application/json nor application/x-protobuf")]
    UnsupportedContentType {
        /// What the header says, quoted and shortened.
        content_type: String,
    },
    /// The value is not one JSON object in UTF-8.
    #[error("not a JSON object: {message}")]
    NotJson {
        /// What is wrong, and where.
        message: String,
    },
    /// The value is not the binary form of the message.
    #[error("not the protobuf message: {message}")]
    NotProtobuf {
        /// What is wrong.
        message: String,
    },
    /// An event that does not say what happened.
    #[error("eventType is missing")]
    MissingEventType,
    /// An event or command of no charge point.
    #[error("chargePointId is missing")]
    MissingChargePoint,
    /// A field holds what it cannot hold, or a required one is missing.
    #[error("{path} {message}")]
    InvalidField {
        /// Where, in the JSON form's spelling: `payload.meterValues[0].timestamp`.
        path: String,
        /// What is wrong with it: `must be …`.
        message: String,
    },
}

impl DecodeError {
    /// Every reason, for whoever has to list them.
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

    /// The reason as a word that never changes, for metrics and for the dead letters.
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

/// A field that holds what it cannot hold; the path grows on the way out.
#[derive(Debug)]
pub(crate) struct FieldError {
    path: String,
    message: String,
}

impl FieldError {
    /// `field` is wrong in the way that `message` says.
    pub(crate) fn new(field: &str, message: impl fmt::Display) -> Self {
        Self { path: field.to_owned(), message: message.to_string() }
    }

    /// `field` is required and absent.
    pub(crate) fn missing(field: &str) -> Self {
        Self::new(field, "is missing")
    }

    /// The same, seen from the object that holds `field`.
    pub(crate) fn within(self, field: impl fmt::Display) -> Self {
        Self { path: format!("{field}.{}", self.path), ..self }
    }
}

impl From<FieldError> for DecodeError {
    fn from(FieldError { path, message }: FieldError) -> Self {
        Self::InvalidField { path, message }
    }
}

/// The beginning of what was sent, quoted and with control characters escaped, to be shown in a message.
pub(crate) fn quoted(raw: &str) -> String {
    const SHOWN_CHARS: usize = 40;
    let shown: String = raw.chars().take(SHOWN_CHARS).collect();
    let more = if shown.len() < raw.len() { "…" } else { "" };
    format!("{shown:?}{more}")
}
