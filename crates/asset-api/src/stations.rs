//! `/api/v1/stations`: charging stations.

mod body;

use crate::api::Api;
use crate::caller::Caller;
use crate::edition::{self, IfMatch};
use crate::error::ApiError;
use crate::fields::Fields;
use crate::page;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use body::StationView;
use domain::asset::{Signature, Station, StationDetails};
use domain::ids::StationId;
use runtime::Problem;
use runtime::http::page::Page;
use runtime::http::{JsonBody, PathParams, QueryParams};
use storage::stations::{self, Refusal};
use uuid::Uuid;

/// The station that a path names; what is no id names none.
pub fn parse_id(raw: &str) -> Result<StationId, ApiError> {
    let id = Uuid::try_parse(raw).ok().ok_or(Refusal::NotFound)?;
    Ok(StationId(id))
}

/// `POST /api/v1/stations`
pub async fn create(
    api: Data<Api>,
    caller: Caller,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, Problem> {
    let Signature { at, by } = caller.sign();
    let station =
        Station { id: StationId(Uuid::now_v7()), details: body::read(body)?, edition: edition::first(at) };
    let station = api
        .run(|mut connection| async move {
            stations::insert(&mut connection, &station, &by).await?;
            Ok(station)
        })
        .await?;
    let location = format!("/api/v1/stations/{}", station.id);
    Ok(edition::respond(StatusCode::CREATED, station.edition)
        .insert_header((header::LOCATION, location))
        .json(StationView::of(&station)))
}

/// `GET /api/v1/stations`
pub async fn list(
    api: Data<Api>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, Problem> {
    let request = page::take(&mut query)?;
    query.finish(Some(()))?;
    let after = request.after.map(|place| (place.created_at, StationId(place.id)));
    let rows = api
        .run(move |mut connection| async move {
            Ok(stations::list(&mut connection, after, request.rows()).await?)
        })
        .await?;
    let page = Page::cut(&request, rows, |last| page::place(last.edition, last.id.0));
    Ok(HttpResponse::Ok().json(page.show(StationView::of)))
}

/// `GET /api/v1/stations/{stationId}`
pub async fn get(api: Data<Api>, PathParams(id): PathParams<String>) -> Result<HttpResponse, Problem> {
    let id = parse_id(&id)?;
    let station = api
        .run(move |mut connection| async move {
            let found = stations::find(&mut connection, id).await?;
            Ok(found.ok_or(Refusal::NotFound)?)
        })
        .await?;
    Ok(edition::respond(StatusCode::OK, station.edition).json(StationView::of(&station)))
}

/// `PUT /api/v1/stations/{stationId}`
pub async fn replace(
    api: Data<Api>,
    PathParams(id): PathParams<String>,
    if_match: IfMatch,
    caller: Caller,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, Problem> {
    let id = parse_id(&id)?;
    let details = body::read(body)?;
    edit(&api, id, if_match, caller, |_before| Ok(details)).await
}

/// `PATCH /api/v1/stations/{stationId}`
pub async fn patch(
    api: Data<Api>,
    PathParams(id): PathParams<String>,
    if_match: IfMatch,
    caller: Caller,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, Problem> {
    let id = parse_id(&id)?;
    edit(&api, id, if_match, caller, |before| body::read(body.patch(before)?)).await
}

/// Makes of what is said of a station what `change` makes of it.
async fn edit(
    api: &Api,
    id: StationId,
    if_match: IfMatch,
    caller: Caller,
    change: impl FnOnce(&StationDetails) -> Result<StationDetails, ApiError> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let signature = caller.sign();
    let station = api
        .run(move |mut connection| async move {
            stations::update(&mut connection, id, if_match.versions(), &signature, change).await?
        })
        .await?;
    Ok(edition::respond(StatusCode::OK, station.edition).json(StationView::of(&station)))
}

/// `DELETE /api/v1/stations/{stationId}`
pub async fn retire(
    api: Data<Api>,
    PathParams(id): PathParams<String>,
    if_match: IfMatch,
    caller: Caller,
) -> Result<HttpResponse, Problem> {
    let id = parse_id(&id)?;
    let signature = caller.sign();
    api.run(move |mut connection| async move {
        Ok(stations::retire(&mut connection, id, if_match.versions(), &signature).await??)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /api/v1/stations/{stationId}/restore`
pub async fn restore(
    api: Data<Api>,
    PathParams(id): PathParams<String>,
    if_match: IfMatch,
    caller: Caller,
) -> Result<HttpResponse, Problem> {
    let id = parse_id(&id)?;
    let signature = caller.sign();
    let station = api
        .run(move |mut connection| async move {
            Ok(stations::restore(&mut connection, id, if_match.versions(), &signature).await??)
        })
        .await?;
    Ok(edition::respond(StatusCode::OK, station.edition).json(StationView::of(&station)))
}
