//! The operations on sessions.

use super::SessionNotFound;
use super::view::{SampleView, SessionView};
use crate::http::error::ApiError;
use crate::http::scopes::read;
use actix_web::http::StatusCode;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation};
use serde_json::{Value, json};
use storage::assets::piles::PileRefusal;

const TAG: &str = "Sessions";

pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/piles/{pileId}/sessions", |on| on.get(list_of_pile(), super::list_of_pile))
        .resource("/api/v1/sessions/{sessionId}", |on| on.get(get(), super::get))
        .resource("/api/v1/sessions/{sessionId}/meter-samples", |on| on.get(samples(), super::samples));
}

fn list_of_pile() -> Operation {
    let example = json!({ "items": [session()], "nextCursor": null });
    read("listSessionsOfPile", TAG, "List the sessions of a pile's device")
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<SessionView<'_>>>(
            StatusCode::OK,
            "A page of sessions, the latest first",
            example,
        ))
        .refuses([ApiError::from(PileRefusal::NotFound), InvalidCursor.into()])
}

fn get() -> Operation {
    read("getSession", TAG, "Get a session")
        .answers(Answer::json::<SessionView<'_>>(StatusCode::OK, "The session", session()))
        .refuses([ApiError::from(SessionNotFound)])
}

fn samples() -> Operation {
    let sample = json!({ "takenAt": "2026-03-01T09:29:55Z", "energyWh": 1_204_550.0, "powerW": 84_300.0, "voltageV": 401.2,
                         "currentA": 210.1, "socPercent": 46.0, "temperatureC": 31.5 });
    let example = json!({ "items": [sample], "nextCursor": "BQAGTC4Y3UIA" });
    read("listMeterSamples", TAG, "List the meter samples of a session")
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<SampleView>>(
            StatusCode::OK,
            "A page of meter samples, the latest first",
            example,
        ))
        .refuses([ApiError::from(SessionNotFound), InvalidCursor.into()])
}

fn session() -> Value {
    json!({
        "id": "0192f0c3-55d0-7c07-b1b0-0d9e8f7a6c5b",
        "chargePointId": "CP-3101-0007",
        "connectorId": 1,
        "transactionId": "634",
        "idTag": "A1B2C3D4",
        "reservationId": null,
        "commandId": "0192f0c3-5140-7e6a-a2a1-1c2d3e4f5061",
        "startedAt": "2026-03-01T09:12:30Z",
        "startedBy": "event",
        "endedAt": null,
        "endReason": null,
        "meterStartWh": 1_182_400.0,
        "meterStopWh": null,
        "energyWh": 22_150.0,
    })
}
