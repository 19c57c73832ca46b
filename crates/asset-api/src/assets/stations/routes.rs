//! The operations on stations.

use super::view::{AvailabilityView, StationView};
use crate::http::edit::if_match;
use crate::http::error::ApiError;
use crate::http::scopes::{read, write};
use actix_web::http::StatusCode;
use domain::assets::{StationDetails, StationStatus};
use domain::text::Label;
use runtime::http::Routes;
use runtime::http::page::{Page, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use schemars::json_schema;
use serde_json::{Value, json};
use storage::assets::stations::Refusal;

const TAG: &str = "Stations";

/// All of them.
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
    write("createStation", TAG, "Register a station")
        .takes::<StationDetails>(details())
        .answers(shown(StatusCode::CREATED, "The new station").header("Location", "Its path."))
}

fn list() -> Operation {
    let text = "The newest first; with `near`, the nearest first, each with its `distanceM`.";
    read("listStations", TAG, "List stations")
        .describe(text)
        .with([
            Parameter::query::<Label>("q", "Words that all stand in the name or the address."),
            Parameter::query::<Label>("operatorId", "Of this operator."),
            Parameter::query::<StationStatus>("status", "With this status."),
            Parameter::query::<bool>("availableOnly", "With a pile whose status is `Available`."),
            Parameter::query::<bool>(
                "retired",
                "Those that were retired, instead of the others; not with `near`.",
            ),
            Parameter::query::<String>("near", "Within `radiusM` of this latitude and longitude.")
                .like(json_schema!({ "type": "string", "pattern": NEAR, "examples": ["31.23,121.47"] })),
            Parameter::query::<f64>("radiusM", "How far that is, in m; 10,000 unless said otherwise.")
                .like(json_schema!({ "type": "number", "minimum": 1, "maximum": 500_000 })),
        ])
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<StationView<'_>>>(
            StatusCode::OK,
            "A page of stations",
            json!({ "items": [station()], "nextCursor": null }),
        ))
        .refuses([ApiError::InvalidCursor])
}

/// Degrees, without those that are beyond the earth.
const NEAR: &str = r"^-?([0-9]|[1-8][0-9])(\.[0-9]{1,9})?,-?([0-9]|[1-9][0-9]|1[0-7][0-9])(\.[0-9]{1,9})?$";

fn get() -> Operation {
    read("getStation", TAG, "Get a station")
        .answers(shown(StatusCode::OK, "The station"))
        .refuses([ApiError::from(Refusal::NotFound)])
}

fn replace() -> Operation {
    edit("replaceStation", "Replace what is said of a station")
        .describe("What is not in the body is gone.")
        .takes::<StationDetails>(details())
        .answers(shown(StatusCode::OK, "The station as it is now"))
}

fn patch() -> Operation {
    edit("patchStation", "Change some of what is said of a station")
        .describe("By JSON Merge Patch (RFC 7396): what is not in the body stays, what is null is gone.")
        .takes_patch::<StationDetails>(json!({ "status": "Closed", "operatorId": null }))
        .answers(shown(StatusCode::OK, "The station as it is now"))
}

fn retire() -> Operation {
    edit("retireStation", "Retire a station without piles")
        .describe("Its history is kept, and it can be restored.")
        .answers(Answer::empty(StatusCode::NO_CONTENT, "It is retired"))
        .refuses([ApiError::from(Refusal::NotEmpty)])
}

fn restore() -> Operation {
    edit("restoreStation", "Restore a retired station")
        .answers(shown(StatusCode::OK, "The station as it is now"))
        .refuses([ApiError::from(Refusal::NotRetired)])
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
    read("getStationAvailability", TAG, "Count a station's piles and connectors by status")
        .answers(Answer::json::<AvailabilityView>(StatusCode::OK, "How many there are of each", example))
        .refuses([ApiError::from(Refusal::NotFound)])
}

/// An edit of a station.
fn edit(id: &'static str, summary: &'static str) -> Operation {
    write(id, TAG, summary)
        .with(if_match())
        .refuses([ApiError::from(Refusal::NotFound), Refusal::OtherVersion { current: 4 }.into()])
}

fn shown(status: StatusCode, about: &'static str) -> Answer {
    Answer::json::<StationView<'_>>(status, about, station()).header("ETag", "Its version, for `If-Match`.")
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
