//! What callers do with an issue: `POST /api/v1/issues/{issueId}/…`.

use super::IssueResource;
use super::view::IssueView;
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::edit::{now, stamp};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{any_instant, text};
use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use domain::assets::OperatorBound;
use domain::ids::{Actor, IssueId};
use domain::text::Label;
use runtime::auth::Subject;
use runtime::http::{JsonBody, PathId};
use schemars::JsonSchema;
use serde::Serialize;
use storage::issues::{self, IssueEdit};

/// An acknowledgement.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IssueAcknowledgement", extend("additionalProperties" = false))]
pub struct Acknowledgement {
    /// What the caller states; part of the history.
    note: Option<Label>,
}

/// Who takes care of an issue.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IssueAssignment", extend("additionalProperties" = false))]
pub struct Assignment {
    /// Who takes care of it, such as the `sub` of a caller; unassigned when null or absent.
    assignee: Option<Actor>,
}

/// Until when an issue is muted.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IssueMute", extend("additionalProperties" = false))]
pub struct Mute {
    /// Until when, RFC 3339; in the future.
    until: DateTime<Utc>,
    /// Why; part of the history.
    reason: Label,
}

/// The body of a request, as what the caller does.
pub trait ReadEdit {
    /// Reads all fields of `body`.
    fn read(body: Fields) -> Result<IssueEdit, ApiError>;
}

impl ReadEdit for Acknowledgement {
    fn read(mut body: Fields) -> Result<IssueEdit, ApiError> {
        let note = body.optional("note", text(Label::parse));
        Ok(body.finish(Some(IssueEdit::Acknowledge { note }))?)
    }
}

impl ReadEdit for Assignment {
    fn read(mut body: Fields) -> Result<IssueEdit, ApiError> {
        let assignee = body.optional("assignee", text(Actor::parse));
        Ok(body.finish(Some(IssueEdit::Assign { assignee }))?)
    }
}

impl ReadEdit for Mute {
    fn read(mut body: Fields) -> Result<IssueEdit, ApiError> {
        let until = body.required("until", any_instant);
        if until.is_some_and(|until| until <= now()) {
            body.refuse("until", "must be in the future");
        }
        let reason = body.required("reason", text(Label::parse));
        Ok(body.finish(until.zip(reason).map(|(until, reason)| IssueEdit::Mute { until, reason }))?)
    }
}

/// `POST /api/v1/issues/{issueId}/acknowledge`, `…/assign` and `…/mute`
pub async fn edit<Body: ReadEdit>(
    api: Data<Api>,
    PathId(id): PathId<IssueResource>,
    Subject(by): Subject<Actor>,
    Bound(bound): Bound,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    apply(&api, id, by, bound, Body::read(body)?).await
}

/// `POST /api/v1/issues/{issueId}/unmute`
pub async fn unmute(
    api: Data<Api>,
    PathId(id): PathId<IssueResource>,
    Subject(by): Subject<Actor>,
    Bound(bound): Bound,
) -> Result<HttpResponse, ApiError> {
    apply(&api, id, by, bound, IssueEdit::Unmute).await
}

async fn apply(
    api: &Api,
    id: IssueId,
    by: Actor,
    bound: OperatorBound,
    change: IssueEdit,
) -> Result<HttpResponse, ApiError> {
    let stamp = stamp(by);
    let now = stamp.at;
    let issue = api
        .run(move |mut connection| async move {
            Ok(issues::edit(&mut connection, &bound, id, &change, &stamp).await??)
        })
        .await?;
    Ok(HttpResponse::Ok().json(IssueView::of(&issue, now)))
}
