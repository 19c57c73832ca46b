//! `…/audit` of stations, piles, tariffs and sessions: their edits, with editor, time and changed fields.

pub mod routes;

use crate::assets::piles::PileResource;
use crate::assets::stations::StationResource;
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::paging::{self, ByVersion};
use crate::sessions::SessionResource;
use crate::tariffs::TariffResource;
use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use domain::assets::OperatorBound;
use domain::ids::{PileId, SessionId, StationId, TariffId};
use runtime::http::page::Page;
use runtime::http::{PathId, QueryParams, Resource};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::future::Future;
use storage::assets::audit::{self, AssetEdit, Edited};
use storage::{Connection, StorageError};
use uuid::Uuid;

/// An edit in a response. `before` is null when the asset was created or restored, `after` when it
/// was retired.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Edit")]
struct EditView<'a> {
    /// The revision of the resource to which this edit led.
    version: i64,
    /// What was done: `created`, `updated`, `retired` or `restored`; `ended` for a session.
    action: &'a str,
    /// When the edit was made, RFC 3339 in UTC.
    at: DateTime<Utc>,
    /// The caller that made the edit: `sub` of its token, or `anonymous` without authentication.
    by: &'a str,
    /// The names of the fields whose values differ between `before` and `after`. Empty if `before`
    /// or `after` is null.
    changed: Vec<&'a str>,
    /// The fields of the resource before the edit; null if it did not exist or was retired.
    #[schemars(with = "Option<Map<String, Value>>")]
    before: Option<&'a Value>,
    /// The fields of the resource after the edit; null if the edit retired it.
    #[schemars(with = "Option<Map<String, Value>>")]
    after: Option<&'a Value>,
    /// The reason that the caller stated; null for edits that ask for none.
    reason: Option<&'a str>,
}

impl<'a> EditView<'a> {
    fn of(edit: &'a AssetEdit) -> Self {
        Self {
            version: edit.version,
            action: &edit.action,
            at: edit.edited_at,
            by: &edit.edited_by,
            changed: changed(edit.before.as_ref(), edit.after.as_ref()),
            before: edit.before.as_ref(),
            after: edit.after.as_ref(),
            reason: edit.reason.as_deref(),
        }
    }
}

/// The names of the fields that an edit changed, sorted; empty without `before` or without `after`.
pub fn changed<'a>(before: Option<&'a Value>, after: Option<&'a Value>) -> Vec<&'a str> {
    let fields = |state: Option<&'a Value>| state.and_then(Value::as_object);
    let (Some(before), Some(after)) = (fields(before), fields(after)) else { return Vec::new() };
    // An absent field equals null.
    let value = |side: &'a Map<String, Value>, name: &str| side.get(name).filter(|v| !v.is_null());
    let mut names: Vec<_> = before.keys().chain(after.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| value(before, name) != value(after, name));
    names
}

/// A resource whose edits are recorded.
pub trait Audited: Resource<Id: Into<Uuid> + Copy + Send + 'static> + 'static {
    /// Its kind in the audit trail.
    const KIND: Edited;

    /// Whether there is or was one with id `id` within `bound`.
    fn is_known(
        connection: &mut Connection,
        bound: &OperatorBound,
        id: Self::Id,
    ) -> impl Future<Output = Result<bool, StorageError>> + Send;
}

impl Audited for StationResource {
    const KIND: Edited = Edited::Station;

    async fn is_known(
        connection: &mut Connection,
        bound: &OperatorBound,
        id: StationId,
    ) -> Result<bool, StorageError> {
        storage::assets::stations::is_known(connection, bound, id).await
    }
}

impl Audited for PileResource {
    const KIND: Edited = Edited::Pile;

    async fn is_known(
        connection: &mut Connection,
        bound: &OperatorBound,
        id: PileId,
    ) -> Result<bool, StorageError> {
        storage::assets::piles::is_known(connection, bound, id).await
    }
}

impl Audited for TariffResource {
    const KIND: Edited = Edited::Tariff;

    async fn is_known(
        connection: &mut Connection,
        bound: &OperatorBound,
        id: TariffId,
    ) -> Result<bool, StorageError> {
        storage::tariffs::is_known(connection, bound, id).await
    }
}

impl Audited for SessionResource {
    const KIND: Edited = Edited::Session;

    async fn is_known(
        connection: &mut Connection,
        bound: &OperatorBound,
        id: SessionId,
    ) -> Result<bool, StorageError> {
        Ok(storage::sessions::find(connection, bound, id).await?.is_some())
    }
}

/// `GET …/audit`: a page of the edits of a resource, the latest first.
pub async fn list<R: Audited>(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<R>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (after, request) = paging::take_after(&mut query, ByVersion::decode)?;
    query.finish(Some(()))?;
    let before = after.map(|ByVersion(version)| version);
    let rows = api
        .run(move |mut connection| async move {
            if !R::is_known(&mut connection, &bound, id).await? {
                return Err(R::not_found().into());
            }
            Ok(audit::list(&mut connection, &bound, R::KIND, id.into(), before, request.rows()).await?)
        })
        .await?;
    let page = Page::cut(&request, rows, |last| ByVersion(last.version));
    Ok(HttpResponse::Ok().json(page.show(EditView::of)))
}
