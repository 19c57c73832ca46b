//! `/api/v1/issues`: what is wrong, with its history, and what callers do about it.

mod edits;
mod entries;
mod filter;
pub mod maintenance;
mod problem;
pub mod routes;
mod view;

use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::edit;
use crate::http::error::{ApiError, IntoProblem as _};
use crate::http::fields::Fields;
use crate::http::paging;
use actix_web::HttpResponse;
use actix_web::web::Data;
use domain::ids::IssueId;
use runtime::Problem;
use runtime::http::page::{Cursor, Page};
use runtime::http::{PathId, QueryParams, Resource};
use storage::issues::{self, DeviceCounts, IssueRecord, IssueRefusal, MAX_LISTED, recovery};
use view::{CountsView, IssueView, WholeIssue, WholeIssueView};

/// An issue in a path.
pub struct IssueResource;

impl Resource for IssueResource {
    type Id = IssueId;

    fn not_found() -> Problem {
        IssueRefusal::NotFound.into_problem()
    }
}

/// `GET /api/v1/issues`
async fn list(
    api: Data<Api>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let request = paging::take(&mut query)?;
    let filter = filter::take(&mut query);
    query.finish(Some(()))?;
    let after = request.after.map(|place| (place.created_at, IssueId(place.id)));
    let rows = api
        .run(move |mut connection| async move {
            Ok(issues::list(&mut connection, &bound, &filter, after, request.rows()).await?)
        })
        .await?;
    let place = |last: &IssueRecord| Cursor { created_at: last.opened_at, id: last.id.0 };
    let page = Page::cut(&request, rows, place);
    let now = edit::now();
    Ok(HttpResponse::Ok().json(page.show(|issue| IssueView::of(issue, now))))
}

/// `GET /api/v1/issues/counts`
async fn count(
    api: Data<Api>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let filter = filter::take_without_state(&mut query);
    query.finish(Some(()))?;
    let counts = api
        .run(move |mut connection| async move { Ok(issues::count(&mut connection, &bound, &filter).await?) })
        .await?;
    Ok(HttpResponse::Ok().json(CountsView::of(counts)))
}

/// `GET /api/v1/issues/{issueId}`
async fn get(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<IssueResource>,
) -> Result<HttpResponse, ApiError> {
    let whole = api
        .run(move |mut connection| async move {
            let issue = issues::find(&mut connection, &bound, id).await?.ok_or(IssueRefusal::NotFound)?;
            let events = issues::list_events(&mut connection, id, None, MAX_LISTED).await?;
            let attempts = recovery::list_attempts(&mut connection, id).await?;
            let (devices, device_counts) = if issue.charge_point_id.is_none() {
                let devices = issues::first_devices(&mut connection, &bound, id).await?;
                (devices, issues::count_devices(&mut connection, &bound, id).await?)
            } else {
                (Vec::new(), DeviceCounts::default())
            };
            let recovery = recovery::outlook(&mut connection, id).await?;
            Ok(WholeIssue { issue, events, attempts, recovery, devices, device_counts })
        })
        .await?;
    Ok(HttpResponse::Ok().json(WholeIssueView::of(&whole, edit::now())))
}
