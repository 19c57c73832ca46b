//! The operation that lists what callers did.

use super::EntryView;
use crate::http::scopes::read_audit;
use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::ids::Actor;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use schemars::json_schema;
use serde_json::json;
use storage::assets::audit::{AuditAction, ThingType};
use uuid::Uuid;

pub fn set_up(routes: &mut Routes<'_>) {
    routes.resource("/api/v1/audit", |on| on.get(list(), super::list));
}

fn list() -> Operation {
    let entry = json!({
        "at": "2026-03-01T09:30:00Z",
        "by": "back-office",
        "action": "ended",
        "thingType": "session",
        "thingId": "0192f0c5-41d2-7e6a-9b0c-8d5e2f7a1b33",
        "version": 1,
        "changed": ["state"],
        "before": { "state": "open" },
        "after": { "state": "ended" },
        "reason": "the driver left, the charger was replaced",
    });
    let example = json!({ "items": [entry], "nextCursor": null });
    read_audit(Reach::Operator, "listAudit", "Audit", "List what callers did")
        .describe(
            "The latest entry first. Commands are not entries: each has `issuedBy` where commands are listed. Filters are combined: an \
             entry must match each.",
        )
        .with([
            Parameter::query::<DateTime<Utc>>("from", "Only entries at or after this instant."),
            Parameter::query::<DateTime<Utc>>("until", "Only entries before this instant."),
            Parameter::query::<Actor>("by", "Only entries of this caller, the `sub` of its tokens."),
            Parameter::query::<String>("action", "Only entries with this action.")
                .like(json_schema!({ "enum": AuditAction::ALL.map(AuditAction::as_str) })),
            Parameter::query::<String>("thingType", "Only entries about things of this type.")
                .like(json_schema!({ "enum": ThingType::ALL.map(ThingType::as_str) })),
            Parameter::query::<Uuid>("thingId", "Only entries about the thing with this id."),
        ])
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<EntryView<'_>>>(StatusCode::OK, "A page of entries", example))
        .refuses([InvalidCursor])
}
