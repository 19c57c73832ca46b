//! The operations on maintenance windows.

use super::NewWindowBody;
use super::view::WindowView;
use crate::http::error::ApiError;
use crate::http::scopes::{read_issues, write_issues};
use crate::issues::routes::TAG;
use actix_web::http::StatusCode;
use chrono::DateTime;
use domain::ids::StationId;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use serde_json::{Value, json};
use storage::issues::maintenance::WindowRefusal;

pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/maintenance-windows", |on| {
            on.post(create(), super::create).get(list(), super::list)
        })
        .resource("/api/v1/maintenance-windows/{windowId}", |on| on.get(get(), super::get))
        .resource("/api/v1/maintenance-windows/{windowId}/end", |on| on.post(end(), super::end));
}

fn create() -> Operation {
    let body = json!({
        "stationId": STATION, "endsAt": "2098-03-01T18:00:00Z", "reason": "the grid operator replaces the transformer",
    });
    let answer = Answer::json::<WindowView<'_>>(StatusCode::CREATED, "The new window", window())
        .header("Location", "The path of the window.");
    write_issues(Reach::Operator, "createMaintenanceWindow", TAG, "Record a maintenance window")
        .describe(
            "No issue opens at the place meanwhile; what is still wrong at the end becomes an issue then.",
        )
        .takes::<NewWindowBody>(body)
        .answers(answer)
        .refuses([ApiError::from(WindowRefusal::PlaceNotFound)])
}

fn list() -> Operation {
    let example = json!({ "items": [window()], "nextCursor": null });
    read_issues(Reach::Operator, "listMaintenanceWindows", TAG, "List maintenance windows")
        .describe("The latest recorded window first, including those that are over.")
        .with([Parameter::query::<StationId>("stationId", "Only windows of this station and its piles.")])
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<WindowView<'_>>>(StatusCode::OK, "A page of windows", example))
        .refuses([InvalidCursor])
}

fn get() -> Operation {
    read_issues(Reach::Operator, "getMaintenanceWindow", TAG, "Get a maintenance window")
        .answers(Answer::json::<WindowView<'_>>(StatusCode::OK, "The window", window()))
        .refuses([ApiError::from(WindowRefusal::NotFound)])
}

fn end() -> Operation {
    write_issues(Reach::Operator, "endMaintenanceWindow", TAG, "End a maintenance window now")
        .describe("A window that has not begun never applies.")
        .answers(Answer::json::<WindowView<'_>>(StatusCode::OK, "The window after the edit", window()))
        .refuses([
            ApiError::from(WindowRefusal::NotFound),
            WindowRefusal::Ended { at: DateTime::UNIX_EPOCH }.into(),
        ])
}

const STATION: &str = "0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11";

fn window() -> Value {
    json!({
        "id": "0192f0c5-8c22-7e6a-9b0c-3a3b3c3d3e3f",
        "stationId": STATION,
        "pileId": null,
        "beginsAt": "2098-03-01T12:00:00Z",
        "endsAt": "2098-03-01T18:00:00Z",
        "reason": "the grid operator replaces the transformer",
        "createdAt": "2098-02-27T08:00:00Z",
        "createdBy": "operations-desk",
        "endedBy": null,
    })
}
