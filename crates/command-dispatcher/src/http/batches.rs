//! Command batches, and the state of each as a whole and pile by pile.

pub(super) mod view;

use crate::batches::{Batches, Counts};
use crate::http::bound::Bound;
use crate::http::commands::routes;
use crate::http::resources::BatchResource;
use actix_web::{HttpResponse, web};
use domain::ids::{Actor, PileId, StationId};
use runtime::Problem;
use runtime::auth::Subject;
use runtime::http::fields::Fields;
use runtime::http::fields::parse::{one_of, uuid};
use runtime::http::page::{self, Cursor, InvalidCursor, Page};
use runtime::http::{PathId, QueryParams, Routes};
use serde_json::Value;
use storage::commands::batches::{BatchItem, CommandBatch, ItemState};
use view::{BatchAnswer, ItemAnswer};

/// The resources; they expect [`Batches`].
pub(super) fn routes(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/command-batches", |on| on.get(routes::list_batches(), list_all))
        .resource("/api/v1/command-batches/{batchId}", |on| on.get(routes::show_batch(), show))
        .resource("/api/v1/command-batches/{batchId}/cancel", |on| on.post(routes::cancel_batch(), cancel))
        .resource("/api/v1/command-batches/{batchId}/piles", |on| on.get(routes::list_batch(), list));
}

async fn list_all(
    batches: web::Data<Batches>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, Problem> {
    let station = query.optional("stationId", uuid).map(StationId);
    let request = page::take(&mut query)?;
    query.finish(Some(()))?;
    let before = request.after.map(|cursor| (cursor.created_at, cursor.id));
    let rows = batches.list(bound, station, before, request.rows()).await?;
    let cursor = |(last, _): &(CommandBatch, Counts)| Cursor { created_at: last.created_at, id: last.id.0 };
    let page = Page::cut(&request, rows, cursor);
    Ok(HttpResponse::Ok().json(page.show(|(batch, counts)| BatchAnswer::of(batch, counts))))
}

async fn show(
    batches: web::Data<Batches>,
    Bound(bound): Bound,
    PathId(id): PathId<BatchResource>,
) -> Result<HttpResponse, Problem> {
    let batch = batches.find(bound, id).await?;
    let counted = batches.count_items(batch.id).await?;
    Ok(HttpResponse::Ok().json(BatchAnswer::of(&batch, &counted)))
}

async fn cancel(
    batches: web::Data<Batches>,
    Bound(bound): Bound,
    PathId(id): PathId<BatchResource>,
    Subject(issuer): Subject<Actor>,
) -> Result<HttpResponse, Problem> {
    let batch = batches.cancel(bound, id, issuer).await?;
    let counted = batches.count_items(batch.id).await?;
    Ok(HttpResponse::Ok().json(BatchAnswer::of(&batch, &counted)))
}

async fn list(
    batches: web::Data<Batches>,
    Bound(bound): Bound,
    PathId(id): PathId<BatchResource>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, Problem> {
    let state = query.optional("state", state);
    let page = page::take(&mut query)?;
    query.finish(Some(()))?;
    let batch = batches.find(bound, id).await?;
    // Items have no time of their own, so their cursors carry the time of the batch.
    if page.after.is_some_and(|cursor| cursor.created_at != batch.created_at) {
        return Err(InvalidCursor.into());
    }
    let before = page.after.map(|cursor| PileId(cursor.id));
    let rows = batches.list_items(batch.id, state, before, page.rows()).await?;
    let cursor = |last: &BatchItem| Cursor { created_at: batch.created_at, id: last.pile_id.0 };
    let page = Page::cut(&page, rows, cursor);
    Ok(HttpResponse::Ok().json(page.show(ItemAnswer::from)))
}

/// Parses the state of the piles to list.
fn state(value: &Value) -> Result<ItemState, String> {
    one_of(&ItemState::ALL, ItemState::as_str)(value)
}
