//! `/api/v1/revenue`: the energy of sessions and what they came to, by day or month, in total or by
//! operator or station; and `/api/v1/energy`: their energy alone.

mod export;
mod query;
pub mod routes;
mod view;

use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::paging::{self, ByPeriod};
use actix_web::HttpResponse;
use actix_web::web::Data;
use runtime::http::QueryParams;
use runtime::http::page::{InvalidCursor, Page};
use storage::sessions::revenue::{RevenueGrouping, RevenuePosition};
use view::{EnergyView, RevenueView};

/// The position after which the list begins, if `after` is a cursor of a list with this grouping.
fn after(
    after: Option<ByPeriod>,
    grouping: RevenueGrouping,
) -> Result<Option<RevenuePosition>, InvalidCursor> {
    match after {
        Some(cursor) if cursor.grouping != grouping => Err(InvalidCursor),
        after => Ok(after.map(|cursor| cursor.position)),
    }
}

/// `GET /api/v1/revenue`
async fn list(
    api: Data<Api>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (cursor, request) = paging::take_after(&mut query, ByPeriod::decode)?;
    let filter = query::take(&mut query);
    let filter = query.finish(filter)?;
    let grouping = filter.grouping;
    let after = after(cursor, grouping)?;
    let rows = api
        .run(move |mut connection| async move {
            let limit = request.rows();
            Ok(storage::sessions::revenue::list(&mut connection, &bound, &filter, after, limit).await?)
        })
        .await?;
    let page = Page::cut(&request, rows, |last| ByPeriod { grouping, position: last.position.clone() });
    Ok(HttpResponse::Ok().json(page.show(RevenueView::of)))
}

/// `GET /api/v1/energy`
async fn energy(
    api: Data<Api>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let filter = query::take_days(&mut query);
    let filter = query.finish(filter)?;
    let total = api
        .run(move |mut connection| async move {
            Ok(storage::sessions::revenue::total_energy(&mut connection, &bound, &filter).await?)
        })
        .await?;
    Ok(HttpResponse::Ok().json(EnergyView::from(total)))
}
