//! The operations on drafts and versions of tariffs.

use super::price_list::{Validate, Validation, validate};
use super::view::{DraftView, VersionView};
use crate::http::edit::{OnlyCreate, if_match};
use crate::http::error::ApiError;
use crate::http::scopes::{read_tariffs, write_tariffs};
use crate::tariffs::openapi::{ID, TAG, number};
use crate::tariffs::problem::NotFound;
use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::tariffs::{ApprovalRefusal, PriceListDraft};
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use storage::tariffs::versions::DraftRefusal;

pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/tariffs/validate", |on| on.post(check(), validate))
        .resource("/api/v1/tariffs/{tariffId}/draft", |on| {
            on.get(get_draft(), super::get_draft)
                .put(put_draft(), super::put_draft)
                .delete(discard_draft(), super::discard_draft)
        })
        .resource("/api/v1/tariffs/{tariffId}/draft/publish", |on| on.post(publish(), super::publish))
        .resource("/api/v1/tariffs/{tariffId}/draft/proposal", |on| {
            on.put(propose(), super::propose).delete(withdraw(), super::withdraw)
        })
        .resource("/api/v1/tariffs/{tariffId}/versions", |on| on.get(list(), super::list))
        .resource("/api/v1/tariffs/{tariffId}/versions/{number}", |on| on.get(get(), super::get));
}

fn check() -> Operation {
    let findings = json!([{ "field": "schedules[0].bands", "message": "has a gap from 07:00 to 08:00" }]);
    read_tariffs(Reach::Everyone, "validatePriceList", TAG, "Check a price list without saving it")
    .describe("Returns all faults with their paths, the same for which putting the price list as a draft would be refused.")
        .takes::<Validate>(json!({ "currency": "CNY", "priceList": price_list() }))
        .answers(Answer::json::<Validation>(
            StatusCode::OK,
            "The result of the check",
            json!({ "valid": false, "findings": findings }),
        ))
}

fn get_draft() -> Operation {
    read_tariffs(Reach::Operator, "getTariffDraft", TAG, "Get the draft of a tariff")
        .answers(drafted(StatusCode::OK, "The draft"))
        .refuses([ApiError::from(DraftRefusal::NotFound), DraftRefusal::NoDraft.into()])
}

fn put_draft() -> Operation {
    edit("putTariffDraft", "Create or replace the draft of a tariff")
        .describe("A tariff has at most one draft. The prices of a draft do not apply until it is published.")
        .with(OnlyCreate::parameter())
        .takes::<PriceListDraft>(price_list())
        .answers(drafted(StatusCode::OK, "The draft"))
}

fn discard_draft() -> Operation {
    edit("discardTariffDraft", "Discard the draft of a tariff")
        .answers(Answer::empty(StatusCode::NO_CONTENT, "The draft is discarded"))
}

/// The publication of a draft.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Publish", extend("additionalProperties" = false))]
struct Publish {
    /// When the version comes into force; now when absent.
    effective_from: Option<DateTime<Utc>>,
}

fn publish() -> Operation {
    let published = Answer::json::<VersionView<'_>>(StatusCode::OK, "The version", version());
    edit("publishTariffDraft", "Publish the draft of a tariff")
        .describe(
            "A published version never changes. To change prices, publish another version. If `approvalRequired` of the draft is true, \
             this approves the request of another caller, whose instant applies.",
        )
        .takes::<Publish>(json!({ "effectiveFrom": "2026-04-01T00:00:00+08:00" }))
        .answers(published)
        .refuses([ApiError::from(DraftRefusal::InPast), DraftRefusal::InstantTaken { number: 2 }.into()])
        .refuses([ApiError::from(DraftRefusal::NotApproved(ApprovalRefusal::NotProposed))])
}

fn propose() -> Operation {
    edit("proposeTariffDraft", "Request the publication of the draft of a tariff")
        .describe("Replaces an earlier request. It covers the current revision of the draft; another caller approves it by publishing.")
        .takes::<Publish>(json!({ "effectiveFrom": "2026-04-01T00:00:00+08:00" }))
        .answers(drafted(StatusCode::OK, "The draft with the request"))
        .refuses([ApiError::from(DraftRefusal::InPast)])
}

fn withdraw() -> Operation {
    edit("withdrawTariffProposal", "Withdraw the request to publish the draft of a tariff")
        .answers(drafted(StatusCode::OK, "The draft without a request"))
}

/// An operation that edits a draft.
fn edit(id: &'static str, summary: &'static str) -> Operation {
    write_tariffs(Reach::Operator, id, TAG, summary).with(if_match()).refuses([
        ApiError::from(DraftRefusal::NotFound),
        DraftRefusal::NoDraft.into(),
        DraftRefusal::OtherRevision { current: 2 }.into(),
    ])
}

fn list() -> Operation {
    let example = json!({ "items": [version()], "nextCursor": null });
    read_tariffs(Reach::Operator, "listTariffVersions", TAG, "List the versions of a tariff")
        .describe("The newest version first, including the draft.")
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<VersionView<'_>>>(StatusCode::OK, "A page of versions", example))
        .refuses([ApiError::from(DraftRefusal::NotFound), InvalidCursor.into()])
}

fn get() -> Operation {
    read_tariffs(Reach::Operator, "getTariffVersion", TAG, "Get a version of a tariff")
        .with([number()])
        .answers(Answer::json::<VersionView<'_>>(StatusCode::OK, "The version", version()))
        .refuses([ApiError::from(DraftRefusal::NotFound), NotFound::Version.into()])
}

fn drafted(status: StatusCode, about: &'static str) -> Answer {
    let draft = json!({
        "tariffId": ID,
        "number": 2,
        "revision": 1,
        "priceList": price_list(),
        "createdAt": "2026-03-01T09:30:00Z",
        "createdBy": "pricing-desk",
        "updatedAt": "2026-03-01T09:30:00Z",
        "updatedBy": "pricing-desk",
        "approvalRequired": true,
        "proposal": {
            "revision": 1,
            "effectiveFrom": "2026-03-31T16:00:00Z",
            "proposedAt": "2026-03-01T10:00:00Z",
            "proposedBy": "pricing-desk",
        },
    });
    Answer::json::<DraftView<'_>>(status, about, draft)
        .header("ETag", "The revision of the draft, for `If-Match`.")
}

fn version() -> Value {
    json!({
        "tariffId": ID,
        "number": 2,
        "state": "Scheduled",
        "priceList": price_list(),
        "createdAt": "2026-03-01T09:30:00Z",
        "createdBy": "pricing-desk",
        "publishedAt": "2026-03-02T08:00:00Z",
        "publishedBy": "head-of-pricing",
        "effectiveFrom": "2026-03-31T16:00:00Z",
        "supersededFrom": null,
    })
}

fn price_list() -> Value {
    let band = |from: &str, to: &str, kind: &str, price: &str| json!({ "from": from, "to": to, "kind": kind, "electricityPrice": price, "serviceFee": "0.80" });
    json!({
        "timeZone": "Asia/Shanghai",
        "holidays": ["2026-10-01"],
        "schedules": [
            { "seasons": [{ "from": "07-01", "to": "08-31" }], "weekdays": ["Monday", "Friday"], "holiday": false,
              "bands": [band("23:00", "07:00", "valley", "0.3158"), band("07:00", "23:00", "sharp", "1.2345")] },
            { "bands": [band("00:00", "24:00", "flat", "0.7055")] },
        ],
        "sessionFee": "1",
        "occupancy": { "pricePerMinute": "0.5", "graceMinutes": 15, "cap": "50" },
    })
}
