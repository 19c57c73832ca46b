//! How far a batch of commands is, as a whole and pile by pile.

use super::operations;
use super::page::PageQuery;
use crate::batches::Batches;
use crate::error::DispatchError;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::ids::{ChargePointId, CommandBatchId, CommandId, PileId, StationId};
use runtime::Problem;
use runtime::http::page::{Cursor, Page};
use runtime::http::{PathParams, QueryParams, Routes};
use runtime::problem::FieldError;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use storage::command_batches::{BatchItem, CommandBatch, ItemState};
use uuid::Uuid;

/// The resources; they expect [`Batches`].
pub(super) fn routes(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/command-batches/{batchId}", |on| on.get(operations::show_batch(), show))
        .resource("/api/v1/command-batches/{batchId}/piles", |on| on.get(operations::list_batch(), list));
}

async fn show(
    batches: web::Data<Batches>,
    PathParams(id): PathParams<String>,
) -> Result<HttpResponse, Problem> {
    let batch = batches.find(named(&id)?).await?;
    let counted = batches.count_items(batch.id).await?;
    let count = |state: ItemState| (state.as_str(), counted.get(&state).copied().unwrap_or(0));
    let counts = ItemState::ALL.into_iter().map(count).collect();
    Ok(HttpResponse::Ok().json(BatchAnswer {
        accepted: (&batch).into(),
        finished_at: batch.finished_at,
        counts,
    }))
}

async fn list(
    batches: web::Data<Batches>,
    PathParams(id): PathParams<String>,
    QueryParams(query): QueryParams<ItemQuery>,
) -> Result<HttpResponse, Problem> {
    let (state, page) = query.parse()?;
    let batch = batches.find(named(&id)?).await?;
    // Piles have no time of their own here: their places are told by their ids, and the batch's time.
    if page.after.is_some_and(|place| place.created_at != batch.created_at) {
        return Err(DispatchError::InvalidCursor.into());
    }
    let before = page.after.map(|place| PileId(place.id));
    let rows = batches.list_items(batch.id, state, before, page.rows()).await?;
    let place = |last: &BatchItem| Cursor { created_at: batch.created_at, id: last.pile_id.0 };
    let page = Page::cut(&page, rows, place);
    Ok(HttpResponse::Ok().json(page.show(ItemAnswer::from)))
}

fn named(text: &str) -> Result<CommandBatchId, DispatchError> {
    let id = Uuid::parse_str(text).map(CommandBatchId);
    id.map_err(|_no_batch_is_called_so| DispatchError::BatchNotFound)
}

/// The query of a list of piles.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemQuery {
    cursor: Option<String>,
    limit: Option<String>,
    state: Option<String>,
}

impl ItemQuery {
    fn parse(self) -> Result<(Option<ItemState>, runtime::http::page::PageRequest), DispatchError> {
        let unknown = || {
            let words = ItemState::ALL.map(ItemState::as_str).join(", ");
            DispatchError::Invalid(vec![FieldError::new("state", format!("must be one of {words}"))])
        };
        let state = self.state.map(|word| ItemState::parse(&word).ok_or_else(unknown)).transpose()?;
        Ok((state, PageQuery::new(self.cursor, self.limit).parse()?))
    }
}

/// The answer to a command to a station.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AcceptedBatch<'a> {
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

/// A batch as it stands in the books.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Batch")]
pub(super) struct BatchAnswer<'a> {
    #[serde(flatten)]
    accepted: AcceptedBatch<'a>,
    finished_at: Option<DateTime<Utc>>,
    counts: BTreeMap<&'static str, i64>,
}

/// What may be said of a pile of a batch.
fn states(_generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ItemState::ALL.map(ItemState::as_str) })
}

/// A pile of a batch.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "BatchPile")]
pub(super) struct ItemAnswer<'a> {
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
