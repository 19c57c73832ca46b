//! The operation that lists the partitions of the events.

use super::PartitionsView;
use crate::http::scopes::operate;
use actix_web::http::StatusCode;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::openapi::{Answer, Operation};
use serde_json::json;

pub fn set_up(routes: &mut Routes<'_>) {
    routes.resource("/api/v1/ingest-partitions", |on| on.get(list(), super::list));
}

fn list() -> Operation {
    let example = json!({
        "topic": "ocpp-events-up",
        "items": [
            { "partition": 0, "nextOffset": 81723, "owner": "0192f0d4-3c5e-7f70-9bac-1d2e3f4a5b6c", "epoch": 3,
              "committedAt": "2026-03-01T09:29:59.871Z", "caughtUpAt": "2026-03-01T09:29:58.2Z", "behindS": 1.8,
              "readAt": "2026-03-01T09:30:00Z" },
        ],
    });
    operate(
        Reach::Platform,
        "listIngestPartitions",
        "Ingest",
        "List the progress and the owner of each partition of the events",
    )
    .answers(Answer::json::<PartitionsView<'_>>(
        StatusCode::OK,
        "All partitions of the topic, in order",
        example,
    ))
}
