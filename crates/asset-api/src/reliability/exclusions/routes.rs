//! The operations on exclusions.

use super::body::{ExclusionBody, WithdrawalBody};
use super::problem::ExclusionNotFound;
use super::view::ExclusionView;
use crate::http::creation::once;
use crate::http::error::ApiError;
use crate::http::scopes::{read, write};
use crate::reliability::routes::TAG;
use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::ids::{PileId, StationId};
use domain::reliability::ExclusionReason;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use serde_json::{Value, json};
use storage::reliability::exclusions::{ExclusionRefusal, WithdrawalRefusal};

pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/reliability/exclusions", |on| {
            on.post(create(), super::create).get(list(), super::list)
        })
        .resource("/api/v1/reliability/exclusions/{exclusionId}", |on| on.get(get(), super::get))
        .resource("/api/v1/reliability/exclusions/{exclusionId}/withdraw", |on| {
            on.post(withdraw(), super::withdraw)
        });
}

fn create() -> Operation {
    let text = "Downtime of the place in that time does not count, as far as the operator's profile of uptime allows. It takes effect \
                within a minute or two, on the days that the status history covers; time of another operator of the station is not \
                changed. An exclusion is never changed: withdraw it and enter another one.";
    let body = json!({
        "pileId": PILE, "connectorId": 1, "from": "2026-06-05T03:00:00Z", "until": "2026-06-05T11:00:00Z", "reason": "grid",
        "note": "10 kV feeder outage, notice 2026-118",
    });
    let operation = write(Reach::Operator, "excludeDowntime", TAG, "Exclude downtime")
        .describe(text)
        .takes::<ExclusionBody>(body);
    once(operation, shown(StatusCode::CREATED, "The new exclusion"), "The path of the exclusion.")
        .refuses([ApiError::from(ExclusionRefusal::StationNotFound), ExclusionRefusal::PileNotFound.into()])
}

fn list() -> Operation {
    let answer = json!({ "items": [exclusion()], "nextCursor": null });
    read(Reach::Operator, "listExclusions", TAG, "List excluded downtime")
        .describe("The newest first, withdrawn ones included.")
        .with([
            Parameter::query::<StationId>("stationId", "Only those of this station and of its piles."),
            Parameter::query::<PileId>("pileId", "Only those of this pile and of its connectors."),
            Parameter::query::<ExclusionReason>("reason", "Only those with this reason."),
            Parameter::query::<DateTime<Utc>>("from", "Only those that end after this time, RFC 3339."),
            Parameter::query::<DateTime<Utc>>("until", "Only those that begin before this time, RFC 3339."),
            Parameter::query::<bool>(
                "withdrawn",
                "`true`: only withdrawn ones; `false`: only those that apply.",
            ),
        ])
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<ExclusionView<'_>>>(StatusCode::OK, "A page of exclusions", answer))
        .refuses([InvalidCursor])
}

fn get() -> Operation {
    read(Reach::Operator, "getExclusion", TAG, "Get an exclusion")
        .answers(shown(StatusCode::OK, "The exclusion"))
        .refuses([ApiError::from(ExclusionNotFound)])
}

fn withdraw() -> Operation {
    write(Reach::Operator, "withdrawExclusion", TAG, "Withdraw an exclusion")
        .describe("Its downtime counts again. The exclusion stays in the list.")
        .takes::<WithdrawalBody>(json!({ "withdrawalNote": "the outage was on our side of the meter" }))
        .answers(shown(StatusCode::OK, "The withdrawn exclusion"))
        .refuses([
            ApiError::from(WithdrawalRefusal::NotFound),
            WithdrawalRefusal::Withdrawn { at: DateTime::UNIX_EPOCH }.into(),
        ])
}

fn shown(status: StatusCode, about: &'static str) -> Answer {
    Answer::json::<ExclusionView<'_>>(status, about, exclusion())
}

const PILE: &str = "0192f0c2-3b4d-7e5f-8a6b-7c8d9e0f1a2b";

fn exclusion() -> Value {
    json!({
        "id": "0192f0c6-11aa-7b3e-8000-2a2b2c2d2e2f",
        "stationId": null,
        "pileId": PILE,
        "connectorId": 1,
        "operatorId": "op-7",
        "from": "2026-06-05T03:00:00Z",
        "until": "2026-06-05T11:00:00Z",
        "reason": "grid",
        "note": "10 kV feeder outage, notice 2026-118",
        "createdAt": "2026-06-06T01:12:00Z",
        "createdBy": "back-office",
        "withdrawnAt": null,
        "withdrawnBy": null,
        "withdrawalNote": null,
    })
}
