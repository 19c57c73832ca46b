//! Commands in protobuf.

use super::EncodedCommand;
use super::json::{command_id, configuration, gateway_id};
use crate::error::{DecodeError, FieldError};
use crate::event::charge_point_id;
use crate::proto;
use crate::proto::gateway_command::Payload;
use crate::record::PROTOBUF;
use crate::value::{InvalidValue, connector_id, text, time, transaction_id};
use chrono::{DateTime, Utc};
use domain::commands::{Command, CommandKind};
use domain::ids::{ConnectorId, StartIdTag, TransactionId};
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Encodes a command in the binary form, for gateways that request it.
#[must_use]
pub fn encode_command_protobuf(command: &Command) -> EncodedCommand {
    let message = proto::GatewayCommand {
        command_id: command.id.to_string(),
        charge_point_id: command.charge_point_id.to_string(),
        gateway_id: command.gateway_id.to_string(),
        issued_at: Some(time::to_timestamp(command.issued_at)),
        expires_at: Some(time::to_timestamp(command.expires_at)),
        trace_id: command.trace_id.clone().unwrap_or_default(),
        payload: Some(payload(&command.kind)),
    };
    EncodedCommand::new(command, message.encode_to_vec(), PROTOBUF)
}

fn payload(kind: &CommandKind) -> Payload {
    let number = |connector_id: &ConnectorId| i32::from(connector_id.number());
    match kind {
        CommandKind::StartTransaction { id_tag, connector_id } => {
            Payload::RemoteStartTransaction(proto::RemoteStartTransaction {
                id_tag: id_tag.to_string(),
                connector_id: connector_id.as_ref().map(number),
            })
        }
        CommandKind::StopTransaction { transaction_id } => {
            Payload::RemoteStopTransaction(proto::RemoteStopTransaction {
                transaction_id: transaction_id.to_string(),
            })
        }
        CommandKind::Reset { kind } => Payload::Reset(proto::Reset { r#type: name(kind) }),
        CommandKind::UnlockConnector { connector_id } => {
            Payload::UnlockConnector(proto::UnlockConnector { connector_id: number(connector_id) })
        }
        CommandKind::ChangeAvailability { connector_id, availability } => {
            Payload::ChangeAvailability(proto::ChangeAvailability {
                connector_id: number(connector_id),
                r#type: name(availability),
            })
        }
        CommandKind::TriggerMessage { requested, connector_id } => {
            Payload::TriggerMessage(proto::TriggerMessage {
                requested_message: name(requested),
                connector_id: connector_id.as_ref().map(number),
            })
        }
        CommandKind::ChangeConfiguration { key, value } => {
            Payload::ChangeConfiguration(proto::ChangeConfiguration {
                key: key.to_string(),
                value: value.to_string(),
            })
        }
    }
}

/// The serde name of a variant, which is OCPP's.
fn name(variant: &impl Serialize) -> String {
    let name = serde_json::to_value(variant).ok();
    name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Decodes the binary form.
pub(super) fn decode(bytes: &[u8]) -> Result<Command, DecodeError> {
    let command = proto::GatewayCommand::decode(bytes)
        .map_err(|error| DecodeError::NotProtobuf { message: error.to_string() })?;
    let charge_point = Some(command.charge_point_id.as_str()).filter(|id| !id.is_empty());
    let payload = command.payload.ok_or_else(|| FieldError::missing("payload"))?;
    Ok(Command {
        id: command_id(&command.command_id)?,
        charge_point_id: charge_point_id(charge_point)?,
        gateway_id: gateway_id(&command.gateway_id)?,
        kind: kind(payload).map_err(|error| error.within("payload"))?,
        issued_at: instant("issuedAt", command.issued_at.as_ref())?,
        expires_at: instant("expiresAt", command.expires_at.as_ref())?,
        trace_id: text::clean(&command.trace_id),
    })
}

fn kind(payload: Payload) -> Result<CommandKind, FieldError> {
    Ok(match payload {
        Payload::RemoteStartTransaction(start) => CommandKind::StartTransaction {
            id_tag: StartIdTag::parse(&start.id_tag).map_err(|error| FieldError::new("idTag", error))?.into(),
            connector_id: start.connector_id.map(connector).transpose()?,
        },
        Payload::RemoteStopTransaction(stop) => {
            CommandKind::StopTransaction { transaction_id: transaction(&stop.transaction_id)? }
        }
        Payload::Reset(reset) => CommandKind::Reset { kind: variant("type", &reset.r#type)? },
        Payload::UnlockConnector(unlock) => {
            CommandKind::UnlockConnector { connector_id: connector(unlock.connector_id)? }
        }
        Payload::ChangeAvailability(change) => CommandKind::ChangeAvailability {
            connector_id: connector(change.connector_id)?,
            availability: variant("type", &change.r#type)?,
        },
        Payload::TriggerMessage(trigger) => CommandKind::TriggerMessage {
            requested: variant("requestedMessage", &trigger.requested_message)?,
            connector_id: trigger.connector_id.map(connector).transpose()?,
        },
        Payload::ChangeConfiguration(change) => configuration(&change.key, &change.value)?,
    })
}

fn connector(raw: i32) -> Result<ConnectorId, FieldError> {
    connector_id::parse(raw.into()).map_err(|error| FieldError::new("connectorId", error))
}

fn transaction(raw: &str) -> Result<TransactionId, FieldError> {
    let id = transaction_id::parse(raw).map_err(|error| FieldError::new("transactionId", error))?;
    id.ok_or_else(|| FieldError::missing("transactionId"))
}

fn variant<T: DeserializeOwned>(field: &str, name: &str) -> Result<T, FieldError> {
    text::variant(name).ok_or_else(|| FieldError::new(field, InvalidValue::not("a value of OCPP 1.6", name)))
}

fn instant(field: &str, raw: Option<&prost_types::Timestamp>) -> Result<DateTime<Utc>, FieldError> {
    let instant = raw.map(time::from_timestamp).transpose().map_err(|error| FieldError::new(field, error))?;
    instant.flatten().ok_or_else(|| FieldError::missing(field))
}
