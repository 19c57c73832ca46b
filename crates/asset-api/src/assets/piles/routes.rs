//! The operations on piles.

use super::body::{RelocationBody, ReplacementBody};
use super::relocation::{self, PlacementView};
use super::view::PileView;
use crate::http::creation::once;
use crate::http::edit::if_match;
use crate::http::error::ApiError;
use crate::http::scopes::{read, write};
use actix_web::http::StatusCode;
use domain::assets::PileDetails;
use domain::ids::{ChargePointId, SessionId, StationId};
use domain::status::PileStatus;
use domain::text::Label;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use serde_json::{Value, json};
use storage::assets::piles::PileRefusal;
use uuid::Uuid;

const TAG: &str = "Piles";

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
        .resource("/api/v1/piles/{pileId}/restore", |on| on.post(restore(), super::restore))
        .resource("/api/v1/piles/{pileId}/replace-charge-point", |on| {
            on.post(replace_charge_point(), relocation::replace_charge_point)
        })
        .resource("/api/v1/piles/{pileId}/move", |on| on.post(move_to_station(), relocation::move_to_station))
        .resource("/api/v1/piles/{pileId}/placements", |on| on.get(placements(), relocation::list));
}

fn create() -> Operation {
    let operation = write(Reach::Operator, "createPile", TAG, "Register a pile at a station")
        .describe("A device that connected before it was registered is assigned to the pile, which then has its live state at once.")
        .takes::<PileDetails>(details());
    once(operation, shown(StatusCode::CREATED, "The new pile"), "The path of the pile.")
        .refuses([ApiError::from(PileRefusal::StationNotFound), PileRefusal::NotFound.into()])
        .refuses(taken())
}

fn list_of_station() -> Operation {
    read(Reach::Operator, "listPilesOfStation", TAG, "List the piles of a station")
        .with(PageRequest::parameters())
        .answers(page())
        .refuses([ApiError::from(PileRefusal::StationNotFound), InvalidCursor.into()])
}

fn list() -> Operation {
    read(Reach::Operator, "listPiles", TAG, "List piles")
        .with([
            Parameter::query::<StationId>("stationId", "Only piles of this station."),
            Parameter::query::<ChargePointId>("chargePointId", "Only the pile with this charge point."),
            Parameter::query::<Label>(
                "q",
                "Search terms, separated by blanks. Each must occur in the charge point's id, the name or the serial number.",
            ),
            Parameter::query::<PileStatus>("status", "Only piles with this status."),
            Parameter::query::<bool>(
                "online",
                "`true`: only piles whose device is online; `false`: only those whose device is offline or was never connected.",
            ),
            Parameter::query::<bool>("retired", "`true`: retired piles instead of active ones; `false` when absent."),
        ])
        .with(PageRequest::parameters())
        .answers(page())
        .refuses([InvalidCursor])
}

fn get() -> Operation {
    let text = "Registered data and live state in one body. `confidence` states how far the live state can be trusted: `live`: it is \
                current; `stale`: the device is silent or events are read late; `doubtful`: the gateway is silent, or the device is \
                offline only because of silence; `unanswered`: offline, because a probe was not answered; `unknown`: the device was \
                never connected.";
    read(Reach::Operator, "getPile", TAG, "Get a pile")
        .describe(text)
        .with([Parameter::query::<bool>(
            "retired",
            "`true`: the pile also if it is retired, with the live state of its device, which may be in another pile by now; \
             `false` when absent.",
        )])
        .answers(shown(StatusCode::OK, "The pile"))
        .refuses([ApiError::from(PileRefusal::NotFound)])
}

fn replace() -> Operation {
    edit("replacePile", "Replace the registered data of a pile")
    .describe("Fields that are absent from the body are cleared. The charge point cannot be exchanged while a session is open.")
        .takes::<PileDetails>(details())
        .answers(shown(StatusCode::OK, "The pile after the edit"))
        .refuses(of_exchanges())
}

fn patch() -> Operation {
    edit("patchPile", "Change some registered data of a pile")
    .describe("JSON Merge Patch (RFC 7396): fields that are absent from the body keep their value, null clears a field.")
        .takes_patch::<PileDetails>(json!({ "name": "1 号桩", "serialNumber": null }))
        .answers(shown(StatusCode::OK, "The pile after the edit"))
        .refuses(of_exchanges())
}

fn retire() -> Operation {
    edit("retirePile", "Retire a pile")
        .describe("The history of the pile is kept, and the pile can be restored.")
        .answers(Answer::empty(StatusCode::NO_CONTENT, "The pile is retired"))
        .refuses([open_session()])
}

fn restore() -> Operation {
    edit("restorePile", "Restore a retired pile")
        .answers(shown(StatusCode::OK, "The pile after the edit"))
        .refuses([ApiError::from(PileRefusal::NotRetired), PileRefusal::StationRetired.into()])
        .refuses(taken())
}

fn replace_charge_point() -> Operation {
    let text = "Works while a session is open: what is known of the session of the former charge point stays with the pile, and \
                `POST /api/v1/sessions/{sessionId}/end` ends it if its stop never arrives. Sessions, history and samples of the pile \
                cover all its charge points.";
    edit("replaceChargePoint", "Replace the charge point of a pile")
        .describe(text)
        .takes::<ReplacementBody>(json!({ "chargePointId": "CP-3101-0107", "reason": "主板烧毁" }))
        .answers(shown(StatusCode::OK, "The pile with the new charge point"))
        .refuses([ApiError::from(PileRefusal::Unchanged)])
        .refuses(taken())
}

fn move_to_station() -> Operation {
    edit("movePile", "Move a pile to another station")
        .describe("Sessions that began before the move stay with the former station and its operator.")
        .takes::<RelocationBody>(
            json!({ "stationId": "0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11", "reason": "场站改造" }),
        )
        .answers(shown(StatusCode::OK, "The pile at the new station"))
        .refuses([ApiError::from(PileRefusal::Unchanged), PileRefusal::StationNotFound.into()])
}

fn placements() -> Operation {
    let item = json!({
        "chargePointId": CHARGE_POINT,
        "stationId": "0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11",
        "operatorId": "op-7",
        "from": null,
        "until": null,
    });
    let example = json!({ "items": [item], "nextCursor": null });
    read(Reach::Operator, "listPlacements", TAG, "List which charge points were in a pile, and where the pile was")
        .describe("A new item begins when the charge point, the station or its operator changes. The latest comes first.")
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<PlacementView<'_>>>(StatusCode::OK, "A page of placements", example))
        .refuses([ApiError::from(PileRefusal::NotFound), InvalidCursor.into()])
}

/// An operation that edits a pile.
fn edit(id: &'static str, summary: &'static str) -> Operation {
    write(Reach::Operator, id, TAG, summary)
        .with(if_match())
        .refuses([ApiError::from(PileRefusal::NotFound), PileRefusal::OtherVersion { current: 4 }.into()])
}

/// The refusals of an edit that may exchange the charge point.
fn of_exchanges() -> impl Iterator<Item = ApiError> {
    [open_session()].into_iter().chain(taken())
}

fn open_session() -> ApiError {
    let id = Uuid::from_u128(0x0192_f0c5_41d2_7e6a_9b0c_8d5e_2f7a_1b33);
    PileRefusal::OpenSessions { ids: vec![SessionId(id)] }.into()
}

fn taken() -> Option<ApiError> {
    ChargePointId::parse(CHARGE_POINT).ok().map(|device| PileRefusal::ChargePointTaken(device).into())
}

fn shown(status: StatusCode, about: &'static str) -> Answer {
    Answer::json::<PileView<'_>>(status, about, pile())
        .header("ETag", "The version of the pile, for `If-Match`.")
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
