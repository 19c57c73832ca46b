//! `/api/v1/maintenance-windows`: times in which no issue opens at a station or a pile.

pub mod routes;
mod view;

use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::edit;
use crate::http::error::{ApiError, IntoProblem as _};
use crate::http::fields::Fields;
use crate::http::fields::parse::{any_instant, text, uuid};
use crate::http::paging;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{Actor, MaintenanceWindowId, PileId, StationId};
use domain::text::Label;
use runtime::Problem;
use runtime::auth::Subject;
use runtime::http::page::{Cursor, Page};
use runtime::http::{JsonBody, PathId, QueryParams, Resource};
use schemars::JsonSchema;
use serde::Serialize;
use storage::issues::maintenance::{self, MaintenanceWindow, NewWindow, WindowRefusal};
use uuid::Uuid;
use view::WindowView;

/// The longest window: what is wrong meanwhile is no issue.
const LONGEST: TimeDelta = TimeDelta::days(31);

/// A maintenance window in a path.
pub struct WindowResource;

impl Resource for WindowResource {
    type Id = MaintenanceWindowId;

    fn not_found() -> Problem {
        WindowRefusal::NotFound.into_problem()
    }
}

/// A maintenance window to record. `stationId` or `pileId` is required.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "NewMaintenanceWindow", extend("additionalProperties" = false))]
pub struct NewWindowBody {
    /// The station; that of the pile when absent.
    station_id: Option<StationId>,
    /// The pile; all piles of the station when absent.
    pile_id: Option<PileId>,
    /// The beginning, RFC 3339; now when absent.
    begins_at: Option<DateTime<Utc>>,
    /// The end, exclusive, RFC 3339; in the future, and at most 31 days after the beginning.
    ends_at: DateTime<Utc>,
    /// Why the station or the pile is maintained.
    reason: Label,
}

fn read(mut body: Fields, now: DateTime<Utc>) -> Result<NewWindow, ApiError> {
    let station_id = body.optional("stationId", uuid).map(StationId);
    if !body.has("pileId") && station_id.is_none() {
        body.refuse("stationId", "is required without pileId");
    }
    let pile_id = body.optional("pileId", uuid).map(PileId);
    let begins_at = body.optional("beginsAt", any_instant).unwrap_or(now);
    let ends_at = body.required("endsAt", any_instant);
    if let Some(ends_at) = ends_at {
        if ends_at <= begins_at.max(now) {
            body.refuse("endsAt", "must be in the future, and after beginsAt");
        } else if ends_at.signed_duration_since(begins_at) > LONGEST {
            body.refuse("endsAt", "must be at most 31 days after beginsAt");
        }
    }
    let reason = body.required("reason", text(Label::parse));
    let id = MaintenanceWindowId(Uuid::now_v7());
    Ok(body.finish(ends_at.zip(reason).map(|(ends_at, reason)| NewWindow {
        id,
        station_id,
        pile_id,
        begins_at,
        ends_at,
        reason,
    }))?)
}

/// `POST /api/v1/maintenance-windows`
async fn create(
    api: Data<Api>,
    Subject(by): Subject<Actor>,
    Bound(bound): Bound,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let stamp = edit::stamp(by);
    let window = read(body, stamp.at)?;
    let made = api
        .run(move |mut connection| async move {
            Ok(maintenance::insert(&mut connection, &bound, &window, &stamp).await??)
        })
        .await?;
    let location = format!("/api/v1/maintenance-windows/{}", made.id);
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).json(WindowView::of(&made)))
}

/// `GET /api/v1/maintenance-windows`
async fn list(
    api: Data<Api>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let request = paging::take(&mut query)?;
    let station = query.optional("stationId", uuid).map(StationId);
    query.finish(Some(()))?;
    let after = request.after.map(|place| (place.created_at, MaintenanceWindowId(place.id)));
    let rows = api
        .run(move |mut connection| async move {
            Ok(maintenance::list(&mut connection, &bound, station, after, request.rows()).await?)
        })
        .await?;
    let place = |last: &MaintenanceWindow| Cursor { created_at: last.created_at, id: last.id };
    let page = Page::cut(&request, rows, place);
    Ok(HttpResponse::Ok().json(page.show(WindowView::of)))
}

/// `GET /api/v1/maintenance-windows/{windowId}`
async fn get(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<WindowResource>,
) -> Result<HttpResponse, ApiError> {
    let found = api
        .run(move |mut connection| async move {
            Ok(maintenance::find(&mut connection, &bound, id).await?.ok_or(WindowRefusal::NotFound)?)
        })
        .await?;
    Ok(HttpResponse::Ok().json(WindowView::of(&found)))
}

/// `POST /api/v1/maintenance-windows/{windowId}/end`
async fn end(
    api: Data<Api>,
    Subject(by): Subject<Actor>,
    Bound(bound): Bound,
    PathId(id): PathId<WindowResource>,
) -> Result<HttpResponse, ApiError> {
    let stamp = edit::stamp(by);
    let ended = api
        .run(move |mut connection| async move {
            Ok(maintenance::end(&mut connection, &bound, id, &stamp).await??)
        })
        .await?;
    Ok(HttpResponse::Ok().json(WindowView::of(&ended)))
}
