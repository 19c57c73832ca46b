//! `GET /api/v1/audit`: what callers did, over all resources.

pub mod routes;

use crate::assets::audit::changed;
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{any_instant, one_of, text, uuid};
use crate::http::paging::{self, ByEdit};
use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use domain::ids::Actor;
use runtime::http::QueryParams;
use runtime::http::page::Page;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use storage::assets::audit::{self, AuditAction, ThingType, TrailEntry, TrailFilter};
use uuid::Uuid;

/// One thing that a caller did.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AuditEntry")]
struct EntryView<'a> {
    /// When it was done, RFC 3339 in UTC.
    at: DateTime<Utc>,
    /// The caller: `sub` of its token, `anonymous` without authentication, or `unknown` for a batch of
    /// a release that did not record it.
    by: &'a str,
    /// What was done: `created`, `updated`, `retired`, `restored`, `ended`, `discarded`, `published`,
    /// `replayed`, `imported` or `cancelled`.
    action: &'a str,
    /// What it was done to: `station`, `pile`, `tariff`, `tariffVersion`, `tariffBinding`, `session`,
    /// `deadLetter`, `import`, `commandBatch` or `reliabilityExclusion`.
    thing_type: &'a str,
    /// The id of that thing, a UUID; of a `tariffVersion` that of its tariff.
    thing_id: Uuid,
    /// The revision of the thing to which this led; null for things without one: `tariffVersion`,
    /// `tariffBinding`, `deadLetter`, `import`, `commandBatch` and `reliabilityExclusion`.
    version: Option<i64>,
    /// The names of the fields whose values differ between `before` and `after`. Empty if `before`
    /// or `after` is null.
    changed: Vec<&'a str>,
    /// The fields of the thing before; null if it did not exist or was retired.
    #[schemars(with = "Option<Map<String, Value>>")]
    before: Option<&'a Value>,
    /// The fields of the thing after; null if it does not exist any more or is retired. Of a
    /// `deadLetter` the `outcome`, of an `import` the counts of its report.
    #[schemars(with = "Option<Map<String, Value>>")]
    after: Option<&'a Value>,
    /// The reason that the caller stated; null for actions that ask for none.
    reason: Option<&'a str>,
}

impl<'a> EntryView<'a> {
    fn of(entry: &'a TrailEntry) -> Self {
        let edit = &entry.edit;
        Self {
            at: edit.edited_at,
            by: &edit.edited_by,
            action: &edit.action,
            thing_type: &entry.thing_type,
            thing_id: entry.thing_id(),
            version: entry.version(),
            changed: changed(edit.before.as_ref(), edit.after.as_ref()),
            before: edit.before.as_ref(),
            after: edit.after.as_ref(),
            reason: edit.reason.as_deref(),
        }
    }
}

/// Takes the filter out of a query; faults are recorded in `query`.
fn filter(query: &mut Fields) -> TrailFilter {
    TrailFilter {
        from: query.optional("from", any_instant),
        until: query.optional("until", any_instant),
        by: query.optional("by", text(Actor::parse)),
        action: query.optional("action", one_of(&AuditAction::ALL, AuditAction::as_str)),
        thing_type: query.optional("thingType", one_of(&ThingType::ALL, ThingType::as_str)),
        thing_id: query.optional("thingId", uuid),
    }
}

/// `GET /api/v1/audit`
async fn list(
    api: Data<Api>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (after, request) = paging::take_after(&mut query, ByEdit::decode)?;
    let filter = filter(&mut query);
    query.finish(Some(()))?;
    let after = after.map(|ByEdit(position)| position);
    let rows = api
        .run(move |mut connection| async move {
            Ok(audit::list_trail(&mut connection, &bound, &filter, after, request.rows()).await?)
        })
        .await?;
    let page = Page::cut(&request, rows, |last| ByEdit(last.position()));
    Ok(HttpResponse::Ok().json(page.show(EntryView::of)))
}
