//! A command as a Kafka record, and its OCPP body as the books keep it.

use chrono::{DateTime, Utc};
use domain::command::Command;
use runtime::kafka::NewRecord;
use serde::Deserialize;
use serde_json::Value;

/// A command in the form in which it leaves.
#[derive(Debug)]
pub(crate) struct OutgoingCommand {
    /// The record; its trace context comes when it is sent.
    pub(crate) record: NewRecord,
    /// The OCPP request body, taken from the record: what is kept is what was sent.
    pub(crate) payload: Value,
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
}
