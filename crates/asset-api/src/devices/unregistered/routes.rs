//! The operation that lists unregistered charge points.

use super::UnregisteredView;
use crate::http::scopes::read;
use actix_web::http::StatusCode;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use serde_json::json;

pub fn set_up(routes: &mut Routes<'_>) {
    routes.resource("/api/v1/unregistered-charge-points", |on| on.get(list(), super::list));
}

fn list() -> Operation {
    let device = json!({ "chargePointId": "CP-3101-0099", "online": true, "confidence": "live", "lastSeenAt": "2026-03-01T09:29:55Z",
                         "gatewayId": "gateway-0", "model": "DC-60", "vendor": "Acme", "serialNumber": "SN-90001",
                         "firmwareVersion": "2.4.1", "bootedAt": "2026-03-01T07:58:00Z" });
    read(
        Reach::Platform,
        "listUnregisteredChargePoints",
        "Piles",
        "List charge points that are assigned to no pile",
    )
    .describe("Register a pile with the `chargePointId` to assign the charge point to it.")
    .with([Parameter::query::<bool>(
        "online",
        "`true`: only those that are online; `false`: only those that are offline.",
    )])
    .with(PageRequest::parameters())
    .answers(Answer::json::<Page<UnregisteredView<'_>>>(
        StatusCode::OK,
        "A page of charge points, ordered by id",
        json!({ "items": [device], "nextCursor": null }),
    ))
    .refuses([InvalidCursor])
}
