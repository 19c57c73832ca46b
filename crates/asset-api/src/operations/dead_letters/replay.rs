//! Replays one dead letter: decodes its record again and applies the event at the record's original
//! position.

use super::problem::DeadLetterRefusal;
use crate::http::context::Api;
use crate::http::error::ApiError;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::devices::change::Changes;
use domain::devices::sample::Samples;
use domain::event::GatewayEvent;
use domain::ids::{Actor, ChargePointId};
use domain::order::RecordPosition;
use runtime::causes;
use storage::ingest::dead_letters::{self, KeptRecord, Replay, ReplayOutcome, Replayed, Run, Undone};
use storage::{Connection, LoadPlan};
use uuid::Uuid;
use wire::event::event_type;
use wire::{DecodeError, RawRecord};

/// The result of a replay.
#[derive(Debug)]
pub struct Attempt {
    pub outcome: ReplayOutcome,
    /// The stable code of the reason why the event was not applied; `None` if it was applied.
    pub reason: Option<String>,
    /// An explanation of the reason; `None` if there is none.
    pub detail: Option<String>,
    /// The event type by its name in the contract; `None` if the record cannot be decoded.
    pub event_type: Option<String>,
    /// The charge point of the event; `None` if the record cannot be decoded.
    pub charge_point_id: Option<ChargePointId>,
    /// The changes by the replay; empty unless the event was applied.
    pub changes: Changes,
}

/// Replays the dead letter with id `id` on behalf of the caller `by`.
pub async fn replay(
    api: &Api,
    id: Uuid,
    run: Run,
    by: &Actor,
) -> Result<Result<Attempt, DeadLetterRefusal>, ApiError> {
    let caller = by.clone();
    let attempt = api
        .run(move |mut connection| async move {
            let Some(letter) = dead_letters::find(&mut connection, id).await? else {
                return Ok(Err(DeadLetterRefusal::NotFound));
            };
            let Some(position) = letter.heading.position() else {
                return Ok(Err(DeadLetterRefusal::NotReplayable));
            };
            match decode(&letter.record, position) {
                Ok(event) => apply(&mut connection, id, (run, &caller), &event, position).await,
                Err(error) => {
                    if run == Run::Real {
                        let outcome = ReplayOutcome::Undecodable;
                        dead_letters::note(&mut connection, id, outcome, &caller).await?;
                    }
                    Ok(Ok(Attempt::undecodable(&error)))
                }
            }
        })
        .await?;
    if run == Run::Real
        && let Ok(attempt) = &attempt
    {
        let (outcome, reason) = (attempt.outcome.as_str(), attempt.reason.as_deref());
        tracing::info!(dead_letter = %id, outcome, reason, by = by.as_str(), "dead letter replayed");
    }
    Ok(attempt)
}

/// Decodes a record as event-ingestor does.
fn decode(record: &KeptRecord, position: RecordPosition) -> Result<GatewayEvent, DecodeError> {
    let headers = record.headers.as_object().into_iter().flatten();
    let headers: Vec<_> = headers
        .filter_map(|(name, value)| Some((name.as_str(), BASE64_STANDARD.decode(value.as_str()?).ok()?)))
        .collect();
    let headers = headers.iter().map(|(name, value)| (*name, value.as_slice()));
    let raw = RawRecord::new(record.value.as_deref(), headers).at(position.partition, position.offset);
    wire::decode(&raw)
}

/// Applies `event` at the record's own `position`: newer state is kept, and an event that was
/// applied before changes nothing.
async fn apply(
    connection: &mut Connection,
    id: Uuid,
    (run, by): (Run, &Actor),
    event: &GatewayEvent,
    position: RecordPosition,
) -> Result<Result<Attempt, DeadLetterRefusal>, ApiError> {
    let load_plan = LoadPlan::of([(event, position)]);
    let mut samples = Samples::default();
    samples.add_event(event, &position);
    let replay = Replay { load_plan, samples };
    let replayed =
        dead_letters::replay(connection, id, run, by, replay, |state| state.apply(event, &position)).await?;
    Ok(replayed.map(|replayed| Attempt::of(event, replayed)).ok_or(DeadLetterRefusal::NotFound))
}

impl Attempt {
    fn undecodable(error: &DecodeError) -> Self {
        Self {
            outcome: ReplayOutcome::Undecodable,
            reason: Some(error.reason().to_owned()),
            detail: Some(error.to_string()),
            event_type: None,
            charge_point_id: None,
            changes: Changes::default(),
        }
    }

    fn of(event: &GatewayEvent, replayed: Replayed) -> Self {
        let outcome = replayed.outcome();
        let (reason, changes) = match replayed {
            Replayed::Applied(changes) => (None, changes),
            Replayed::Undone(why) => (Some(reason(&why)), Changes::default()),
        };
        Self {
            outcome,
            reason,
            detail: None,
            event_type: Some(event_type(&event.kind).to_owned()),
            charge_point_id: Some(event.charge_point_id.clone()),
            changes,
        }
    }
}

/// The reason code for an event that was not applied.
fn reason(why: &Undone) -> String {
    match why {
        Undone::Ignored(ignored) => ignored.reason().to_ascii_uppercase(),
        Undone::Unplaced(misfit) => misfit.reason().to_owned(),
        Undone::Refused(error) => {
            tracing::error!(
                error = causes(error),
                "dead letter not replayed: PostgreSQL refused the changes"
            );
            "REFUSED_BY_DATABASE".to_owned()
        }
    }
}
