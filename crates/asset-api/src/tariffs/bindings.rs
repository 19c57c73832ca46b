//! `/api/v1/tariffs/bindings`: the assignment of tariffs to subjects for a time.

mod body;
pub mod routes;
mod view;

use crate::http::caller::Caller;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{instant, uuid};
use crate::http::paging;
use crate::tariffs::problem::NotFound;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use domain::ids::{BindingId, TariffId};
use runtime::http::page::{Cursor, Page};
use runtime::http::{JsonBody, PathParams, QueryParams};
use storage::tariffs::bindings::{self, BindingRecord, Filter};
use uuid::Uuid;
use view::BindingView;

/// Parses the binding id of a path; an invalid id is refused like an unknown one.
fn parse_id(raw: &str) -> Result<BindingId, NotFound> {
    Uuid::try_parse(raw).map(BindingId).map_err(|_malformed| NotFound::Binding)
}

/// `POST /api/v1/tariffs/bindings`
async fn create(
    api: Data<Api>,
    caller: Caller,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let stamp = caller.stamp();
    let binding = body::read(body, stamp.at)?;
    let made =
        api.run(move |mut connection| async move {
            Ok(bindings::insert(&mut connection, &binding, &stamp).await??)
        })
        .await?;
    let location = format!("/api/v1/tariffs/bindings/{}", made.binding.id);
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).json(BindingView::of(&made)))
}

/// `GET /api/v1/tariffs/bindings`
async fn list(api: Data<Api>, QueryParams(mut query): QueryParams<Fields>) -> Result<HttpResponse, ApiError> {
    let tariff_id = query.optional("tariffId", uuid).map(TariffId);
    let filter = Filter { tariff_id, subject: body::asked(&mut query) };
    let request = paging::take(&mut query)?;
    query.finish(Some(()))?;
    let after = request.after.map(|place| (place.created_at, BindingId(place.id)));
    let rows = api
        .run(move |mut connection| async move {
            Ok(bindings::list(&mut connection, &filter, after, request.rows()).await?)
        })
        .await?;
    let place = |last: &BindingRecord| Cursor { created_at: last.made.at, id: last.binding.id.0 };
    let page = Page::cut(&request, rows, place);
    Ok(HttpResponse::Ok().json(page.show(BindingView::of)))
}

/// `GET /api/v1/tariffs/bindings/{bindingId}`
async fn get(api: Data<Api>, PathParams(id): PathParams<String>) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let found = api
        .run(move |mut connection| async move {
            Ok(bindings::find(&mut connection, id).await?.ok_or(NotFound::Binding)?)
        })
        .await?;
    Ok(HttpResponse::Ok().json(BindingView::of(&found)))
}

/// `POST /api/v1/tariffs/bindings/{bindingId}/end`
async fn end(
    api: Data<Api>,
    PathParams(id): PathParams<String>,
    caller: Caller,
    JsonBody(mut body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let until = body.optional("effectiveUntil", instant);
    body.finish(Some(()))?;
    let stamp = caller.stamp();
    let until = until.unwrap_or(stamp.at);
    let ended =
        api.run(move |mut connection| async move {
            Ok(bindings::end(&mut connection, id, until, &stamp).await??)
        })
        .await?;
    Ok(HttpResponse::Ok().json(BindingView::of(&ended)))
}
