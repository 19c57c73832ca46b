//! The operations on stations.

use super::view::{AvailabilityView, StationPage, StationView};
use crate::http::creation::once;
use crate::http::edit::if_match;
use crate::http::error::ApiError;
use crate::http::scopes::{read, write};
use actix_web::http::StatusCode;
use domain::assets::{StationDetails, StationStatus};
use domain::text::Label;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use schemars::json_schema;
use serde_json::{Value, json};
use storage::assets::stations::StationRefusal;

const TAG: &str = "Stations";

pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/stations", |on| on.post(create(), super::create).get(list(), super::list))
        .resource("/api/v1/stations/{stationId}", |on| {
            on.get(get(), super::get)
                .put(replace(), super::replace)
                .patch(patch(), super::patch)
                .delete(retire(), super::retire)
        })
        .resource("/api/v1/stations/{stationId}/restore", |on| on.post(restore(), super::restore))
        .resource("/api/v1/stations/{stationId}/availability", |on| {
            on.get(availability(), super::availability)
        });
}

fn create() -> Operation {
    let operation =
        write(Reach::Operator, "createStation", TAG, "Register a station").takes::<StationDetails>(details());
    once(operation, shown(StatusCode::CREATED, "The new station"), "The path of the station.")
        .refuses([ApiError::from(StationRefusal::NotFound)])
}

fn list() -> Operation {
    let text = "The newest station first; with `near`, the nearest first, each with its `distanceM`.";
    read(Reach::Operator, "listStations", TAG, "List stations")
        .describe(text)
        .with([
            Parameter::query::<Label>(
                "q",
                "Search terms, separated by blanks. Each must occur in the name or the address.",
            ),
            Parameter::query::<Label>("operatorId", "Only stations of this operator."),
            Parameter::query::<StationStatus>("status", "Only stations with this status."),
            Parameter::query::<bool>(
                "availableOnly",
                "`true`: only stations with a pile whose status is `Available`.",
            ),
            Parameter::query::<bool>(
                "retired",
                "`true`: retired stations instead of active ones; cannot be combined with `near`.",
            ),
            Parameter::query::<String>(
                "near",
                "Only stations within `radiusM` of this latitude and longitude, in degrees.",
            )
            .like(json_schema!({ "type": "string", "pattern": NEAR, "examples": ["31.23,121.47"] })),
            Parameter::query::<f64>("radiusM", "The radius around `near`, in m; 10,000 when absent.")
                .like(json_schema!({ "type": "number", "minimum": 1, "maximum": 500_000 })),
        ])
        .with(PageRequest::parameters())
        .answers(Answer::json::<StationPage<'_>>(
            StatusCode::OK,
            "A page of stations",
            json!({ "items": [station()], "nextCursor": null, "countedAt": "2026-03-01T09:30:00.125Z" }),
        ))
        .refuses([InvalidCursor])
}

/// Latitude and longitude in degrees. Excludes ±90 and ±180, so that every match is a valid place.
const NEAR: &str = r"^-?([0-9]|[1-8][0-9])(\.[0-9]{1,9})?,-?([0-9]|[1-9][0-9]|1[0-7][0-9])(\.[0-9]{1,9})?$";

fn get() -> Operation {
    read(Reach::Operator, "getStation", TAG, "Get a station")
        .with([Parameter::query::<bool>(
            "retired",
            "`true`: the station also if it is retired; `false` when absent.",
        )])
        .answers(shown(StatusCode::OK, "The station"))
        .refuses([ApiError::from(StationRefusal::NotFound)])
}

fn replace() -> Operation {
    edit("replaceStation", "Replace the registered data of a station")
        .describe("Fields that are absent from the body are cleared.")
        .takes::<StationDetails>(details())
        .answers(shown(StatusCode::OK, "The station after the edit"))
}

fn patch() -> Operation {
    edit("patchStation", "Change some registered data of a station")
    .describe("JSON Merge Patch (RFC 7396): fields that are absent from the body keep their value, null clears a field.")
        .takes_patch::<StationDetails>(json!({ "status": "Closed", "operatorId": null }))
        .answers(shown(StatusCode::OK, "The station after the edit"))
}

fn retire() -> Operation {
    edit("retireStation", "Retire a station without piles")
        .describe("The history of the station is kept, and the station can be restored.")
        .answers(Answer::empty(StatusCode::NO_CONTENT, "The station is retired"))
        .refuses([ApiError::from(StationRefusal::NotEmpty)])
}

fn restore() -> Operation {
    edit("restoreStation", "Restore a retired station")
        .answers(shown(StatusCode::OK, "The station after the edit"))
        .refuses([ApiError::from(StationRefusal::NotRetired)])
}

fn availability() -> Operation {
    let example = json!({
        "stationId": ID,
        "piles": { "Available": 7, "Charging": 2, "Offline": 1 },
        "confidence": { "live": 9, "unanswered": 1 },
        "connectors": { "Available": 15, "Charging": 3, "Unknown": 2 },
        "byType": [{ "type": "GB_DC", "connectors": { "Available": 15, "Charging": 3 } },
                   { "type": null, "connectors": { "Unknown": 2 } }],
    });
    read(Reach::Operator, "getStationAvailability", TAG, "Count a station's piles and connectors by status")
        .answers(Answer::json::<AvailabilityView>(StatusCode::OK, "The counts", example))
        .refuses([ApiError::from(StationRefusal::NotFound)])
}

/// An operation that edits a station.
fn edit(id: &'static str, summary: &'static str) -> Operation {
    write(Reach::Operator, id, TAG, summary).with(if_match()).refuses([
        ApiError::from(StationRefusal::NotFound),
        StationRefusal::OtherVersion { current: 4 }.into(),
    ])
}

fn shown(status: StatusCode, about: &'static str) -> Answer {
    Answer::json::<StationView<'_>>(status, about, station())
        .header("ETag", "The version of the station, for `If-Match`.")
}

const ID: &str = "0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11";

fn details() -> Value {
    json!({
        "name": "人民广场站",
        "address": "黄浦区人民大道 185 号",
        "operatorId": "op-east",
        "latitude": 31.2304,
        "longitude": 121.4737,
        "status": "Open",
        "openingHours": { "weekly": [{ "weekday": "Monday", "from": "06:00", "to": "24:00" }] },
        "facilities": ["Restroom", "Wifi"],
        "startableStatuses": ["Available", "Preparing"],
    })
}

fn station() -> Value {
    let mut station = details();
    let live = json!({
        "id": ID,
        "createdAt": "2026-01-05T08:00:00Z",
        "updatedAt": "2026-03-01T09:30:00Z",
        "retiredAt": null,
        "version": 3,
        "availability": { "piles": { "Available": 7, "Charging": 2, "Offline": 1 }, "confidence": { "live": 9, "unanswered": 1 },
                          "connectors": { "Available": 15, "Charging": 3, "Unknown": 2 } },
    });
    station
        .as_object_mut()
        .into_iter()
        .for_each(|all| all.extend(live.as_object().cloned().unwrap_or_default()));
    station
}
