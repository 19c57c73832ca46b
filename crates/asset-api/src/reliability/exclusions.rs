//! `/api/v1/reliability/exclusions`: downtime that does not count.

mod body;
mod problem;
pub mod routes;
mod view;

use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::creation;
use crate::http::edit;
use crate::http::error::{ApiError, IntoProblem as _};
use crate::http::fields::Fields;
use crate::http::fields::parse::{any_instant, flag, in_query, one_of, text, uuid};
use crate::http::paging;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use domain::ids::{Actor, ExclusionId, PileId, StationId};
use domain::reliability::ExclusionReason;
use domain::text::Label;
use problem::ExclusionNotFound;
use runtime::Problem;
use runtime::auth::Subject;
use runtime::http::page::{Cursor, Page};
use runtime::http::{IdempotencyKey, JsonBody, PathId, QueryParams, Resource};
use storage::reliability::exclusions::{self, ExclusionRecord, Filter};
use view::ExclusionView;

const PATH: &str = "/api/v1/reliability/exclusions";

/// An exclusion in a path.
struct ExclusionResource;

impl Resource for ExclusionResource {
    type Id = ExclusionId;

    fn not_found() -> Problem {
        ExclusionNotFound.into_problem()
    }
}

/// `POST /api/v1/reliability/exclusions`
async fn create(
    api: Data<Api>,
    Subject(by): Subject<Actor>,
    Bound(bound): Bound,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let keyed = creation::keyed(key, PATH, &body)?;
    let stamp = edit::stamp(by);
    let exclusion = body::read(body)?;
    let (entered, is_replay) = api
        .run(move |mut connection| async move {
            let keyed = keyed.as_ref();
            let entered =
                exclusions::insert_once(&mut connection, &bound, &exclusion, &stamp, keyed).await??;
            match creation::created(entered)? {
                Ok(entered) => Ok((entered, false)),
                Err(before) => {
                    let found = exclusions::find(&mut connection, &bound, ExclusionId(before)).await?;
                    Ok((found.ok_or(ExclusionNotFound)?, true))
                }
            }
        })
        .await?;
    let location = format!("{PATH}/{}", entered.id);
    let mut response = HttpResponse::Created();
    creation::mark_replayed(&mut response, is_replay);
    Ok(response.insert_header((header::LOCATION, location)).json(ExclusionView::of(&entered)))
}

/// `GET /api/v1/reliability/exclusions`
async fn list(
    api: Data<Api>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let request = paging::take(&mut query)?;
    let filter = Filter {
        station_id: query.optional("stationId", uuid).map(StationId),
        pile_id: query.optional("pileId", uuid).map(PileId),
        reason: query.optional("reason", one_of(&ExclusionReason::ALL, ExclusionReason::as_str)),
        from: query.optional("from", any_instant),
        until: query.optional("until", any_instant),
        withdrawn: query.optional("withdrawn", in_query(flag)),
    };
    query.finish(Some(()))?;
    let after = request.after.map(|place| (place.created_at, ExclusionId(place.id)));
    let rows = api
        .run(move |mut connection| async move {
            Ok(exclusions::list(&mut connection, &bound, &filter, after, request.rows()).await?)
        })
        .await?;
    let place = |last: &ExclusionRecord| Cursor { created_at: last.entered.at, id: last.id.0 };
    let page = Page::cut(&request, rows, place);
    Ok(HttpResponse::Ok().json(page.show(ExclusionView::of)))
}

/// `GET /api/v1/reliability/exclusions/{exclusionId}`
async fn get(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<ExclusionResource>,
) -> Result<HttpResponse, ApiError> {
    let found = api
        .run(move |mut connection| async move {
            Ok(exclusions::find(&mut connection, &bound, id).await?.ok_or(ExclusionNotFound)?)
        })
        .await?;
    Ok(HttpResponse::Ok().json(ExclusionView::of(&found)))
}

/// `POST /api/v1/reliability/exclusions/{exclusionId}/withdraw`
async fn withdraw(
    api: Data<Api>,
    PathId(id): PathId<ExclusionResource>,
    Subject(by): Subject<Actor>,
    Bound(bound): Bound,
    JsonBody(mut body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let note = body.required("withdrawalNote", text(Label::parse));
    let note = body.finish(note)?;
    let stamp = edit::stamp(by);
    let withdrawn = api
        .run(move |mut connection| async move {
            Ok(exclusions::withdraw(&mut connection, &bound, id, &note, &stamp).await??)
        })
        .await?;
    Ok(HttpResponse::Ok().json(ExclusionView::of(&withdrawn)))
}
