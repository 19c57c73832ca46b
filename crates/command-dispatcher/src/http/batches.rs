//! The state of a command batch, as a whole and pile by pile.

pub(super) mod view;

use crate::batches::Batches;
use crate::error::DispatchError;
use crate::http::commands::routes;
use crate::http::paging::PageQuery;
use actix_web::{HttpResponse, web};
use domain::ids::{CommandBatchId, PileId};
use runtime::Problem;
use runtime::http::page::{Cursor, Page};
use runtime::http::{PathParams, QueryParams, Routes};
use runtime::problem::FieldError;
use serde::Deserialize;
use storage::commands::batches::{BatchItem, ItemState};
use uuid::Uuid;
use view::{BatchAnswer, ItemAnswer};

/// The resources; they expect [`Batches`].
pub(super) fn routes(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/command-batches/{batchId}", |on| on.get(routes::show_batch(), show))
        .resource("/api/v1/command-batches/{batchId}/piles", |on| on.get(routes::list_batch(), list));
}

async fn show(
    batches: web::Data<Batches>,
    PathParams(id): PathParams<String>,
) -> Result<HttpResponse, Problem> {
    let batch = batches.find(batch_id(&id)?).await?;
    let counted = batches.count_items(batch.id).await?;
    Ok(HttpResponse::Ok().json(BatchAnswer::of(&batch, &counted)))
}

async fn list(
    batches: web::Data<Batches>,
    PathParams(id): PathParams<String>,
    QueryParams(query): QueryParams<ItemQuery>,
) -> Result<HttpResponse, Problem> {
    let (state, page) = query.parse()?;
    let batch = batches.find(batch_id(&id)?).await?;
    // Items have no time of their own, so their cursors carry the time of the batch.
    if page.after.is_some_and(|cursor| cursor.created_at != batch.created_at) {
        return Err(DispatchError::InvalidCursor.into());
    }
    let before = page.after.map(|cursor| PileId(cursor.id));
    let rows = batches.list_items(batch.id, state, before, page.rows()).await?;
    let cursor = |last: &BatchItem| Cursor { created_at: batch.created_at, id: last.pile_id.0 };
    let page = Page::cut(&page, rows, cursor);
    Ok(HttpResponse::Ok().json(page.show(ItemAnswer::from)))
}

fn batch_id(text: &str) -> Result<CommandBatchId, DispatchError> {
    let id = Uuid::parse_str(text).map(CommandBatchId);
    id.map_err(|_not_a_uuid| DispatchError::BatchNotFound)
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
