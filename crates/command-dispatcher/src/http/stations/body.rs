//! The bodies of commands to a whole station.

use crate::batches::{StationCommand, StationOrder};
use domain::commands::{ConfigurationKey, ConfigurationValue, TriggeredMessage};
use domain::ids::PileId;
use domain::status::ConnectorStatus;
use runtime::http::fields::Fields;
use runtime::http::fields::parse::{text, uuid, whole, word};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use storage::commands::batches::{MAX_PILES, Scope};

/// The default and the maximum number of commands per second.
const RATE: (u16, u16) = (10, 100);

/// The body of a command to a station.
pub(crate) struct StationRequest;

impl StationRequest {
    /// Reads the order for a reset; `None` if a field was refused.
    pub(crate) fn reset(body: &mut Fields) -> Option<StationOrder> {
        let r#type = body.optional("type", word).unwrap_or_default();
        order(body, Some(StationCommand::Reset { r#type }))
    }

    /// Reads the order for a change of availability; `None` if a field was refused.
    pub(crate) fn change_availability(body: &mut Fields) -> Option<StationOrder> {
        let command = body.required("type", word).map(|r#type| StationCommand::ChangeAvailability { r#type });
        order(body, command)
    }

    /// Reads the order for a message; `None` if a field was refused.
    pub(crate) fn trigger_message(body: &mut Fields) -> Option<StationOrder> {
        let requested = body.required("requestedMessage", word);
        let command = requested.map(|requested_message| StationCommand::TriggerMessage { requested_message });
        order(body, command)
    }

    /// Reads the order for a change of configuration; `None` if a field was refused.
    pub(crate) fn change_configuration(body: &mut Fields) -> Option<StationOrder> {
        let key = body.required("key", text(ConfigurationKey::parse));
        let value = body.required("value", text(ConfigurationValue::parse));
        let command = key.zip(value).map(|(key, value)| StationCommand::ChangeConfiguration { key, value });
        order(body, command)
    }

    /// The JSON schema of the body of a reset.
    pub(crate) fn reset_schema() -> Schema {
        let description = "How each device restarts; `Soft` if null or absent.";
        let kind = json!({ "description": description, "enum": ["Soft", "Hard", null] });
        Self::schema([("type", kind)], &[])
    }

    /// The JSON schema of the body of a change of availability.
    pub(crate) fn change_availability_schema() -> Schema {
        let description = "Whether devices go into service (`Operative`) or out of it (`Inoperative`).";
        let availability = json!({ "description": description, "enum": ["Operative", "Inoperative"] });
        Self::schema([("type", availability)], &["type"])
    }

    /// The JSON schema of the body of a request for a message.
    pub(crate) fn trigger_message_schema() -> Schema {
        let mut requested = of::<TriggeredMessage>();
        requested.insert("description".to_owned(), "The OCPP 1.6 message that each device must send.".into());
        Self::schema([("requestedMessage", requested.to_value())], &["requestedMessage"])
    }

    /// The JSON schema of the body of a change of configuration.
    pub(crate) fn change_configuration_schema() -> Schema {
        let (key, value) = (of::<ConfigurationKey>(), of::<ConfigurationValue>());
        Self::schema([("key", key.to_value()), ("value", value.to_value())], &["key", "value"])
    }

    /// The schema of a body with these fields of the command, and those that select piles.
    fn schema<const N: usize>(command: [(&str, Value); N], required: &[&str]) -> Schema {
        let (_, most) = RATE;
        let statuses = ConnectorStatus::ALL;
        let pile_ids = json!({
            "description": "Only these piles; all must belong to the station.",
            "type": ["array", "null"],
            "items": { "type": "string", "format": "uuid" },
            "minItems": 1,
            "maxItems": MAX_PILES,
        });
        let statuses = json!({
            "description": "Only piles that have a connector in one of these statuses.",
            "type": ["array", "null"],
            "items": { "enum": statuses },
            "minItems": 1,
            "maxItems": statuses.len(),
        });
        let rate = json!({
            "description": "The most piles commanded per second; 10 if null or absent.",
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": most,
        });
        let selection = [("pileIds", pile_ids), ("statuses", statuses), ("ratePerSecond", rate)];
        let fields = command.into_iter().chain(selection);
        json_schema!({
            "type": "object",
            "properties": fields.map(|(name, schema)| (name.to_owned(), schema)).collect::<Map<_, _>>(),
            "required": required,
            "additionalProperties": false,
        })
    }
}

/// The schema of `T` itself, without its name.
fn of<T: JsonSchema>() -> Schema {
    T::json_schema(&mut SchemaGenerator::default())
}

fn order(body: &mut Fields, command: Option<StationCommand>) -> Option<StationOrder> {
    let (usual, most) = RATE;
    let pile_ids = body.list("pileIds", MAX_PILES, |value| uuid(value).map(PileId)).map(distinct);
    let statuses = body.list("statuses", ConnectorStatus::ALL.len(), word).map(distinct);
    let rate_per_second = body.optional("ratePerSecond", whole(1..=most)).unwrap_or(usual);
    Some(StationOrder { command: command?, scope: Scope { pile_ids, statuses }, rate_per_second })
}

/// The entries in order, each once.
fn distinct<T: Ord>(mut entries: Vec<T>) -> Vec<T> {
    entries.sort_unstable();
    entries.dedup();
    entries
}
