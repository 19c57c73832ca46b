//! The operations on dead letters.

use super::bulk::{TallyView, order_schema};
use super::problem::DeadLetterRefusal;
use super::view::{HeadingView, LetterView, ReplayView};
use crate::http::error::ApiError;
use crate::http::scopes::operate;
use actix_web::http::StatusCode;
use domain::ids::ChargePointId;
use domain::text::Label;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use schemars::json_schema;
use serde_json::{Map, Value, json};

const TAG: &str = "Dead letters";

pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/dead-letters", |on| on.get(list(), super::list))
        .resource("/api/v1/dead-letters/replay", |on| on.post(replay_matching(), super::replay_matching))
        .resource("/api/v1/dead-letters/{id}", |on| on.get(get(), super::get))
        .resource("/api/v1/dead-letters/{id}/replay", |on| on.post(replay_one(), super::replay_one));
}

fn list() -> Operation {
    let partition = json_schema!({ "type": "integer", "minimum": 0, "maximum": i32::MAX });
    read_page()
        .with([
            Parameter::query::<Label>("topic", "Only dead letters of this topic."),
            Parameter::query::<Label>("reason", "Only dead letters with this reason."),
            Parameter::query::<i32>("partition", "Only dead letters of this partition.").like(partition),
            Parameter::query::<ChargePointId>("chargePointId", "Only dead letters of this charge point."),
            Parameter::query::<bool>(
                "replayed",
                "`true`: only those that were replayed; `false`: only the others.",
            ),
        ])
        .with(PageRequest::parameters())
        .refuses([InvalidCursor])
}

fn read_page() -> Operation {
    let example = json!({ "items": [Value::Object(heading())], "nextCursor": null });
    operate(Reach::Platform, "listDeadLetters", TAG, "List records that could not be applied").answers(
        Answer::json::<Page<HeadingView<'_>>>(
            StatusCode::OK,
            "A page of dead letters, the newest first",
            example,
        ),
    )
}

fn get() -> Operation {
    let mut letter = heading();
    letter.insert("key".to_owned(), "Q1AtMzEwMS0wMDA3".into());
    letter.insert("value".to_owned(), "eyJldmVudFR5cGUiOjF9".into());
    letter.insert("valueText".to_owned(), r#"{"eventType":1}"#.into());
    letter.insert("headers".to_owned(), json!({ "eventType": "TWV0ZXJWYWx1ZXM=" }));
    operate(Reach::Platform, "getDeadLetter", TAG, "Get a dead letter with its bytes")
        .describe("Key, value and headers are Base64; `valueText` is the beginning of the value if it is UTF-8, otherwise null.")
        .answers(Answer::json::<LetterView<'_>>(StatusCode::OK, "The dead letter", letter.into()))
        .refuses([ApiError::from(DeadLetterRefusal::NotFound)])
}

fn replay_one() -> Operation {
    let example = json!({
        "dryRun": true, "outcome": "applied", "reason": null, "detail": null, "eventType": "MeterValues",
        "chargePointId": "CP-3101-0007", "changes": { "chargePoint": true, "connectors": [1], "sessions": [] },
    });
    operate(Reach::Platform, "replayDeadLetter", TAG, "Replay a dead letter")
        .describe("Its record is decoded again and its event applied at its original position: newer state is kept.")
        .with([Parameter::query::<bool>("dryRun", "`true`: reports the outcome and changes nothing.").required()])
        .answers(Answer::json::<ReplayView<'_>>(StatusCode::OK, "The outcome of the replay", example))
        .refuses([ApiError::from(DeadLetterRefusal::NotFound), DeadLetterRefusal::NotReplayable.into()])
}

fn replay_matching() -> Operation {
    let example = json!({
        "dryRun": false, "tried": 2,
        "outcomes": { "applied": 1, "ignored": 0, "refused": 0, "undecodable": 1, "unplaced": 0 },
        "notApplied": [{ "id": ID, "outcome": "undecodable", "reason": "MALFORMED_JSON", "detail": "expected value at line 1",
                         "eventType": null, "chargePointId": null }],
        "nextCursor": null,
    });
    operate(Reach::Platform, "replayDeadLetters", TAG, "Replay the dead letters that match")
        .describe("Replays those that are not settled yet, the oldest first. Repeat with `nextCursor` as `cursor` until it is null.")
        .takes_like(order_schema(), json!({ "reason": "UNKNOWN_EVENT_TYPE", "limit": 100, "dryRun": true }))
        .answers(Answer::json::<TallyView<'_>>(StatusCode::OK, "The outcomes of the replays", example))
        .refuses([ApiError::from(InvalidCursor), DeadLetterRefusal::NotReplayable.into()])
}

const ID: &str = "0192f0c4-01b2-7a11-8d5e-7f8091a2b3c4";

fn heading() -> Map<String, Value> {
    let heading = json!({
        "id": ID,
        "topic": "ocpp-events-up",
        "partition": 3,
        "firstOffset": 1204,
        "lastOffset": 1204,
        "appendedAt": "2026-03-01T09:29:55Z",
        "reason": "MALFORMED_JSON",
        "detail": "expected value at line 1 column 1",
        "chargePointId": "CP-3101-0007",
        "eventId": null,
        "createdAt": "2026-03-01T09:29:55.020Z",
        "replayedAt": null,
        "replayOutcome": null,
        "replayedBy": null,
    });
    heading.as_object().cloned().unwrap_or_default()
}
