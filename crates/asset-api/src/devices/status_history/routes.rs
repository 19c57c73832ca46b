//! The operation that lists the status history of a pile.

use super::ChangeView;
use crate::http::error::ApiError;
use crate::http::scopes::read;
use actix_web::http::StatusCode;
use domain::ids::ConnectorId;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use serde_json::json;
use storage::assets::piles::PileRefusal;

pub fn set_up(routes: &mut Routes<'_>) {
    routes.resource("/api/v1/piles/{pileId}/status-history", |on| on.get(of_pile(), super::of_pile));
}

fn of_pile() -> Operation {
    let example = json!({
        "items": [
            { "at": "2026-03-01T09:12:30Z", "notedAt": "2026-03-01T09:12:30.041Z", "kind": "status", "connectorId": 1,
              "status": "Charging", "previousStatus": "Preparing", "errorCode": null, "vendorErrorCode": null },
            { "at": "2026-03-01T08:00:00Z", "notedAt": "2026-03-01T08:00:00.030Z", "kind": "connectivity", "online": true,
              "gatewayId": "gateway-0", "confidence": "live" },
        ],
        "nextCursor": null,
    });
    read(Reach::Operator, "listStatusHistory", "Piles", "List the status history of a pile")
        .describe(
            "Changes of connector statuses and of the device's connectivity; the change that was recorded last comes first.",
        )
        .with([
            Parameter::query::<ConnectorId>(
                "connectorId",
                "Only statuses of this connector; 0 is the charge point as a whole.",
            ),
            Parameter::query::<bool>(
                "retired",
                "`true`: the history of the pile also if it is retired; `false` when absent.",
            ),
        ])
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<ChangeView<'_>>>(StatusCode::OK, "A page of changes", example))
        .refuses([ApiError::from(PileRefusal::NotFound), InvalidCursor.into()])
}
