//! The bodies of commands to a whole station.

use crate::batches::{StationCommand, StationOrder};
use domain::ids::PileId;
use domain::status::ConnectorStatus;
use runtime::http::fields::Fields;
use runtime::http::fields::parse::{uuid, whole, word};
use schemars::{Schema, json_schema};
use serde_json::{Value, json};
use storage::commands::batches::{MAX_PILES, Scope};

/// The default and the maximum number of commands per second.
const RATE: (u16, u16) = (10, 100);

/// The body of a command to a station; `type` is the only field of the command itself.
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

    /// The JSON schema of the body of a reset.
    pub(crate) fn reset_schema() -> Schema {
        let description = "How each device restarts; `Soft` if null or absent.";
        Self::schema(&json!({ "description": description, "enum": ["Soft", "Hard", null] }), &[])
    }

    /// The JSON schema of the body of a change of availability.
    pub(crate) fn change_availability_schema() -> Schema {
        let description = "Whether devices go into service (`Operative`) or out of it (`Inoperative`).";
        Self::schema(&json!({ "description": description, "enum": ["Operative", "Inoperative"] }), &["type"])
    }

    fn schema(word: &Value, required: &[&str]) -> Schema {
        let (_, most) = RATE;
        let statuses = ConnectorStatus::ALL;
        json_schema!({
            "type": "object",
            "properties": {
                "type": word,
                "pileIds": {
                    "description": "Only these piles; all must belong to the station.",
                    "type": ["array", "null"],
                    "items": { "type": "string", "format": "uuid" },
                    "minItems": 1,
                    "maxItems": MAX_PILES,
                },
                "statuses": {
                    "description": "Only piles that have a connector in one of these statuses.",
                    "type": ["array", "null"],
                    "items": { "enum": statuses },
                    "minItems": 1,
                    "maxItems": statuses.len(),
                },
                "ratePerSecond": {
                    "description": "The most piles commanded per second; 10 if null or absent.",
                    "type": ["integer", "null"],
                    "minimum": 1,
                    "maximum": most,
                },
            },
            "required": required,
            "additionalProperties": false,
        })
    }
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
