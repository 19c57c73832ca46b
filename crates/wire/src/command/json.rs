//! Commands in JSON: an envelope around the body of an OCPP 1.6 request.

use crate::error::{DecodeError, FieldError};
use crate::event::charge_point_id;
use crate::json::Object;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::commands::{
    Availability, Command, CommandKind, ConfigurationKey, ConfigurationValue, ResetKind, TriggeredMessage,
};
use domain::ids::{CommandId, GatewayId, StartIdTag, TransactionId};
use serde::Serialize;
use uuid::Uuid;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    command_id: CommandId,
    command_name: &'static str,
    charge_point_id: &'a str,
    payload: Payload<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    gateway_id: &'a str,
    issued_at: String,
    expires_at: String,
}

/// The body of the request. The gateway forwards it unchanged, so it contains only OCPP's fields.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Payload<'a> {
    Start {
        id_tag: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        connector_id: Option<u16>,
    },
    Stop {
        transaction_id: WireTransactionId<'a>,
    },
    Reset {
        r#type: ResetKind,
    },
    Unlock {
        connector_id: u16,
    },
    ChangeAvailability {
        connector_id: u16,
        r#type: Availability,
    },
    Trigger {
        requested_message: TriggeredMessage,
        #[serde(skip_serializing_if = "Option::is_none")]
        connector_id: Option<u16>,
    },
    Configure {
        key: &'a str,
        value: &'a str,
    },
}

/// A transaction id on the wire. OCPP 1.6 knows only integers: an id with an integer value is sent
/// as one, regardless of its type in the API.
#[derive(Serialize)]
#[serde(untagged)]
enum WireTransactionId<'a> {
    Integer(i64),
    Text(&'a str),
}

/// Encodes the record's value.
pub(super) fn encode(command: &Command) -> Vec<u8> {
    let envelope = Envelope {
        command_id: command.id,
        command_name: command.kind.name(),
        charge_point_id: command.charge_point_id.as_str(),
        payload: payload(&command.kind),
        trace_id: command.trace_id.as_deref(),
        gateway_id: command.gateway_id.as_str(),
        issued_at: instant(command.issued_at),
        expires_at: instant(command.expires_at),
    };
    // The envelope contains only texts and integers, which JSON can always represent.
    serde_json::to_vec(&envelope).unwrap_or_default()
}

fn payload(kind: &CommandKind) -> Payload<'_> {
    match kind {
        CommandKind::StartTransaction { id_tag, connector_id } => Payload::Start {
            id_tag: id_tag.as_str(),
            connector_id: connector_id.map(domain::ids::ConnectorId::number),
        },
        CommandKind::StopTransaction { transaction_id } => Payload::Stop {
            transaction_id: transaction_id
                .as_integer()
                .map_or_else(|| WireTransactionId::Text(transaction_id.as_str()), WireTransactionId::Integer),
        },
        CommandKind::Reset { kind } => Payload::Reset { r#type: *kind },
        CommandKind::UnlockConnector { connector_id } => {
            Payload::Unlock { connector_id: connector_id.number() }
        }
        CommandKind::ChangeAvailability { connector_id, availability } => {
            Payload::ChangeAvailability { connector_id: connector_id.number(), r#type: *availability }
        }
        CommandKind::TriggerMessage { requested, connector_id } => Payload::Trigger {
            requested_message: *requested,
            connector_id: connector_id.map(domain::ids::ConnectorId::number),
        },
        CommandKind::ChangeConfiguration { key, value } => {
            Payload::Configure { key: key.as_str(), value: value.as_str() }
        }
    }
}

fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Decodes the record's value.
pub(super) fn decode(bytes: &[u8]) -> Result<Command, DecodeError> {
    let root = Object::parse(bytes)?;
    let charge_point_id = charge_point_id(root.text("chargePointId")?.as_deref())?;
    let payload = root.object("payload")?.ok_or_else(|| FieldError::missing("payload"))?;
    Ok(Command {
        id: command_id(&text(&root, "commandId")?)?,
        charge_point_id,
        gateway_id: gateway_id(&text(&root, "gatewayId")?)?,
        kind: kind(&text(&root, "commandName")?, payload)?,
        issued_at: root.time("issuedAt")?.ok_or_else(|| FieldError::missing("issuedAt"))?,
        expires_at: root.time("expiresAt")?.ok_or_else(|| FieldError::missing("expiresAt"))?,
        trace_id: root.free_text("traceId"),
    })
}

/// Parses the command id, a UUID.
pub(super) fn command_id(raw: &str) -> Result<CommandId, FieldError> {
    Uuid::parse_str(raw).map(CommandId).map_err(|error| FieldError::new("commandId", error))
}

/// Parses the gateway to which the command is addressed.
pub(super) fn gateway_id(raw: &str) -> Result<GatewayId, FieldError> {
    GatewayId::parse(raw).map_err(|error| FieldError::new("gatewayId", error))
}

fn kind(name: &str, payload: &Object<'_>) -> Result<CommandKind, FieldError> {
    let kind = match name {
        "RemoteStartTransaction" => start(payload),
        "RemoteStopTransaction" => {
            transaction_id(payload).map(|transaction_id| CommandKind::StopTransaction { transaction_id })
        }
        "Reset" => payload.variant("type").map(|kind| CommandKind::Reset { kind }),
        "UnlockConnector" => {
            payload.connector_id().map(|connector_id| CommandKind::UnlockConnector { connector_id })
        }
        "ChangeAvailability" => change_availability(payload),
        "TriggerMessage" => trigger_message(payload),
        "ChangeConfiguration" => change_configuration(payload),
        _ => return Err(FieldError::new("commandName", "is not a command of the contract")),
    };
    kind.map_err(|error| error.within("payload"))
}

fn start(payload: &Object<'_>) -> Result<CommandKind, FieldError> {
    let id_tag =
        StartIdTag::parse(&text(payload, "idTag")?).map_err(|error| FieldError::new("idTag", error))?;
    Ok(CommandKind::StartTransaction {
        id_tag: id_tag.into(),
        connector_id: payload.optional_connector_id()?,
    })
}

fn transaction_id(payload: &Object<'_>) -> Result<TransactionId, FieldError> {
    payload.transaction_id()?.ok_or_else(|| FieldError::missing("transactionId"))
}

fn change_availability(payload: &Object<'_>) -> Result<CommandKind, FieldError> {
    Ok(CommandKind::ChangeAvailability {
        connector_id: payload.connector_id()?,
        availability: payload.variant("type")?,
    })
}

fn trigger_message(payload: &Object<'_>) -> Result<CommandKind, FieldError> {
    Ok(CommandKind::TriggerMessage {
        requested: payload.variant("requestedMessage")?,
        connector_id: payload.optional_connector_id()?,
    })
}

fn change_configuration(payload: &Object<'_>) -> Result<CommandKind, FieldError> {
    let value = payload.string("value")?.ok_or_else(|| FieldError::missing("value"))?;
    configuration(&text(payload, "key")?, &value)
}

/// Validates a key and its value.
pub(super) fn configuration(key: &str, value: &str) -> Result<CommandKind, FieldError> {
    Ok(CommandKind::ChangeConfiguration {
        key: ConfigurationKey::parse(key).map_err(|error| FieldError::new("key", error))?,
        value: ConfigurationValue::parse(value).map_err(|error| FieldError::new("value", error))?,
    })
}

fn text(object: &Object<'_>, name: &str) -> Result<String, FieldError> {
    let text = object.text(name)?.ok_or_else(|| FieldError::missing(name))?;
    Ok(text.into_owned())
}
