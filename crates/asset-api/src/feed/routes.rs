//! The operation on the feed.

use super::problem::Refusal;
use crate::http::error::ApiError;
use crate::http::scopes::read;
use actix_web::http::StatusCode;
use runtime::http::Routes;
use runtime::openapi::{Answer, Operation, Parameter};

/// It.
pub fn set_up(routes: &mut Routes<'_>) {
    routes.resource("/api/v1/feed", |on| on.get(follow(), super::follow));
}

/// One change, as a client receives it.
const EXAMPLE: &str = concat!(
    "id: 4711-3\nevent: charging.connector.status_changed.v1\n",
    r#"data: {"specversion":"1.0","id":"4711-3","source":"/charging/platform","subject":"CP-3101-0007","#,
    r#""time":"2026-07-25T10:32:00Z","type":"charging.connector.status_changed.v1","#,
    r#""data":{"connectorId":1,"status":"Charging","previousStatus":"Preparing","errorCode":null,"#,
    r#""vendorErrorCode":null}}"#,
    "\n\n"
);

fn follow() -> Operation {
    let text = "Server-sent events without end: each has an `id`, the `event` is the type of the change, and `data` is JSON. Come back \
                with the last `id` in `Last-Event-ID`, and nothing is missed.";
    read("followFeed", "Feed", "Follow what changes")
        .describe(text)
        .with([
            Parameter::query::<String>(
                "chargePointId",
                "Changes of these devices only, with commas between them.",
            ),
            Parameter::query::<String>("type", "Changes of these types only, with commas between them."),
            Parameter::query::<String>("lastEventId", "After this one, where the header cannot be set."),
            Parameter::header::<String>("Last-Event-ID", "After this one."),
        ])
        .answers(Answer::text(StatusCode::OK, "The changes, as they come", "text/event-stream", EXAMPLE))
        .refuses(
            [Refusal::InvalidPosition, Refusal::PositionGone, Refusal::TooManyFollowers].map(ApiError::from),
        )
}
