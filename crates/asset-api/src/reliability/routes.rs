//! The operations that list and export totals of the reliability ledger.

use super::export::{self, CSV_EXAMPLE, NDJSON_EXAMPLE};
use super::query;
use super::view::TotalsPage;
use crate::http::error::ApiError;
use crate::http::export::{ExportRequest, TooManyExports};
use crate::http::scopes::read;
use actix_web::http::StatusCode;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, PageRequest};
use runtime::openapi::{Answer, Operation};
use serde_json::{Value, json};

/// The tag of all operations of the ledger.
pub const TAG: &str = "Reliability";

pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/reliability", |on| on.get(list(), super::list))
        .resource("/api/v1/reliability/export", |on| on.get(export(), export::export));
}

fn list() -> Operation {
    let text = "Uptime, failures and starts over whole days, from daily roll-ups that are kept longer than the status history. A day \
                is computed an hour after its end, and again after late facts and exclusions while the status history is kept. Time \
                belongs to the place and the operator where the charge point was then; a group without a day is absent. A total of an \
                operator has all of its connectors, so days of a large fleet are refused in one request if they are too many.";
    read(
        Reach::Operator,
        "listReliability",
        TAG,
        "List the uptime of connectors, piles, stations or operators",
    )
    .describe(text)
    .with(query::parameters())
    .with(PageRequest::parameters())
    .answers(Answer::json::<TotalsPage<'_>>(
        StatusCode::OK,
        "A page of totals, in the order of their ids",
        json!({ "items": [total()], "nextCursor": null, "computedUntil": "2026-07-01" }),
    ))
    .refuses([InvalidCursor])
}

fn export() -> Operation {
    let text = "All totals that match, with the parameters of the list. The last line states whether the export is complete, as in the \
                export of sessions.";
    let about = "The export; as many totals as there are, up to the limits of the service";
    read(
        Reach::Operator,
        "exportReliability",
        TAG,
        "Export the uptime of connectors, piles, stations or operators",
    )
    .describe(text)
    .with(query::parameters())
    .with(ExportRequest::parameters())
    .answers(
        Answer::text(StatusCode::OK, about, "text/csv", CSV_EXAMPLE)
            .or_text("application/x-ndjson", NDJSON_EXAMPLE),
    )
    .refuses([ApiError::from(TooManyExports), InvalidCursor.into()])
}

fn total() -> Value {
    json!({
        "stationId": "0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11",
        "pileId": null,
        "connectorId": null,
        "operatorId": null,
        "firstDay": "2026-06-01",
        "lastDay": "2026-06-30",
        "profile": "nevi",
        "uptimePercent": 98.8888,
        "uptimeS": 2_563_200,
        "countedS": 2_592_000,
        "upS": 2_520_000,
        "faultedS": 28_800,
        "unavailableS": 0,
        "offlineS": 0,
        "unknownS": 0,
        "excludedS": { "maintenance": 14_400, "grid": 28_800, "vandalism": 0, "thirdParty": 0 },
        "failures": 1,
        "repairs": 1,
        "meanTimeToRepairS": 28_800,
        "startsAccepted": 120,
        "startsCharging": 117,
        "startSuccessPercent": 97.5,
    })
}
