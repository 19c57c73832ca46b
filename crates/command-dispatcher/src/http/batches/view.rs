//! The JSON form of a command batch.

use chrono::{DateTime, Utc};
use domain::ids::{ChargePointId, CommandBatchId, CommandId, PileId, StationId};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use std::collections::BTreeMap;
use storage::commands::batches::{BatchItem, CommandBatch, ItemState};

/// The response to a command to a station.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AcceptedBatch<'a> {
    batch_id: CommandBatchId,
    station_id: StationId,
    command_name: &'a str,
    r#type: Option<&'a str>,
    piles: i32,
    rate_per_second: u16,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl<'a> From<&'a CommandBatch> for AcceptedBatch<'a> {
    fn from(batch: &'a CommandBatch) -> Self {
        Self {
            batch_id: batch.id,
            station_id: batch.station_id,
            command_name: &batch.name,
            r#type: batch.command.get("type").and_then(|word| word.as_str()),
            piles: batch.piles,
            rate_per_second: batch.rate_per_second,
            created_at: batch.created_at,
            expires_at: batch.expires_at,
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
    finished_at: Option<DateTime<Utc>>,
    counts: BTreeMap<&'static str, i64>,
}

impl<'a> BatchAnswer<'a> {
    /// `batch` with the number of its piles in each state.
    pub(super) fn of(batch: &'a CommandBatch, counted: &BTreeMap<ItemState, i64>) -> Self {
        let count = |state: ItemState| (state.as_str(), counted.get(&state).copied().unwrap_or(0));
        Self {
            accepted: batch.into(),
            finished_at: batch.finished_at,
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
    pile_id: PileId,
    charge_point_id: &'a ChargePointId,
    #[schemars(schema_with = "states")]
    state: &'static str,
    command_id: Option<CommandId>,
    code: Option<&'a str>,
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
