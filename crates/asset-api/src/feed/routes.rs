//! The operation that follows the feed.

use super::problem::FeedRefusal;
use crate::http::error::ApiError;
use crate::http::scopes::read;
use actix_web::http::StatusCode;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::openapi::{Answer, Operation, Parameter};

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
    let text = "An endless stream of server-sent events: each has an `id`, its `event` is the type of the change, and its `data` is \
                JSON. A client that reconnects with its last `id` in `Last-Event-ID` misses no change. The stream ends at the `exp` \
                of the token, with the event `feed.ended`, whose `data` has a `code`.";
    read(Reach::Operator, "followFeed", "Feed", "Follow the changes of assets, devices, sessions, tariffs and issues")
        .describe(text)
        .with([
            Parameter::query::<String>(
                "chargePointId",
                "Only changes of these charge points and of their issues; a comma-separated list.",
            ),
            Parameter::query::<String>(
                "stationId",
                "Only changes that name one of these stations; a comma-separated list. Sessions, receipts, piles, stations and issues name theirs.",
            ),
            Parameter::query::<String>(
                "pileId",
                "Only changes that name one of these piles; a comma-separated list. Sessions, receipts, commands, piles and issues name theirs.",
            ),
            Parameter::query::<String>("types", "Only changes of these types; a comma-separated list."),
            Parameter::query::<String>(
                "alsoTypes",
                "All changes of these types as well, whatever the other filters select; a comma-separated list.",
            ),
            Parameter::query::<String>("type", "The former name of `types`."),
            Parameter::query::<String>(
                "lastEventId",
                "Like `Last-Event-ID`, for clients that cannot set headers.",
            ),
            Parameter::header::<String>(
                "Last-Event-ID",
                "Only changes after the one with this `id`; without it, only new changes.",
            ),
        ])
        .answers(Answer::text(StatusCode::OK, "The stream of changes", "text/event-stream", EXAMPLE))
        .refuses(
            [
                FeedRefusal::InvalidPosition,
                FeedRefusal::PositionGone,
                FeedRefusal::TooManyFollowers,
                FeedRefusal::TooManyFollowersOfCaller,
            ]
            .map(ApiError::from),
        )
}
