//! `/api/v1/tariffs/{tariffId}/draft` and `…/versions`: the prices of a tariff, before and after
//! publication.

pub mod price_list;
pub mod routes;
mod view;

use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::edit::{self, OnlyCreate};
use crate::http::edit_request::EditRequest;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::instant;
use crate::http::paging::{self, ByVersion};
use crate::tariffs::TariffResource;
use crate::tariffs::problem::NotFound;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use domain::assets::OperatorBound;
use domain::ids::TariffId;
use domain::tariffs::PriceListDraft;
use runtime::http::PathId;
use runtime::http::page::Page;
use runtime::http::{JsonBody, PathParams, QueryParams};
use storage::Connection;
use storage::tariffs::versions::{self, DraftRefusal, NO_DRAFT, Version};
use view::{DraftView, VersionView};

/// Parses the version number of a path; an invalid number is refused like an unknown one.
pub(super) fn parse_number(raw: &str) -> Result<u32, NotFound> {
    raw.parse().ok().filter(|number| *number > 0).ok_or(NotFound::Version)
}

/// `GET /api/v1/tariffs/{tariffId}/draft`
async fn get_draft(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<TariffResource>,
) -> Result<HttpResponse, ApiError> {
    let draft = api
        .run(move |mut connection| async move {
            // The draft of a retired tariff cannot be edited and is not shown.
            storage::tariffs::find(&mut connection, &bound, id).await?.ok_or(DraftRefusal::NotFound)?;
            Ok(versions::find_draft(&mut connection, id).await?.ok_or(DraftRefusal::NoDraft)?)
        })
        .await?;
    Ok(respond(&api, &draft))
}

/// `PUT /api/v1/tariffs/{tariffId}/draft`
async fn put_draft(
    api: Data<Api>,
    PathId(id): PathId<TariffResource>,
    request: EditRequest,
    OnlyCreate(only_create): OnlyCreate,
    JsonBody(draft): JsonBody<PriceListDraft>,
) -> Result<HttpResponse, ApiError> {
    let draft = api
        .run(move |mut connection| async move {
            let expected = match (only_create, request.versions()) {
                (false, expected) => expected,
                (true, None) => Some(&[NO_DRAFT][..]),
                // A draft cannot be at a revision and absent.
                (true, Some(_)) => Some(&[][..]),
            };
            versions::put_draft(&mut connection, &request.bound, id, expected, &request.stamp, |details| {
                draft.check(details.currency).map_err(ApiError::from)
            })
            .await?
        })
        .await?;
    Ok(respond(&api, &draft))
}

/// `DELETE /api/v1/tariffs/{tariffId}/draft`
async fn discard_draft(
    api: Data<Api>,
    PathId(id): PathId<TariffResource>,
    request: EditRequest,
) -> Result<HttpResponse, ApiError> {
    api.run(move |mut connection| async move {
        let (bound, expected) = (&request.bound, request.versions());
        Ok(versions::discard_draft(&mut connection, bound, id, expected, &request.stamp).await??)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /api/v1/tariffs/{tariffId}/draft/publish`
async fn publish(
    api: Data<Api>,
    PathId(id): PathId<TariffResource>,
    request: EditRequest,
    JsonBody(mut body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let since = body.optional("effectiveFrom", instant);
    body.finish(Some(()))?;
    let approved = api.publish_approval();
    let version = api
        .run(move |mut connection| async move {
            let (bound, expected, stamp) = (&request.bound, request.versions(), &request.stamp);
            Ok(if approved {
                versions::publish_approved(&mut connection, bound, id, expected, since, stamp).await??
            } else {
                versions::publish(&mut connection, bound, id, expected, since, stamp).await??
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(VersionView::of(&version, edit::now())))
}

/// `PUT /api/v1/tariffs/{tariffId}/draft/proposal`
async fn propose(
    api: Data<Api>,
    PathId(id): PathId<TariffResource>,
    request: EditRequest,
    JsonBody(mut body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let since = body.optional("effectiveFrom", instant);
    body.finish(Some(()))?;
    let draft = api
        .run(move |mut connection| async move {
            let (bound, expected) = (&request.bound, request.versions());
            Ok(versions::propose(&mut connection, bound, id, expected, since, &request.stamp).await??)
        })
        .await?;
    Ok(respond(&api, &draft))
}

/// `DELETE /api/v1/tariffs/{tariffId}/draft/proposal`
async fn withdraw(
    api: Data<Api>,
    PathId(id): PathId<TariffResource>,
    request: EditRequest,
) -> Result<HttpResponse, ApiError> {
    let draft = api
        .run(move |mut connection| async move {
            let (bound, expected) = (&request.bound, request.versions());
            Ok(versions::withdraw(&mut connection, bound, id, expected, &request.stamp).await??)
        })
        .await?;
    Ok(respond(&api, &draft))
}

/// `GET /api/v1/tariffs/{tariffId}/versions`
async fn list(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<TariffResource>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (after, request) = paging::take_after(&mut query, ByVersion::decode)?;
    query.finish(Some(()))?;
    let before = after.map(|ByVersion(number)| u32::try_from(number).unwrap_or_default());
    let rows = api
        .run(move |mut connection| async move {
            known(&mut connection, &bound, id).await?;
            Ok(versions::list(&mut connection, id, before, request.rows()).await?)
        })
        .await?;
    let now = edit::now();
    let page = Page::cut(&request, rows, |last| ByVersion(last.number.into()));
    Ok(HttpResponse::Ok().json(page.show(|version| VersionView::of(version, now))))
}

/// `GET /api/v1/tariffs/{tariffId}/versions/{number}`
async fn get(
    api: Data<Api>,
    Bound(bound): Bound,
    PathParams((id, number)): PathParams<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (id, number) = (PathId::<TariffResource>::parse(&id)?, parse_number(&number));
    let version = api
        .run(move |mut connection| async move {
            known(&mut connection, &bound, id).await?;
            Ok(versions::find(&mut connection, id, number?).await?.ok_or(NotFound::Version)?)
        })
        .await?;
    Ok(HttpResponse::Ok().json(VersionView::of(&version, edit::now())))
}

/// Refuses an unknown tariff; versions of a retired tariff remain visible.
async fn known(connection: &mut Connection, bound: &OperatorBound, id: TariffId) -> Result<(), ApiError> {
    match storage::tariffs::is_known(connection, bound, id).await? {
        true => Ok(()),
        false => Err(DraftRefusal::NotFound.into()),
    }
}

/// Responds with a draft and its revision as `ETag`.
fn respond(api: &Api, draft: &Version) -> HttpResponse {
    edit::respond_at(StatusCode::OK, draft.revision).json(DraftView::of(draft, api.publish_approval()))
}
