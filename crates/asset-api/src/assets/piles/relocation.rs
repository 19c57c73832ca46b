//! Replacing the device of a pile, moving a pile to another station, and where its devices were.

use super::{PileResource, body, show};
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::edit_request::EditRequest;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::paging::{self, ByTime};
use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use domain::ids::{ChargePointId, StationId};
use domain::text::Label;
use runtime::http::page::Page;
use runtime::http::{JsonBody, PathId, QueryParams};
use schemars::JsonSchema;
use serde::Serialize;
use storage::assets::piles::{self, PileRefusal};
use storage::assets::placements::{self, Assignment};

/// A time in which a charge point was in the pile.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Placement")]
pub struct PlacementView<'a> {
    /// The charge point, by its serial number.
    charge_point_id: &'a ChargePointId,
    /// The station at which the pile was.
    station_id: StationId,
    /// The operator of the station at that time; null if it had none.
    operator_id: Option<&'a Label>,
    /// When the time begins, RFC 3339 in UTC. Null for the first charge point of a pile, if it had
    /// no pile before: everything that was heard of it before it was registered belongs to this
    /// pile.
    from: Option<DateTime<Utc>>,
    /// When the time ends, exclusive, RFC 3339 in UTC; null for the current one. Up to an hour after
    /// the edit that ended it, if a session whose charge point has a fast clock began after the edit.
    until: Option<DateTime<Utc>>,
}

impl<'a> PlacementView<'a> {
    fn of(assignment: &'a Assignment) -> Self {
        Self {
            charge_point_id: &assignment.charge_point_id,
            station_id: assignment.place.station_id,
            operator_id: assignment.place.operator_id.as_ref(),
            from: assignment.from,
            until: assignment.until,
        }
    }
}

/// `POST /api/v1/piles/{pileId}/replace-charge-point`
pub async fn replace_charge_point(
    api: Data<Api>,
    PathId(id): PathId<PileResource>,
    request: EditRequest,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (device, reason) = body::replacement(body)?;
    let replaced = api
        .run(move |mut connection| async move {
            let (bound, expected, stamp) = (&request.bound, request.versions(), &request.stamp);
            Ok(piles::replace_charge_point(&mut connection, bound, id, expected, stamp, &device, &reason)
                .await??)
        })
        .await?;
    Ok(show(&api, &replaced))
}

/// `POST /api/v1/piles/{pileId}/move`
pub async fn move_to_station(
    api: Data<Api>,
    PathId(id): PathId<PileResource>,
    request: EditRequest,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (station, reason) = body::relocation(body)?;
    let moved = api
        .run(move |mut connection| async move {
            let (bound, expected, stamp) = (&request.bound, request.versions(), &request.stamp);
            Ok(piles::move_to_station(&mut connection, bound, id, expected, stamp, station, &reason)
                .await??)
        })
        .await?;
    Ok(show(&api, &moved))
}

/// `GET /api/v1/piles/{pileId}/placements`
pub async fn list(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<PileResource>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (after, request) = paging::take_after(&mut query, ByTime::decode)?;
    query.finish(Some(()))?;
    let before = after.map(|ByTime(at)| at);
    let rows = api
        .run(move |mut connection| async move {
            if !piles::is_known(&mut connection, &bound, id).await? {
                return Err(PileRefusal::NotFound.into());
            }
            Ok(placements::list_of_pile(&mut connection, &bound, id, before, request.rows()).await?)
        })
        .await?;
    // The first placement has no beginning, and no page follows it.
    let page = Page::cut(&request, rows, |last| ByTime(last.from.unwrap_or_default()));
    Ok(HttpResponse::Ok().json(page.show(PlacementView::of)))
}
