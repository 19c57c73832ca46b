//! `/api/v1/piles`, and those of a station: what was registered and what the devices report, in one body.

pub mod body;
mod live;
pub mod problem;
pub mod routes;
mod view;

use crate::assets::stations;
use crate::http::caller::Caller;
use crate::http::context::Api;
use crate::http::edit::{self, IfMatch};
use crate::http::error::ApiError;
use crate::http::fields::{Fields, parse, search};
use crate::http::paging;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use domain::assets::{Pile, PileDetails, Signature};
use domain::ids::{ChargePointId, PileId, StationId};
use domain::status::{ConnectorStatus, PileStatus};
use runtime::http::page::{Page, PageRequest};
use runtime::http::{JsonBody, PathParams, QueryParams};
use serde_json::Value;
use storage::assets::piles::{self, Filter, LiveView, Refusal};
use uuid::Uuid;
use view::PileView;

/// The pile that a path names; what is no id names none.
pub fn parse_id(raw: &str) -> Result<PileId, ApiError> {
    let id = Uuid::try_parse(raw).ok().ok_or(Refusal::NotFound)?;
    Ok(PileId(id))
}

/// `POST /api/v1/stations/{stationId}/piles`
pub async fn create(
    api: Data<Api>,
    PathParams(station): PathParams<String>,
    caller: Caller,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let Signature { at, by } = caller.sign();
    let pile = Pile {
        id: PileId(Uuid::now_v7()),
        station_id: stations::parse_id(&station)?,
        details: body::read(body)?,
        edition: edit::first(at),
    };
    let (pile, live) = api
        .run(|mut connection| async move {
            // Read first, so that nothing can fail once the pile is there.
            let live = piles::find_live(&mut connection, &pile.details.charge_point_id).await?;
            piles::insert(&mut connection, &pile, &by).await??;
            Ok((pile, live))
        })
        .await?;
    let view = PileView::of(&pile, live.as_ref(), api.freshness_policy());
    let location = format!("/api/v1/piles/{}", pile.id);
    Ok(edit::respond(StatusCode::CREATED, pile.edition)
        .insert_header((header::LOCATION, location))
        .json(view))
}

/// `GET /api/v1/piles`
pub async fn list(
    api: Data<Api>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let request = paging::take(&mut query)?;
    let filter = Filter {
        station_id: query.optional("stationId", parse::uuid).map(StationId),
        charge_point_id: query.optional("chargePointId", parse::text(ChargePointId::parse)),
        words: search::words(&mut query),
        status: query.optional("status", status),
        online: query.optional("online", parse::in_query(parse::flag)),
        retired: query.optional("retired", parse::in_query(parse::flag)).unwrap_or(false),
    };
    query.finish(Some(()))?;
    page(&api, request, filter, None).await
}

/// Reads the status of a pile.
fn status(value: &Value) -> Result<PileStatus, String> {
    value.as_str().and_then(PileStatus::parse).ok_or_else(|| {
        let words: Vec<_> = ConnectorStatus::ALL.into_iter().map(ConnectorStatus::as_str).collect();
        format!("must be one of Unknown, Offline, {}", words.join(", "))
    })
}

/// `GET /api/v1/stations/{stationId}/piles`
pub async fn list_of_station(
    api: Data<Api>,
    PathParams(station): PathParams<String>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let station = stations::parse_id(&station)?;
    let request = paging::take(&mut query)?;
    query.finish(Some(()))?;
    let filter = Filter { station_id: Some(station), ..Filter::default() };
    page(&api, request, filter, Some(station)).await
}

/// `GET /api/v1/piles/{pileId}`
pub async fn get(api: Data<Api>, PathParams(id): PathParams<String>) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let found = api
        .run(move |mut connection| async move {
            Ok(piles::find_with_live(&mut connection, id).await?.ok_or(Refusal::NotFound)?)
        })
        .await?;
    Ok(show(&api, &found))
}

/// `PUT /api/v1/piles/{pileId}`
pub async fn replace(
    api: Data<Api>,
    PathParams(id): PathParams<String>,
    if_match: IfMatch,
    caller: Caller,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let details = body::read(body)?;
    edit(&api, id, if_match, caller, |_before| Ok(details)).await
}

/// `PATCH /api/v1/piles/{pileId}`
pub async fn patch(
    api: Data<Api>,
    PathParams(id): PathParams<String>,
    if_match: IfMatch,
    caller: Caller,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    edit(&api, id, if_match, caller, |before| body::read(body.patch(before)?)).await
}

/// Makes of what is said of a pile what `change` makes of it.
async fn edit(
    api: &Api,
    id: PileId,
    if_match: IfMatch,
    caller: Caller,
    change: impl FnOnce(&PileDetails) -> Result<PileDetails, ApiError> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let signature = caller.sign();
    let edited = api
        .run(move |mut connection| async move {
            piles::update(&mut connection, id, if_match.versions(), &signature, change).await?
        })
        .await?;
    Ok(show(api, &edited))
}

/// `DELETE /api/v1/piles/{pileId}`
pub async fn retire(
    api: Data<Api>,
    PathParams(id): PathParams<String>,
    if_match: IfMatch,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let signature = caller.sign();
    api.run(move |mut connection| async move {
        Ok(piles::retire(&mut connection, id, if_match.versions(), &signature).await??)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /api/v1/piles/{pileId}/restore`
pub async fn restore(
    api: Data<Api>,
    PathParams(id): PathParams<String>,
    if_match: IfMatch,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let signature = caller.sign();
    let restored = api
        .run(move |mut connection| async move {
            Ok(piles::restore(&mut connection, id, if_match.versions(), &signature).await??)
        })
        .await?;
    Ok(show(&api, &restored))
}

/// A pile with what its device reports, as a response.
fn show(api: &Api, (pile, live): &(Pile, Option<LiveView>)) -> HttpResponse {
    let view = PileView::of(pile, live.as_ref(), api.freshness_policy());
    edit::respond(StatusCode::OK, pile.edition).json(view)
}

/// The page that `request` asks for of the piles that `filter` lets through. They are those of `station`, where given, which must
/// be there.
async fn page(
    api: &Api,
    request: PageRequest,
    filter: Filter,
    station: Option<StationId>,
) -> Result<HttpResponse, ApiError> {
    let after = request.after.map(|place| (place.created_at, PileId(place.id)));
    let (page, live) = api
        .run(move |mut connection| async move {
            let rows = piles::list(&mut connection, &filter, after, request.rows()).await?;
            // A station with piles is there.
            if let Some(station) = station.filter(|_| rows.is_empty()) {
                let found = storage::assets::stations::find(&mut connection, station).await?;
                found.ok_or(Refusal::StationNotFound)?;
            }
            let page = Page::cut(&request, rows, |last| paging::place(last.edition, last.id.0));
            let devices: Vec<_> = page.items().iter().map(|pile| &pile.details.charge_point_id).collect();
            let live = piles::load_live(&mut connection, &devices).await?;
            Ok((page, live))
        })
        .await?;
    let policy = api.freshness_policy();
    let shown = page.show(|pile| PileView::of(pile, live.get(&pile.details.charge_point_id), policy));
    Ok(HttpResponse::Ok().json(shown))
}
