//! `/api/v1/tariffs/bindings`: the assignment of tariffs to subjects for a time.

mod body;
pub mod routes;
mod view;

use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::creation;
use crate::http::edit;
use crate::http::error::{ApiError, IntoProblem as _};
use crate::http::fields::Fields;
use crate::http::fields::parse::{instant, uuid};
use crate::http::paging;
use crate::tariffs::problem::NotFound;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use domain::ids::{Actor, BindingId, TariffId};
use runtime::Problem;
use runtime::auth::Subject;
use runtime::http::page::{Cursor, Page};
use runtime::http::{IdempotencyKey, JsonBody, QueryParams};
use runtime::http::{PathId, Resource};
use storage::tariffs::bindings::{self, BindingRecord, Filter};
use view::BindingView;

/// A binding in a path.
pub struct BindingResource;

impl Resource for BindingResource {
    type Id = BindingId;

    fn not_found() -> Problem {
        NotFound::Binding.into_problem()
    }
}

/// `POST /api/v1/tariffs/bindings`
async fn create(
    api: Data<Api>,
    Subject(by): Subject<Actor>,
    Bound(bound): Bound,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let keyed = creation::keyed(key, "/api/v1/tariffs/bindings", &body)?;
    let stamp = edit::stamp(by);
    let binding = body::read(body, stamp.at)?;
    let (made, is_replay) = api
        .run(move |mut connection| async move {
            let made =
                bindings::insert_once(&mut connection, &bound, &binding, &stamp, keyed.as_ref()).await??;
            match creation::created(made)? {
                Ok(made) => Ok((made, false)),
                Err(before) => {
                    let found = bindings::find(&mut connection, &bound, BindingId(before)).await?;
                    Ok((found.ok_or(NotFound::Binding)?, true))
                }
            }
        })
        .await?;
    let location = format!("/api/v1/tariffs/bindings/{}", made.binding.id);
    let mut response = HttpResponse::Created();
    creation::mark_replayed(&mut response, is_replay);
    Ok(response.insert_header((header::LOCATION, location)).json(BindingView::of(&made)))
}

/// `GET /api/v1/tariffs/bindings`
async fn list(
    api: Data<Api>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let tariff_id = query.optional("tariffId", uuid).map(TariffId);
    let filter = Filter { tariff_id, subject: body::subject_filter(&mut query) };
    let request = paging::take(&mut query)?;
    query.finish(Some(()))?;
    let after = request.after.map(|place| (place.created_at, BindingId(place.id)));
    let rows = api
        .run(move |mut connection| async move {
            Ok(bindings::list(&mut connection, &bound, &filter, after, request.rows()).await?)
        })
        .await?;
    let place = |last: &BindingRecord| Cursor { created_at: last.made.at, id: last.binding.id.0 };
    let page = Page::cut(&request, rows, place);
    Ok(HttpResponse::Ok().json(page.show(BindingView::of)))
}

/// `GET /api/v1/tariffs/bindings/{bindingId}`
async fn get(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<BindingResource>,
) -> Result<HttpResponse, ApiError> {
    let found = api
        .run(move |mut connection| async move {
            Ok(bindings::find(&mut connection, &bound, id).await?.ok_or(NotFound::Binding)?)
        })
        .await?;
    Ok(HttpResponse::Ok().json(BindingView::of(&found)))
}

/// `POST /api/v1/tariffs/bindings/{bindingId}/end`
async fn end(
    api: Data<Api>,
    PathId(id): PathId<BindingResource>,
    Subject(by): Subject<Actor>,
    Bound(bound): Bound,
    JsonBody(mut body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let until = body.optional("effectiveUntil", instant);
    body.finish(Some(()))?;
    let stamp = edit::stamp(by);
    let until = until.unwrap_or(stamp.at);
    let ended = api
        .run(move |mut connection| async move {
            Ok(bindings::end(&mut connection, &bound, id, until, &stamp).await??)
        })
        .await?;
    Ok(HttpResponse::Ok().json(BindingView::of(&ended)))
}
