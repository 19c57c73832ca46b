//! The operations on issues.

use super::edits::{self, Acknowledgement, Assignment, Mute};
use super::entries;
use super::filter;
use super::view::{CountsView, DeviceView, EventView, IssueView, WholeIssueView};
use crate::http::error::ApiError;
use crate::http::scopes::{read_issues, write_issues};
use actix_web::http::StatusCode;
use chrono::DateTime;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use serde_json::{Value, json};
use storage::issues::IssueRefusal;

pub(super) const TAG: &str = "Issues";

pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/issues", |on| on.get(list(), super::list))
        .resource("/api/v1/issues/counts", |on| on.get(count(), super::count))
        .resource("/api/v1/issues/{issueId}", |on| on.get(get(), super::get))
        .resource("/api/v1/issues/{issueId}/history", |on| on.get(history(), entries::history))
        .resource("/api/v1/issues/{issueId}/devices", |on| on.get(devices(), entries::devices))
        .resource("/api/v1/issues/{issueId}/acknowledge", |on| {
            on.post(acknowledge(), edits::edit::<Acknowledgement>)
        })
        .resource("/api/v1/issues/{issueId}/assign", |on| on.post(assign(), edits::edit::<Assignment>))
        .resource("/api/v1/issues/{issueId}/mute", |on| on.post(mute(), edits::edit::<Mute>))
        .resource("/api/v1/issues/{issueId}/unmute", |on| on.post(unmute(), edits::unmute));
}

fn list() -> Operation {
    let example = json!({ "items": [issue()], "nextCursor": null });
    read_issues(Reach::Operator, "listIssues", TAG, "List issues")
        .describe("The latest opened issue first. Filters can be combined. A caller that is bound to operators sees an outage of a gateway if a charge point of these is, or was, part of it.")
        .with(filter::state())
        .with(filter::parameters())
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<IssueView<'_>>>(StatusCode::OK, "A page of issues", example))
        .refuses([InvalidCursor])
}

fn count() -> Operation {
    let counts =
        |open, acknowledged, muted| json!({ "open": open, "acknowledged": acknowledged, "muted": muted });
    let example =
        json!({ "critical": counts(1, 0, 0), "major": counts(34, 12, 3), "minor": counts(7, 0, 0) });
    read_issues(Reach::Operator, "countIssues", TAG, "Count the open issues by severity and state")
        .describe("Filters can be combined. Closed issues are not counted.")
        .with(filter::parameters())
        .answers(Answer::json::<CountsView>(StatusCode::OK, "The counts", example))
}

fn get() -> Operation {
    let mut example = issue();
    if let Some(fields) = example.as_object_mut() {
        let opened = opened();
        let attempted = json!({
            "number": 2, "at": ATTEMPTED_AT, "kind": "attempted", "by": null,
            "detail": { "step": "trigger", "number": 1 },
        });
        let attempt = json!({
            "number": 1, "step": "trigger", "at": ATTEMPTED_AT, "commandId": "0192f0c5-8c22-7f7b-8c1d-3b3c3d3e3f30",
            "state": "confirmed", "refusal": null,
        });
        fields.insert("version".to_owned(), json!(2));
        fields.insert("changedAt".to_owned(), json!(ATTEMPTED_AT));
        fields.insert("history".to_owned(), json!([attempted, opened]));
        fields.insert("attempts".to_owned(), json!([attempt]));
        let recovery = json!({ "state": "waiting", "step": "softReset", "until": "2026-03-01T09:40:02Z" });
        fields.insert("recovery".to_owned(), recovery);
        fields.insert("devices".to_owned(), json!([]));
        fields.insert("deviceCount".to_owned(), json!(0));
        fields.insert("currentDeviceCount".to_owned(), json!(0));
    }
    read_issues(Reach::Operator, "getIssue", TAG, "Get an issue with its history")
        .answers(Answer::json::<WholeIssueView<'_>>(StatusCode::OK, "The issue", example))
        .refuses([ApiError::from(IssueRefusal::NotFound)])
}

fn history() -> Operation {
    let example = json!({ "items": [opened()], "nextCursor": null });
    read_issues(Reach::Operator, "listIssueHistory", TAG, "List the history of an issue")
        .describe("The newest entry first.")
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<EventView<'_>>>(StatusCode::OK, "A page of entries", example))
        .refuses([ApiError::from(InvalidCursor), IssueRefusal::NotFound.into()])
}

fn devices() -> Operation {
    let device = json!({
        "chargePointId": "CP-3101-0007", "pileId": "0192f0c2-3b4d-7e5f-8a6b-7c8d9e0f1a2b", "joinedAt": OPENED_AT,
        "leftAt": null,
    });
    let example = json!({ "items": [device], "nextCursor": null });
    let current = "`true`: only those that are part of it; `false`: only those that were.";
    read_issues(Reach::Operator, "listIssueDevices", TAG, "List the charge points of an outage")
        .describe("In the order of their ids. An issue that is not an outage has none.")
        .with([Parameter::query::<bool>("current", current)])
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<DeviceView<'_>>>(StatusCode::OK, "A page of charge points", example))
        .refuses([ApiError::from(InvalidCursor), IssueRefusal::NotFound.into()])
}

fn acknowledge() -> Operation {
    edit("acknowledgeIssue", "Acknowledge an issue")
        .describe("The first acknowledgement remains; another one changes nothing.")
        .takes::<Acknowledgement>(json!({ "note": "a technician is on the way" }))
}

fn assign() -> Operation {
    edit("assignIssue", "Give an issue to somebody")
        .takes::<Assignment>(json!({ "assignee": "field-team-3" }))
}

fn mute() -> Operation {
    edit("muteIssue", "Mute an issue until a time").takes::<Mute>(
        json!({ "until": "2098-03-08T00:00:00Z", "reason": "the spare part arrives on Monday" }),
    )
}

fn unmute() -> Operation {
    edit("unmuteIssue", "End the mute of an issue")
}

fn edit(id: &'static str, summary: &'static str) -> Operation {
    write_issues(Reach::Operator, id, TAG, summary)
        .answers(Answer::json::<IssueView<'_>>(StatusCode::OK, "The issue after the edit", issue()))
        .refuses([
            ApiError::from(IssueRefusal::NotFound),
            IssueRefusal::Closed { at: DateTime::UNIX_EPOCH }.into(),
        ])
}

const OPENED_AT: &str = "2026-03-01T09:30:02Z";
const ATTEMPTED_AT: &str = "2026-03-01T09:35:02Z";

fn fact() -> Value {
    json!({
        "at": "2026-03-01T09:30:00Z", "kind": "status", "status": "Faulted", "errorCode": "GroundFailure",
        "vendorErrorCode": null,
    })
}

fn opened() -> Value {
    json!({ "number": 1, "at": OPENED_AT, "kind": "opened", "by": null, "detail": fact() })
}

fn issue() -> Value {
    json!({
        "id": "0192f0c5-7b11-7e6a-9b0c-2a2b2c2d2e2f",
        "cause": "fault",
        "severity": "major",
        "gatewayId": null,
        "stationId": "0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11",
        "pileId": "0192f0c2-3b4d-7e5f-8a6b-7c8d9e0f1a2b",
        "chargePointId": "CP-3101-0007",
        "connectorId": 1,
        "operatorId": "op-7",
        "openedAt": OPENED_AT,
        "fact": fact(),
        "recurrences": 0,
        "version": 1,
        "changedAt": OPENED_AT,
        "closedAt": null,
        "proof": null,
        "acknowledgedAt": null,
        "acknowledgedBy": null,
        "assignee": null,
        "mutedUntil": null,
    })
}
