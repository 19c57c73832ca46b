//! The JSON form of a command batch.

use chrono::{DateTime, Utc};
use domain::ids::{Actor, ChargePointId, CommandBatchId, CommandId, PileId, StationId};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use std::collections::BTreeMap;
use storage::commands::batches::{BatchItem, CommandBatch, ItemState};

/// The response to a command to a station.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AcceptedBatch<'a> {
    /// The id of the batch, a version 7 UUID.
    batch_id: CommandBatchId,
    /// The station whose piles are commanded.
    station_id: StationId,
    /// The OCPP 1.6 action that is sent to each pile: `Reset`, `ChangeAvailability`, `TriggerMessage` or
    /// `ChangeConfiguration`.
    command_name: &'a str,
    /// `Soft` or `Hard` for `Reset`, `Operative` or `Inoperative` for `ChangeAvailability`; null for
    /// other commands.
    r#type: Option<&'a str>,
    /// The OCPP 1.6 message that each pile must send; null unless `commandName` is `TriggerMessage`.
    requested_message: Option<&'a str>,
    /// The configuration key that is changed; null unless `commandName` is `ChangeConfiguration`.
    key: Option<&'a str>,
    /// Its new value; null unless `commandName` is `ChangeConfiguration`.
    value: Option<&'a str>,
    /// The number of piles that were selected when the request was accepted.
    piles: i32,
    /// The most piles that are commanded per second.
    rate_per_second: u16,
    /// The subject of the caller that requested the batch. Null for batches of releases that did not
    /// record it.
    issued_by: Option<&'a Actor>,
    /// When the request was accepted, RFC 3339 in UTC.
    created_at: DateTime<Utc>,
    /// When piles that are still waiting are refused with `BATCH_EXPIRED`, RFC 3339 in UTC.
    expires_at: DateTime<Utc>,
    /// When a caller cancelled the batch, RFC 3339 in UTC; null if it was not cancelled.
    cancelled_at: Option<DateTime<Utc>>,
}

impl<'a> From<&'a CommandBatch> for AcceptedBatch<'a> {
    fn from(batch: &'a CommandBatch) -> Self {
        let argument = |name| batch.command.get(name).and_then(|argument| argument.as_str());
        Self {
            batch_id: batch.id,
            station_id: batch.station_id,
            command_name: &batch.name,
            r#type: argument("type"),
            requested_message: argument("requestedMessage"),
            key: argument("key"),
            value: argument("value"),
            piles: batch.piles,
            rate_per_second: batch.rate_per_second,
            issued_by: batch.issued_by.as_ref(),
            created_at: batch.created_at,
            expires_at: batch.expires_at,
            cancelled_at: batch.cancelled_at,
        }
    }
}

/// A command batch and the states of its piles.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Batch")]
pub(crate) struct BatchAnswer<'a> {
    #[serde(flatten)]
    accepted: AcceptedBatch<'a>,
    /// When the last pile stopped waiting, RFC 3339 in UTC; null while a pile is waiting. Commands
    /// may reach their final state later.
    finished_at: Option<DateTime<Utc>>,
    /// The subject of the caller that cancelled the batch; null if it was not cancelled.
    cancelled_by: Option<&'a Actor>,
    /// The number of piles that have a command, whatever its state; cancelling the batch does not
    /// change it.
    sent: i64,
    /// The number of piles for each `state` of a pile; all ten words are present.
    counts: BTreeMap<&'static str, i64>,
}

impl<'a> BatchAnswer<'a> {
    /// `batch` with the number of its piles in each state.
    pub(super) fn of(batch: &'a CommandBatch, counted: &BTreeMap<ItemState, i64>) -> Self {
        let count = |state: ItemState| (state.as_str(), counted.get(&state).copied().unwrap_or(0));
        Self {
            accepted: batch.into(),
            finished_at: batch.finished_at,
            cancelled_by: batch.cancelled_by.as_ref(),
            sent: counted
                .iter()
                .filter(|(state, _)| matches!(state, ItemState::Sent(_)))
                .map(|(_, count)| count)
                .sum(),
            counts: ItemState::ALL.into_iter().map(count).collect(),
        }
    }
}

/// The states of a pile in a batch.
fn states(_generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ItemState::ALL.map(ItemState::as_str) })
}

/// A pile of a command batch.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "BatchPile")]
pub(crate) struct ItemAnswer<'a> {
    /// The id of the pile that the command is for.
    pile_id: PileId,
    /// The device of the pile when its command was sent; until then, the one when the batch was
    /// requested.
    charge_point_id: &'a ChargePointId,
    /// `waiting`: not sent yet. `refused`: there is no command to the pile, and there will be none.
    /// `cancelled`: the same, because the batch was cancelled. All others: the current `status` of its command.
    #[schemars(schema_with = "states")]
    state: &'static str,
    /// The command to the pile; null while it is waiting, and if it is refused or cancelled.
    command_id: Option<CommandId>,
    /// Why there is no command, as the code of a single command, `BATCH_EXPIRED` or
    /// `BATCH_CANCELLED`; if there is a command, its `failureCode`. Null otherwise.
    code: Option<&'a str>,
    /// What `code` means for this pile, for people; null if there is nothing to add.
    detail: Option<&'a str>,
}

impl<'a> From<&'a BatchItem> for ItemAnswer<'a> {
    fn from(item: &'a BatchItem) -> Self {
        let refused = item.refusal.as_ref().map(|(code, detail)| (code.as_str(), detail.as_deref()));
        let failed =
            item.failure.as_ref().map(|failure| (failure.code.as_str(), Some(failure.detail.as_str())));
        let (code, detail) = refused.or(failed).unzip();
        Self {
            pile_id: item.pile_id,
            charge_point_id: &item.charge_point_id,
            state: item.state.as_str(),
            command_id: item.command_id,
            code,
            detail: detail.flatten(),
        }
    }
}
