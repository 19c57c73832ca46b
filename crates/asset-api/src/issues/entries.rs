//! The history and the devices of an issue in pages: `GET /api/v1/issues/{issueId}/history` and
//! `…/devices`.

use super::IssueResource;
use super::view::{DeviceView, EventView};
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{flag, in_query};
use crate::http::paging::{self, ByName, ByVersion};
use actix_web::HttpResponse;
use actix_web::web::Data;
use runtime::http::page::Page;
use runtime::http::{PathId, QueryParams};
use storage::issues::{self, IssueDevice, IssueEvent, IssueRefusal};

/// `GET /api/v1/issues/{issueId}/history`
pub async fn history(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<IssueResource>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (after, request) = paging::take_after(&mut query, ByVersion::decode)?;
    query.finish(Some(()))?;
    let before = after.map(|ByVersion(number)| number);
    let rows = api
        .run(move |mut connection| async move {
            issues::find(&mut connection, &bound, id).await?.ok_or(IssueRefusal::NotFound)?;
            Ok(issues::list_events(&mut connection, id, before, request.rows()).await?)
        })
        .await?;
    let page = Page::cut(&request, rows, |last: &IssueEvent| ByVersion(last.number));
    Ok(HttpResponse::Ok().json(page.show(EventView::of)))
}

/// `GET /api/v1/issues/{issueId}/devices`
pub async fn devices(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<IssueResource>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (after, request) = paging::take_after(&mut query, ByName::decode)?;
    let current = query.optional("current", in_query(flag));
    query.finish(Some(()))?;
    let rows = api
        .run(move |mut connection| async move {
            issues::find(&mut connection, &bound, id).await?.ok_or(IssueRefusal::NotFound)?;
            let after = after.as_ref().map(|ByName(device)| device.as_str());
            Ok(issues::list_devices(&mut connection, &bound, id, current, after, request.rows()).await?)
        })
        .await?;
    let page = Page::cut(&request, rows, |last: &IssueDevice| ByName(last.charge_point_id.clone()));
    Ok(HttpResponse::Ok().json(page.show(DeviceView::of)))
}
