//! `/api/v1/stations`: charging stations.

pub mod body;
pub mod problem;
mod query;
pub mod routes;
pub mod view;

use crate::assets::station_map::{CurrentMap, Entry};
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::creation;
use crate::http::edit;
use crate::http::edit_request::EditRequest;
use crate::http::error::{ApiError, IntoProblem as _};
use crate::http::fields::{Fields, parse};
use crate::http::paging::{self, ByDistance};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType};
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use domain::assets::{Location, OperatorBound, Station, StationDetails};
use domain::ids::{Actor, StationId};
use runtime::Problem;
use runtime::auth::Subject;
use runtime::http::page::{Cursor, Page};
use runtime::http::{IdempotencyKey, JsonBody, QueryParams};
use runtime::http::{PathId, Resource};
use storage::Connection;
use storage::assets::availability::{self, Availability};
use storage::assets::stations::{self, Filter, Near, StationRefusal};
use uuid::Uuid;
use view::{AvailabilityView, StationPage, StationView};

/// A station in a path.
pub struct StationResource;

impl Resource for StationResource {
    type Id = StationId;

    fn not_found() -> Problem {
        StationRefusal::NotFound.into_problem()
    }
}

/// `POST /api/v1/stations`
pub async fn create(
    api: Data<Api>,
    Subject(by): Subject<Actor>,
    Bound(bound): Bound,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let keyed = creation::keyed(key, "/api/v1/stations", &body)?;
    let at = edit::now();
    let station = Station {
        id: StationId(Uuid::now_v7()),
        details: body::read(body, &bound)?,
        revision: edit::first(at),
    };
    let (station, availability, is_replay) = api
        .run(move |mut connection| async move {
            let made = stations::insert_once(&mut connection, &station, &by, keyed.as_ref()).await?;
            let Err(before) = creation::created(made)? else {
                return Ok((station, Availability::default(), false));
            };
            let (station, availability) = load(&mut connection, &bound, StationId(before), false).await?;
            Ok((station, availability, true))
        })
        .await?;
    let location = format!("/api/v1/stations/{}", station.id);
    let mut response = edit::respond(StatusCode::CREATED, station.revision);
    creation::mark_replayed(&mut response, is_replay);
    Ok(response.insert_header((header::LOCATION, location)).json(StationView::of(
        &station,
        &availability,
        api.freshness_policy(),
    )))
}

/// `GET /api/v1/stations`
pub async fn list(
    api: Data<Api>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let filter = query::filter(&mut query);
    match query::near(&mut query, &filter) {
        Some(near) => list_near(&api, bound, query, near, filter).await,
        None => list_newest(&api, bound, query, filter).await,
    }
}

/// Responds with a page of stations, the newest first.
async fn list_newest(
    api: &Api,
    bound: OperatorBound,
    mut query: Fields,
    filter: Filter,
) -> Result<HttpResponse, ApiError> {
    let request = paging::take(&mut query)?;
    query.finish(Some(()))?;
    let after = request.after.map(|place| (place.created_at, StationId(place.id)));
    if let Some(CurrentMap { map, counted_at }) = api.station_map(&filter).await {
        let found = map.newest(&bound, &filter, after, request.items());
        let page = Page::cut(&request, found, |last| Cursor { created_at: last.created_at, id: last.id.0 });
        return respond_with(api, &page, counted_at, None, |entry| entry);
    }
    let counted_at = edit::now();
    let (page, availability) = api
        .run(move |mut connection| async move {
            let rows = stations::list(&mut connection, &bound, &filter, after, request.rows()).await?;
            let page = Page::cut(&request, rows, |last| paging::place(last.revision, last.id.0));
            let ids: Vec<_> = page.items().iter().map(|station| station.id).collect();
            let availability = availability::load_many(&mut connection, &ids).await?;
            Ok((page, availability))
        })
        .await?;
    let (nothing, policy) = (Availability::default(), api.freshness_policy());
    let shown = page.show(|station: &Station| {
        StationView::of(station, availability.get(&station.id).unwrap_or(&nothing), policy)
    });
    Ok(HttpResponse::Ok().json(StationPage::new(shown, counted_at)))
}

/// Responds with a page of the map; `from` is the place of a list by distance.
fn respond_with<T>(
    api: &Api,
    page: &Page<T>,
    counted_at: DateTime<Utc>,
    from: Option<Location>,
    entry: impl Fn(&T) -> &Entry,
) -> Result<HttpResponse, ApiError> {
    let policy = api.freshness_policy();
    let is_behind = policy.progress.is_any_behind();
    let render = |body: &mut Vec<u8>, item: &T| entry(item).render(body, from, policy, is_behind);
    let body = view::page_json(page, counted_at, render)?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(body))
}

/// Responds with a page of stations near a place, the nearest first.
async fn list_near(
    api: &Api,
    bound: OperatorBound,
    mut query: Fields,
    near: Near,
    filter: Filter,
) -> Result<HttpResponse, ApiError> {
    let (after, request) = paging::take_after(&mut query, ByDistance::decode)?;
    query.finish(Some(()))?;
    let after = after.map(|place| (place.distance, StationId(place.id)));
    if let Some(CurrentMap { map, counted_at }) = api.station_map(&filter).await {
        let found = map.nearest(&bound, &filter, &near, after, request.items());
        let place = |(last, away): &(&Entry, f64)| ByDistance { distance: *away, id: last.id.0 };
        let page = Page::cut(&request, found, place);
        return respond_with(api, &page, counted_at, Some(near.place), |(entry, _)| entry);
    }
    let counted_at = edit::now();
    let (page, availability) = api
        .run(move |mut connection| async move {
            let rows =
                stations::list_near(&mut connection, &bound, &near, &filter, after, request.rows()).await?;
            let page =
                Page::cut(&request, rows, |(last, away)| ByDistance { distance: *away, id: last.id.0 });
            let ids: Vec<_> = page.items().iter().map(|(station, _)| station.id).collect();
            let availability = availability::load_many(&mut connection, &ids).await?;
            Ok((page, availability))
        })
        .await?;
    let (nothing, policy) = (Availability::default(), api.freshness_policy());
    let shown = page.show(|(station, _)| {
        let availability = availability.get(&station.id).unwrap_or(&nothing);
        StationView::of(station, availability, policy).seen_from(station, near.place)
    });
    Ok(HttpResponse::Ok().json(StationPage::new(shown, counted_at)))
}

/// `GET /api/v1/stations/{stationId}`
pub async fn get(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<StationResource>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let also_retired = query.optional("retired", parse::in_query(parse::flag)).unwrap_or(false);
    query.finish(Some(()))?;
    let (station, availability) = find(&api, bound, id, also_retired).await?;
    Ok(edit::respond(StatusCode::OK, station.revision).json(StationView::of(
        &station,
        &availability,
        api.freshness_policy(),
    )))
}

/// `GET /api/v1/stations/{stationId}/availability`
pub async fn availability(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<StationResource>,
) -> Result<HttpResponse, ApiError> {
    let (_, availability) = find(&api, bound, id, false).await?;
    Ok(HttpResponse::Ok().json(AvailabilityView::of(id, &availability, api.freshness_policy())))
}

/// Loads a station and the availability of its piles.
async fn find(
    api: &Api,
    bound: OperatorBound,
    id: StationId,
    also_retired: bool,
) -> Result<(Station, Availability), ApiError> {
    api.run(move |mut connection| async move { load(&mut connection, &bound, id, also_retired).await }).await
}

async fn load(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: StationId,
    also_retired: bool,
) -> Result<(Station, Availability), ApiError> {
    let found = match also_retired {
        true => stations::find_also_retired(connection, bound, id).await?,
        false => stations::find(connection, bound, id).await?,
    };
    let station = found.ok_or(StationRefusal::NotFound)?;
    Ok((station, availability::load(connection, id).await?))
}

/// `PUT /api/v1/stations/{stationId}`
pub async fn replace(
    api: Data<Api>,
    PathId(id): PathId<StationResource>,
    request: EditRequest,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let details = body::read(body, &request.bound)?;
    edit(&api, id, request, |_before| Ok(details)).await
}

/// `PATCH /api/v1/stations/{stationId}`
pub async fn patch(
    api: Data<Api>,
    PathId(id): PathId<StationResource>,
    request: EditRequest,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let bound = request.bound.clone();
    edit(&api, id, request, move |before| body::read(body.patch(before)?, &bound)).await
}

/// Replaces the registered data of a station with the result of `change`.
async fn edit(
    api: &Api,
    id: StationId,
    request: EditRequest,
    change: impl FnOnce(&StationDetails) -> Result<StationDetails, ApiError> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let (station, availability) = api
        .run(move |mut connection| async move {
            stations::update(&mut connection, &request.bound, id, request.versions(), &request.stamp, change)
                .await?
        })
        .await?;
    Ok(edit::respond(StatusCode::OK, station.revision).json(StationView::of(
        &station,
        &availability,
        api.freshness_policy(),
    )))
}

/// `DELETE /api/v1/stations/{stationId}`
pub async fn retire(
    api: Data<Api>,
    PathId(id): PathId<StationResource>,
    request: EditRequest,
) -> Result<HttpResponse, ApiError> {
    api.run(move |mut connection| async move {
        Ok(stations::retire(&mut connection, &request.bound, id, request.versions(), &request.stamp)
            .await??)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /api/v1/stations/{stationId}/restore`
pub async fn restore(
    api: Data<Api>,
    PathId(id): PathId<StationResource>,
    request: EditRequest,
) -> Result<HttpResponse, ApiError> {
    let station = api
        .run(move |mut connection| async move {
            Ok(stations::restore(&mut connection, &request.bound, id, request.versions(), &request.stamp)
                .await??)
        })
        .await?;
    Ok(edit::respond(StatusCode::OK, station.revision).json(StationView::of(
        &station,
        &Availability::default(),
        api.freshness_policy(),
    )))
}
