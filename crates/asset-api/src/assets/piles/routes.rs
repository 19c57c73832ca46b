//! The operations on piles.

use super::view::PileView;
use crate::http::edit::if_match;
use crate::http::error::ApiError;
use crate::http::scopes::{read, write};
use actix_web::http::StatusCode;
use domain::assets::PileDetails;
use domain::ids::{ChargePointId, StationId};
use domain::status::PileStatus;
use domain::text::Label;
use runtime::http::Routes;
use runtime::http::page::{Page, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use serde_json::{Value, json};
use storage::assets::piles::Refusal;

const TAG: &str = "Piles";

/// All of them.
pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/stations/{stationId}/piles", |on| {
            on.post(create(), super::create).get(list_of_station(), super::list_of_station)
        })
        .resource("/api/v1/piles", |on| on.get(list(), super::list))
        .resource("/api/v1/piles/{pileId}", |on| {
            on.get(get(), super::get)
                .put(replace(), super::replace)
                .patch(patch(), super::patch)
                .delete(retire(), super::retire)
        })
        .resource("/api/v1/piles/{pileId}/restore", |on| on.post(restore(), super::restore));
}

fn create() -> Operation {
    write("createPile", TAG, "Register a pile at a station")
        .describe("Also claims a device that was heard before it was registered: the pile has its live state at once.")
        .takes::<PileDetails>(details())
        .answers(shown(StatusCode::CREATED, "The new pile").header("Location", "Its path."))
        .refuses([ApiError::from(Refusal::StationNotFound)])
        .refuses(taken())
}

fn list_of_station() -> Operation {
    read("listPilesOfStation", TAG, "List the piles of a station")
        .with(PageRequest::parameters())
        .answers(page())
        .refuses([ApiError::from(Refusal::StationNotFound), ApiError::InvalidCursor])
}

fn list() -> Operation {
    read("listPiles", TAG, "List piles")
        .with([
            Parameter::query::<StationId>("stationId", "In this station."),
            Parameter::query::<ChargePointId>("chargePointId", "With this device."),
            Parameter::query::<Label>(
                "q",
                "Words that all stand in the device's id, the name or the serial number.",
            ),
            Parameter::query::<PileStatus>("status", "With this status."),
            Parameter::query::<bool>(
                "online",
                "`true`: the device is there; `false`: it is not, or was never heard.",
            ),
            Parameter::query::<bool>("retired", "Those that were retired, instead of the others."),
        ])
        .with(PageRequest::parameters())
        .answers(page())
        .refuses([ApiError::InvalidCursor])
}

fn get() -> Operation {
    let text = "What was registered and what the device reports, in one. `confidence` says how far to trust the latter: `live`, \
                `stale` while the device is silent or events are read late, `unknown` when it was never heard.";
    read("getPile", TAG, "Get a pile")
        .describe(text)
        .answers(shown(StatusCode::OK, "The pile"))
        .refuses([ApiError::from(Refusal::NotFound)])
}

fn replace() -> Operation {
    edit("replacePile", "Replace what is said of a pile")
        .describe("What is not in the body is gone. The device cannot be exchanged while a session is open.")
        .takes::<PileDetails>(details())
        .answers(shown(StatusCode::OK, "The pile as it is now"))
        .refuses(of_exchanges())
}

fn patch() -> Operation {
    edit("patchPile", "Change some of what is said of a pile")
        .describe("By JSON Merge Patch (RFC 7396): what is not in the body stays, what is null is gone.")
        .takes_patch::<PileDetails>(json!({ "name": "1 号桩", "serialNumber": null }))
        .answers(shown(StatusCode::OK, "The pile as it is now"))
        .refuses(of_exchanges())
}

fn retire() -> Operation {
    edit("retirePile", "Retire a pile")
        .describe("Its history is kept, and it can be restored.")
        .answers(Answer::empty(StatusCode::NO_CONTENT, "It is retired"))
        .refuses([ApiError::from(Refusal::OpenSession)])
}

fn restore() -> Operation {
    edit("restorePile", "Restore a retired pile")
        .answers(shown(StatusCode::OK, "The pile as it is now"))
        .refuses([ApiError::from(Refusal::NotRetired), Refusal::StationRetired.into()])
        .refuses(taken())
}

/// An edit of a pile.
fn edit(id: &'static str, summary: &'static str) -> Operation {
    write(id, TAG, summary)
        .with(if_match())
        .refuses([ApiError::from(Refusal::NotFound), Refusal::OtherVersion { current: 4 }.into()])
}

/// What an edit that may exchange the device may be refused for.
fn of_exchanges() -> impl Iterator<Item = ApiError> {
    [ApiError::from(Refusal::OpenSession)].into_iter().chain(taken())
}

fn taken() -> Option<ApiError> {
    ChargePointId::parse(CHARGE_POINT).ok().map(|device| Refusal::ChargePointTaken(device).into())
}

fn shown(status: StatusCode, about: &'static str) -> Answer {
    Answer::json::<PileView<'_>>(status, about, pile()).header("ETag", "Its version, for `If-Match`.")
}

fn page() -> Answer {
    let example = json!({ "items": [pile()], "nextCursor": null });
    Answer::json::<Page<PileView<'_>>>(StatusCode::OK, "A page of piles, the newest first", example)
}

const CHARGE_POINT: &str = "CP-3101-0007";

fn details() -> Value {
    json!({
        "chargePointId": CHARGE_POINT,
        "name": "7 号桩",
        "model": "DC-120",
        "vendor": "Acme",
        "serialNumber": "SN-88213",
        "ratedPowerKw": 120.0,
        "currentType": "DC",
        "connectors": [{ "connectorId": 1, "type": "GB_DC", "maxPowerKw": 120.0 }],
    })
}

fn pile() -> Value {
    json!({
        "id": "0192f0c2-10aa-7f21-8a3d-6b1d5c4e9f02",
        "stationId": "0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11",
        "chargePointId": CHARGE_POINT,
        "name": "7 号桩",
        "model": "DC-120",
        "vendor": "Acme",
        "serialNumber": "SN-88213",
        "ratedPowerKw": 120.0,
        "currentType": "DC",
        "status": "Charging",
        "online": true,
        "statusAt": "2026-03-01T09:12:30Z",
        "confidence": "live",
        "lastHeartbeatAt": "2026-03-01T09:29:40Z",
        "lastSeenAt": "2026-03-01T09:29:55Z",
        "gatewayId": "gateway-0",
        "firmwareVersion": "2.4.1",
        "connectors": [{
            "connectorId": 1, "type": "GB_DC", "maxPowerKw": 120.0, "status": "Charging", "confidence": "live",
            "statusAt": "2026-03-01T09:12:30Z",
            "reportedStatus": "Charging", "errorCode": null, "sessionId": "0192f0c3-55d0-7c07-b1b0-0d9e8f7a6c5b", "powerW": 84_300.0, "energyWh": 1_204_550.0,
            "sessionEnergyWh": 22_150.0,
        }],
        "createdAt": "2026-01-05T08:00:00Z",
        "updatedAt": "2026-01-05T08:00:00Z",
        "retiredAt": null,
        "version": 1,
    })
}
