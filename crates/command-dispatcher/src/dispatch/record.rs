//! A command as a Kafka record, and its OCPP body in the form that the database stores.

use chrono::{DateTime, Utc};
use domain::commands::Command;
use runtime::kafka::NewRecord;
use serde::Deserialize;
use serde_json::{Value, json};
use storage::commands::RecordedCommand;
use wire::{DecodeError, RawRecord};

/// An encoded command.
#[derive(Debug)]
pub(crate) struct OutgoingCommand {
    /// The record; its trace context is added when it is sent.
    pub(crate) record: NewRecord,
    /// The OCPP request body, taken from the record: the database stores what was sent.
    pub(crate) payload: Value,
}

/// Why a recorded command cannot be encoded again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotEncoded {
    #[error("the recorded command does not match the gateway contract")]
    Invalid(#[from] DecodeError),
    #[error("the recorded command cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Envelope {
    payload: Value,
}

impl OutgoingCommand {
    /// Encodes `command` as a record with the timestamp `timestamp`.
    pub(crate) fn encode(command: &Command, timestamp: DateTime<Utc>) -> Result<Self, serde_json::Error> {
        let encoded = wire::encode_command(command);
        let Envelope { payload } = serde_json::from_slice(&encoded.value)?;
        let headers = encoded.headers.into_iter();
        let record = NewRecord {
            key: Some(encoded.key.into_bytes()),
            value: Some(encoded.value),
            headers: headers.map(|(name, value)| (name.to_owned(), value.into_bytes())).collect(),
            timestamp,
        };
        Ok(Self { record, payload })
    }

    /// Encodes a recorded command as it was sent before, with the gateway that its record names
    /// now.
    ///
    /// # Errors
    /// When the recorded command does not match the gateway contract.
    pub(crate) fn encode_again(
        recorded: &RecordedCommand,
        timestamp: DateTime<Utc>,
    ) -> Result<Self, NotEncoded> {
        let record = &recorded.record;
        let envelope = json!({
            "commandId": record.id,
            "commandName": record.name,
            "chargePointId": record.charge_point_id.as_str(),
            "payload": recorded.payload,
            "traceId": recorded.trace_id,
            "gatewayId": record.gateway_id.as_str(),
            "issuedAt": record.issued_at,
            "expiresAt": record.expires_at,
        });
        let command = wire::decode_command(&RawRecord::json(&serde_json::to_vec(&envelope)?))?;
        Ok(Self::encode(&command, timestamp)?)
    }
}
