//! The operation on devices that no pile has.

use super::UnregisteredView;
use crate::http::error::ApiError;
use crate::http::scopes::read;
use actix_web::http::StatusCode;
use runtime::http::Routes;
use runtime::http::page::{Page, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use serde_json::json;

/// It.
pub fn set_up(routes: &mut Routes<'_>) {
    routes.resource("/api/v1/unregistered-charge-points", |on| on.get(list(), super::list));
}

fn list() -> Operation {
    let device = json!({ "chargePointId": "CP-3101-0099", "online": true, "confidence": "live", "lastSeenAt": "2026-03-01T09:29:55Z",
                         "gatewayId": "gateway-0", "model": "DC-60", "vendor": "Acme", "serialNumber": "SN-90001",
                         "firmwareVersion": "2.4.1", "bootedAt": "2026-03-01T07:58:00Z" });
    read("listUnregisteredChargePoints", "Piles", "List devices that are heard and that no pile has")
        .describe("Register a pile with the `chargePointId` to claim one.")
        .with([Parameter::query::<bool>("online", "`true`: those that are there; `false`: the others.")])
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<UnregisteredView<'_>>>(
            StatusCode::OK,
            "A page of devices, by name",
            json!({ "items": [device], "nextCursor": null }),
        ))
        .refuses([ApiError::InvalidCursor])
}
