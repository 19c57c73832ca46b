//! `/api/v1/tariffs`: tariffs, their versions and their bindings.

pub mod activation;
pub mod bindings;
mod body;
mod exchange;
mod openapi;
pub(crate) mod prices;
pub mod problem;
pub mod routes;
pub mod versions;
mod view;
mod what_if;

use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::creation;
use crate::http::edit;
use crate::http::edit_request::EditRequest;
use crate::http::error::{ApiError, IntoProblem as _};
use crate::http::fields::Fields;
use crate::http::fields::parse::{flag, in_query, one_of, text};
use crate::http::paging;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use domain::ids::{Actor, TariffId};
use domain::tariffs::{TariffDetails, TariffStatus};
use domain::text::Label;
use runtime::Problem;
use runtime::auth::Subject;
use runtime::http::page::Page;
use runtime::http::{IdempotencyKey, JsonBody, QueryParams};
use runtime::http::{PathId, Resource};
use storage::tariffs::{self, Filter, TariffRecord, TariffRefusal};
use uuid::Uuid;
use view::TariffView;

/// A tariff in a path.
pub struct TariffResource;

impl Resource for TariffResource {
    type Id = TariffId;

    fn not_found() -> Problem {
        TariffRefusal::NotFound.into_problem()
    }
}

/// `POST /api/v1/tariffs`
async fn create(
    api: Data<Api>,
    Subject(by): Subject<Actor>,
    Bound(bound): Bound,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let keyed = creation::keyed(key, "/api/v1/tariffs", &body)?;
    let at = edit::now();
    let details = body::read(body, &bound)?;
    let revision = edit::first(at);
    let tariff = TariffRecord { id: TariffId(Uuid::now_v7()), details, revision, awaits_approval: false };
    let (tariff, is_replay) = api
        .run(move |mut connection| async move {
            let made = tariffs::insert_once(&mut connection, &tariff, &by, keyed.as_ref()).await?;
            let Err(before) = creation::created(made)? else { return Ok((tariff, false)) };
            let found = tariffs::find(&mut connection, &bound, TariffId(before)).await?;
            Ok((found.ok_or(TariffRefusal::NotFound)?, true))
        })
        .await?;
    let location = format!("/api/v1/tariffs/{}", tariff.id);
    let mut response = edit::respond(StatusCode::CREATED, tariff.revision);
    creation::mark_replayed(&mut response, is_replay);
    Ok(response.insert_header((header::LOCATION, location)).json(TariffView::of(&tariff)))
}

/// `GET /api/v1/tariffs`
async fn list(
    api: Data<Api>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let filter = Filter {
        operator_id: query.optional("operatorId", text(Label::parse)),
        status: query.optional("status", one_of(&TariffStatus::ALL, TariffStatus::as_str)),
        retired: query.optional("retired", in_query(flag)).unwrap_or(false),
        awaits_approval: query.optional("awaitsApproval", in_query(flag)),
    };
    let request = paging::take(&mut query)?;
    query.finish(Some(()))?;
    let after = request.after.map(|place| (place.created_at, TariffId(place.id)));
    let rows = api
        .run(move |mut connection| async move {
            Ok(tariffs::list(&mut connection, &bound, &filter, after, request.rows()).await?)
        })
        .await?;
    let page = Page::cut(&request, rows, |last| paging::place(last.revision, last.id.0));
    Ok(HttpResponse::Ok().json(page.show(TariffView::of)))
}

/// `GET /api/v1/tariffs/{tariffId}`
async fn get(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<TariffResource>,
) -> Result<HttpResponse, ApiError> {
    let tariff = api
        .run(move |mut connection| async move {
            Ok(tariffs::find(&mut connection, &bound, id).await?.ok_or(TariffRefusal::NotFound)?)
        })
        .await?;
    Ok(edit::respond(StatusCode::OK, tariff.revision).json(TariffView::of(&tariff)))
}

/// `PUT /api/v1/tariffs/{tariffId}`
async fn replace(
    api: Data<Api>,
    PathId(id): PathId<TariffResource>,
    request: EditRequest,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let details = body::read(body, &request.bound)?;
    edit(&api, id, request, |_before| Ok(details)).await
}

/// `PATCH /api/v1/tariffs/{tariffId}`
async fn patch(
    api: Data<Api>,
    PathId(id): PathId<TariffResource>,
    request: EditRequest,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let bound = request.bound.clone();
    edit(&api, id, request, move |before| body::read(body.patch(before)?, &bound)).await
}

/// Replaces the details of a tariff with the result of `change`.
async fn edit(
    api: &Api,
    id: TariffId,
    request: EditRequest,
    change: impl FnOnce(&TariffDetails) -> Result<TariffDetails, ApiError> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let tariff = api
        .run(move |mut connection| async move {
            tariffs::update(&mut connection, &request.bound, id, request.versions(), &request.stamp, change)
                .await?
        })
        .await?;
    Ok(edit::respond(StatusCode::OK, tariff.revision).json(TariffView::of(&tariff)))
}

/// `DELETE /api/v1/tariffs/{tariffId}`
async fn retire(
    api: Data<Api>,
    PathId(id): PathId<TariffResource>,
    request: EditRequest,
) -> Result<HttpResponse, ApiError> {
    api.run(move |mut connection| async move {
        Ok(tariffs::retire(&mut connection, &request.bound, id, request.versions(), &request.stamp).await??)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
