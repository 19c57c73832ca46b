//! `/api/v1/piles` and `/api/v1/stations/{stationId}/piles`: registered data and live state of a
//! pile in one body.

pub mod body;
mod live;
pub mod problem;
pub mod reader;
mod relocation;
pub mod routes;
mod view;

use crate::assets::stations::StationResource;
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::creation;
use crate::http::edit;
use crate::http::edit_request::EditRequest;
use crate::http::error::{ApiError, IntoProblem as _};
use crate::http::fields::{Fields, parse, search};
use crate::http::paging;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use domain::assets::{OperatorBound, Pile, PileDetails};
use domain::ids::{Actor, ChargePointId, PileId, StationId};
use domain::status::{ConnectorStatus, PileStatus};
use reader::FoundPile;
use runtime::Problem;
use runtime::auth::Subject;
use runtime::http::page::{Page, PageRequest};
use runtime::http::{IdempotencyKey, JsonBody, QueryParams};
use runtime::http::{PathId, Resource};
use serde_json::Value;
use storage::assets::piles::{self, Filter, PileQuery, PileRefusal};
use uuid::Uuid;
use view::PileView;

/// A pile in a path.
pub struct PileResource;

impl Resource for PileResource {
    type Id = PileId;

    fn not_found() -> Problem {
        PileRefusal::NotFound.into_problem()
    }
}

/// `POST /api/v1/stations/{stationId}/piles`
pub async fn create(
    api: Data<Api>,
    PathId(station): PathId<StationResource>,
    Subject(by): Subject<Actor>,
    Bound(bound): Bound,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let keyed = creation::keyed(key, &format!("/api/v1/stations/{station}/piles"), &body)?;
    let at = edit::now();
    let pile = Pile {
        id: PileId(Uuid::now_v7()),
        station_id: station,
        details: body::read(body)?,
        revision: edit::first(at),
    };
    let (pile, live, is_replay) = api
        .run(move |mut connection| async move {
            // Read first, so that nothing can fail after the insert.
            let live = piles::find_live(&mut connection, &bound, &pile.details.charge_point_id).await?;
            let made = piles::insert_once(&mut connection, &bound, &pile, &by, keyed.as_ref()).await??;
            let Err(before) = creation::created(made)? else { return Ok((pile, live, false)) };
            let query = PileQuery { id: PileId(before), bound, also_retired: false };
            let found = piles::find_with_live(&mut connection, &query).await?;
            let (pile, live) = found.ok_or(PileRefusal::NotFound)?;
            Ok((pile, live, true))
        })
        .await?;
    let view = PileView::of(&pile, live.as_ref(), api.freshness_policy());
    let location = format!("/api/v1/piles/{}", pile.id);
    let mut response = edit::respond(StatusCode::CREATED, pile.revision);
    creation::mark_replayed(&mut response, is_replay);
    Ok(response.insert_header((header::LOCATION, location)).json(view))
}

/// `GET /api/v1/piles`
pub async fn list(
    api: Data<Api>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let request = paging::take(&mut query)?;
    let filter = Filter {
        station_id: query.optional("stationId", parse::uuid).map(StationId),
        charge_point_id: query.optional("chargePointId", parse::text(ChargePointId::parse)),
        search: search::terms(&mut query),
        status: query.optional("status", status),
        online: query.optional("online", parse::in_query(parse::flag)),
        retired: query.optional("retired", parse::in_query(parse::flag)).unwrap_or(false),
    };
    query.finish(Some(()))?;
    page(&api, bound, request, filter, None).await
}

/// Parses the status of a pile.
fn status(value: &Value) -> Result<PileStatus, String> {
    value.as_str().and_then(PileStatus::parse).ok_or_else(|| {
        let statuses: Vec<_> = ConnectorStatus::ALL.into_iter().map(ConnectorStatus::as_str).collect();
        format!("must be one of Unknown, Offline, {}", statuses.join(", "))
    })
}

/// `GET /api/v1/stations/{stationId}/piles`
pub async fn list_of_station(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(station): PathId<StationResource>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let request = paging::take(&mut query)?;
    query.finish(Some(()))?;
    let filter = Filter { station_id: Some(station), ..Filter::default() };
    page(&api, bound, request, filter, Some(station)).await
}

/// `GET /api/v1/piles/{pileId}`
pub async fn get(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<PileResource>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let also_retired = query.optional("retired", parse::in_query(parse::flag)).unwrap_or(false);
    query.finish(Some(()))?;
    let found = api.find_pile(PileQuery { id, bound, also_retired }).await?.ok_or(PileRefusal::NotFound)?;
    Ok(show(&api, &found))
}

/// `PUT /api/v1/piles/{pileId}`
pub async fn replace(
    api: Data<Api>,
    PathId(id): PathId<PileResource>,
    request: EditRequest,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let details = body::read(body)?;
    edit(&api, id, request, |_before| Ok(details)).await
}

/// `PATCH /api/v1/piles/{pileId}`
pub async fn patch(
    api: Data<Api>,
    PathId(id): PathId<PileResource>,
    request: EditRequest,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    edit(&api, id, request, |before| body::read(body.patch(before)?)).await
}

/// Replaces the registered data of a pile with the result of `change`.
async fn edit(
    api: &Api,
    id: PileId,
    request: EditRequest,
    change: impl FnOnce(&PileDetails) -> Result<PileDetails, ApiError> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let edited = api
        .run(move |mut connection| async move {
            piles::update(&mut connection, &request.bound, id, request.versions(), &request.stamp, change)
                .await?
        })
        .await?;
    Ok(show(api, &edited))
}

/// `DELETE /api/v1/piles/{pileId}`
pub async fn retire(
    api: Data<Api>,
    PathId(id): PathId<PileResource>,
    request: EditRequest,
) -> Result<HttpResponse, ApiError> {
    api.run(move |mut connection| async move {
        Ok(piles::retire(&mut connection, &request.bound, id, request.versions(), &request.stamp).await??)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /api/v1/piles/{pileId}/restore`
pub async fn restore(
    api: Data<Api>,
    PathId(id): PathId<PileResource>,
    request: EditRequest,
) -> Result<HttpResponse, ApiError> {
    let restored = api
        .run(move |mut connection| async move {
            Ok(piles::restore(&mut connection, &request.bound, id, request.versions(), &request.stamp)
                .await??)
        })
        .await?;
    Ok(show(&api, &restored))
}

/// Responds with a pile and its live state.
fn show(api: &Api, (pile, live): &FoundPile) -> HttpResponse {
    let view = PileView::of(pile, live.as_ref(), api.freshness_policy());
    edit::respond(StatusCode::OK, pile.revision).json(view)
}

/// Responds with the page `request` of the piles that match `filter`. If `station` is given, it
/// must exist.
async fn page(
    api: &Api,
    bound: OperatorBound,
    request: PageRequest,
    filter: Filter,
    station: Option<StationId>,
) -> Result<HttpResponse, ApiError> {
    let after = request.after.map(|place| (place.created_at, PileId(place.id)));
    let (page, live) = api
        .run(move |mut connection| async move {
            let rows = piles::list(&mut connection, &bound, &filter, after, request.rows()).await?;
            // A station with piles exists.
            if let Some(station) = station.filter(|_| rows.is_empty()) {
                let found = storage::assets::stations::find(&mut connection, &bound, station).await?;
                found.ok_or(PileRefusal::StationNotFound)?;
            }
            let page = Page::cut(&request, rows, |last| paging::place(last.revision, last.id.0));
            let devices: Vec<_> = page.items().iter().map(|pile| &pile.details.charge_point_id).collect();
            let live = piles::load_live(&mut connection, &bound, &devices).await?;
            Ok((page, live))
        })
        .await?;
    let policy = api.freshness_policy();
    let shown = page.show(|pile| PileView::of(pile, live.get(&pile.details.charge_point_id), policy));
    Ok(HttpResponse::Ok().json(shown))
}
