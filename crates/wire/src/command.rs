//! Commands, which the platform sends on `commands-down`.

mod json;
mod protobuf;

pub use protobuf::encode_command_protobuf;

use crate::error::DecodeError;
use crate::record::{Body, CONTENT_TYPE, JSON, RawRecord, TRACEPARENT};
use domain::commands::Command;

/// A command as a Kafka record; [`crate::routing`] determines its partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedCommand {
    /// The record's key: the charge point id.
    pub key: String,
    /// The record's value.
    pub value: Vec<u8>,
    /// The record's headers.
    pub headers: Vec<(&'static str, String)>,
}

impl EncodedCommand {
    fn new(command: &Command, value: Vec<u8>, content_type: &str) -> Self {
        let headers = vec![(CONTENT_TYPE, content_type.to_owned())];
        Self { key: command.charge_point_id.to_string(), value, headers }
    }

    /// Adds the W3C trace context under which the command is published.
    #[must_use]
    pub fn with_traceparent(mut self, traceparent: impl Into<String>) -> Self {
        self.headers.push((TRACEPARENT, traceparent.into()));
        self
    }
}

/// Encodes a command in the contract's JSON, which every gateway reads.
#[must_use]
pub fn encode_command(command: &Command) -> EncodedCommand {
    EncodedCommand::new(command, json::encode(command), JSON)
}

/// Decodes a command as a gateway would, in the form that the record's `content-type` names.
///
/// # Errors
/// The record is not a command of the contract.
pub fn decode_command(record: &RawRecord<'_>) -> Result<Command, DecodeError> {
    match record.body()? {
        Body::Json(bytes) => json::decode(bytes),
        Body::Protobuf(bytes) => protobuf::decode(bytes),
    }
}
