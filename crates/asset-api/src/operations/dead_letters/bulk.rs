//! `POST /api/v1/dead-letters/replay`: replays the dead letters that match a filter, one by one.

use super::problem::DeadLetterRefusal;
use super::replay::{self, Attempt};
use super::view::AttemptView;
use super::{filter, place, run};
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::whole;
use crate::http::paging;
use actix_web::HttpResponse;
use actix_web::web::Data;
use domain::ids::{Actor, ChargePointId};
use domain::text::Label;
use runtime::auth::Subject;
use runtime::http::JsonBody;
use runtime::http::page::Cursor;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;
use storage::ingest::dead_letters::{self, Filter, ReplayOutcome, Run};
use uuid::Uuid;

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 500;
/// Largest number of dead letters that were not applied and are listed in the response.
const SHOWN: usize = 20;

/// The parsed body of the request.
struct Order {
    filter: Filter,
    after: Option<Cursor>,
    limit: usize,
    run: Run,
}

impl Order {
    fn read(mut body: Fields) -> Result<Self, ApiError> {
        let filter = filter(&mut body, whole(0..=i32::MAX));
        let limit = body.optional("limit", whole(1..=MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT);
        let after = paging::take_cursor(&mut body, Cursor::decode);
        let run = body.required("dryRun", run);
        let run = body.finish(run)?;
        Ok(Self { filter, after: after?, limit, run })
    }
}

/// The JSON schema of the body that [`Order::read`] parses.
pub fn order_schema() -> Schema {
    let mut generator = SchemaGenerator::default();
    let label = Label::json_schema(&mut generator);
    let device = ChargePointId::json_schema(&mut generator);
    json_schema!({
        "type": "object",
        "properties": {
            "topic": {
                "description": "Only letters of this Kafka topic; null or absent: any.",
                "anyOf": [label, { "type": "null" }],
            },
            "reason": {
                "description": "Only letters with this reason, such as `STOP_AMBIGUOUS`; null or absent: any.",
                "anyOf": [label, { "type": "null" }],
            },
            "partition": {
                "description": "Only letters of this Kafka partition; null or absent: any.",
                "type": ["integer", "null"],
                "minimum": 0,
                "maximum": i32::MAX,
            },
            "chargePointId": {
                "description": "Only letters of this device and, if a letter's device is unknown, those with it \
                                as the key of the record; null or absent: any.",
                "anyOf": [device, { "type": "null" }],
            },
            "limit": {
                "description": "The most letters that this call replays; 100 if null or absent.",
                "type": ["integer", "null"],
                "minimum": 1,
                "maximum": MAX_LIMIT,
            },
            "cursor": { "type": ["string", "null"], "description": "The `nextCursor` of the previous response." },
            "dryRun": { "type": "boolean", "description": "`true`: reports the outcomes and changes nothing." },
        },
        "required": ["dryRun"],
        "additionalProperties": false,
    })
}

/// Replays the dead letters that match the body and are not settled yet, the oldest first, each in
/// a transaction of its own. Starts no replay in the second half of the request's deadline.
pub async fn replay_matching(
    api: Data<Api>,
    Subject(by): Subject<Actor>,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let until = api.half_time();
    let Order { filter, after, limit, run } = Order::read(body)?;
    let after = after.map(|place| (place.created_at, place.id));
    // One more than the limit, which shows whether there are more.
    let rows = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let letters = api
        .run(move |mut connection| async move {
            Ok(dead_letters::list_unsettled(&mut connection, &filter, after, rows).await?)
        })
        .await?;
    let mut tally = Tally::default();
    let mut last = None;
    for letter in letters.iter().take(limit) {
        // The first one is always tried, so that every call makes progress.
        if last.is_some() && Instant::now() >= until {
            break;
        }
        match replay::replay(&api, letter.id, run, &by).await {
            Ok(Ok(attempt)) => tally.count(letter.id, attempt),
            // An operator has deleted it in the meantime.
            Ok(Err(DeadLetterRefusal::NotFound)) => {}
            Ok(Err(refusal)) => return Err(refusal.into()),
            Err(error) => return Err(error),
        }
        last = Some(letter);
    }
    let done = last.map(|last| last.id) == letters.last().map(|last| last.id);
    let next_cursor = last.filter(|_| !done).map(|last| place(last).encode());
    Ok(HttpResponse::Ok().json(TallyView::of(run, &tally, next_cursor)))
}

/// The outcomes of the replays.
#[derive(Default)]
struct Tally {
    outcomes: BTreeMap<ReplayOutcome, usize>,
    not_applied: Vec<(Uuid, Attempt)>,
}

impl Tally {
    fn count(&mut self, id: Uuid, attempt: Attempt) {
        *self.outcomes.entry(attempt.outcome).or_default() += 1;
        if attempt.outcome != ReplayOutcome::Applied && self.not_applied.len() < SHOWN {
            self.not_applied.push((id, attempt));
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ReplayTally")]
pub struct TallyView<'a> {
    /// Whether this was a dry run, which changes nothing.
    dry_run: bool,
    /// The number of letters that this call replayed.
    tried: usize,
    /// The number of letters for each outcome (`applied`, `ignored`, `unplaced`, `undecodable`,
    /// `refused`); all five are present.
    outcomes: BTreeMap<&'static str, usize>,
    /// The first 20 letters whose outcome is not `applied`. Empty if there are none.
    not_applied: Vec<NotApplied<'a>>,
    /// The `cursor` of the next call with the same body; null if no further letter matches.
    next_cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReplayNotApplied")]
struct NotApplied<'a> {
    /// The id of the dead letter, a UUID.
    id: Uuid,
    #[serde(flatten)]
    attempt: AttemptView<'a>,
}

impl<'a> TallyView<'a> {
    fn of(run: Run, tally: &'a Tally, next_cursor: Option<String>) -> Self {
        let count = |outcome| tally.outcomes.get(&outcome).copied().unwrap_or_default();
        let shown = tally.not_applied.iter();
        Self {
            dry_run: run == Run::Dry,
            tried: tally.outcomes.values().sum(),
            outcomes: ReplayOutcome::ALL.map(|outcome| (outcome.as_str(), count(outcome))).into(),
            not_applied: shown
                .map(|(id, attempt)| NotApplied { id: *id, attempt: AttemptView::of(attempt) })
                .collect(),
            next_cursor,
        }
    }
}
