//! The bodies of commands to a whole station.

use crate::batches::{StationCommand, StationOrder};
use crate::http::fields::required_word;
use domain::ids::PileId;
use domain::status::ConnectorStatus;
use runtime::problem::FieldError;
use schemars::{Schema, json_schema};
use serde::Deserialize;
use serde_json::{Value, json};
use storage::commands::batches::{MAX_PILES, Scope};

/// The default and the maximum number of commands per second.
const RATE: (u16, u16) = (10, 100);

/// The body of a command to a station; `type` is the only field of the command itself.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct StationRequest {
    r#type: Option<String>,
    pile_ids: Option<Vec<PileId>>,
    statuses: Option<Vec<ConnectorStatus>>,
    rate_per_second: Option<i64>,
}

impl StationRequest {
    /// Returns the order for a reset, or every invalid field.
    pub(crate) fn reset(self) -> Result<StationOrder, Vec<FieldError>> {
        self.order(|word| {
            let word = word.map(|word| required_word("type", Some(word))).transpose()?;
            Ok(StationCommand::Reset { r#type: word.unwrap_or_default() })
        })
    }

    /// Returns the order for a change of availability, or every invalid field.
    pub(crate) fn change_availability(self) -> Result<StationOrder, Vec<FieldError>> {
        self.order(|word| Ok(StationCommand::ChangeAvailability { r#type: required_word("type", word)? }))
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
                    "description": "Only piles in one of these statuses.",
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

    fn order(
        self,
        command: impl FnOnce(Option<String>) -> Result<StationCommand, FieldError>,
    ) -> Result<StationOrder, Vec<FieldError>> {
        let command = command(self.r#type);
        let pile_ids = some("pileIds", self.pile_ids, MAX_PILES);
        let statuses = some("statuses", self.statuses, ConnectorStatus::ALL.len());
        match (command, pile_ids, statuses, rate(self.rate_per_second)) {
            (Ok(command), Ok(pile_ids), Ok(statuses), Ok(rate_per_second)) => {
                Ok(StationOrder { command, scope: Scope { pile_ids, statuses }, rate_per_second })
            }
            (a, b, c, d) => Err([a.err(), b.err(), c.err(), d.err()].into_iter().flatten().collect()),
        }
    }
}

/// Sorts a list and removes duplicates; an empty or too long list is invalid.
fn some<T: Ord>(field: &str, list: Option<Vec<T>>, most: usize) -> Result<Option<Vec<T>>, FieldError> {
    let Some(mut list) = list else { return Ok(None) };
    if !(1..=most).contains(&list.len()) {
        return Err(FieldError::new(field, format!("must have 1 to {most} entries")));
    }
    list.sort_unstable();
    list.dedup();
    Ok(Some(list))
}

fn rate(asked: Option<i64>) -> Result<u16, FieldError> {
    let (usual, most) = RATE;
    let Some(asked) = asked else { return Ok(usual) };
    u16::try_from(asked)
        .ok()
        .filter(|rate| (1..=most).contains(rate))
        .ok_or_else(|| FieldError::new("ratePerSecond", format!("must be a whole number from 1 to {most}")))
}
