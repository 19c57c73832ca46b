//! A command as a Kafka record, and its OCPP body as the books keep it.

use chrono::{DateTime, Utc};
use domain::commands::Command;
use runtime::kafka::NewRecord;
use serde::Deserialize;
use serde_json::{Value, json};
use storage::commands::RecordedCommand;
use wire::{DecodeError, RawRecord};

/// A command in the form in which it leaves.
#[derive(Debug)]
pub(crate) struct OutgoingCommand {
    /// The record; its trace context comes when it is sent.
    pub(crate) record: NewRecord,
    /// The OCPP request body, taken from the record: what is kept is what was sent.
    pub(crate) payload: Value,
}

/// Why a recorded command cannot be encoded again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotEncoded {
    /// It is not a command of the contract.
    #[error("what is recorded is not a command of the contract")]
    Invalid(#[from] DecodeError),
    /// It has no form in JSON.
    #[error("it has no form in JSON")]
    Json(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Envelope {
    payload: Value,
}

impl OutgoingCommand {
    /// `command` encoded, as a record of the time `timestamp`.
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

    /// The record of a command as it was sent before, with the gateway that its record names now.
    ///
    /// # Errors
    /// When what is recorded is not a command of the contract.
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
