//! `/api/v1/reliability`: the uptime, failures and starts of connectors, piles, stations and operators
//! over some days, and the downtime that does not count.

pub mod exclusions;
mod export;
mod extent;
mod query;
pub mod routes;
mod view;

use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::paging::{self, ByGroup};
use actix_web::HttpResponse;
use actix_web::web::Data;
use runtime::http::QueryParams;
use runtime::http::page::{InvalidCursor, Page};
use storage::reliability::{GroupKey, Grouping};
use view::{TotalView, TotalsPage};

/// The group after which the list begins, if `after` is a cursor of a list with this grouping.
fn after(after: Option<ByGroup>, grouping: Grouping) -> Result<Option<GroupKey>, InvalidCursor> {
    match after {
        Some(ByGroup(key)) if key.grouping() != grouping => Err(InvalidCursor),
        after => Ok(after.map(|ByGroup(key)| key)),
    }
}

/// `GET /api/v1/reliability`
async fn list(
    api: Data<Api>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (cursor, request) = paging::take_after(&mut query, ByGroup::decode)?;
    let asked = query::take(&mut query);
    let asked = query.finish(asked)?;
    let after = after(cursor, asked.grouping)?;
    let profile = asked.profile;
    let (computed_until, request, rows) = api
        .run(move |mut connection| async move {
            extent::check(&mut connection, &bound, &asked).await?;
            let (grouping, filter, after) = (asked.grouping, &asked.filter, after.as_ref());
            let request = request.at_most(extent::groups_at_once(&mut connection, filter).await?);
            let limit = request.rows();
            let rows =
                storage::reliability::list(&mut connection, &bound, grouping, filter, after, limit).await?;
            Ok((storage::reliability::computed_until(&mut connection).await?, request, rows))
        })
        .await?;
    let page = Page::cut(&request, rows, |last| ByGroup(last.key.clone()));
    let page = page.show(|total| TotalView::of(total, profile));
    Ok(HttpResponse::Ok().json(TotalsPage { page, computed_until }))
}
