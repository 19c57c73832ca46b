//! Ending a session whose stop never arrived, on behalf of an operator.

use super::{PlacedSession, find, place_changes, upsert_many};
use crate::assets::audit;
use crate::database::transaction::{Abort, Refusable};
use crate::devices::charge_points;
use crate::ingest::batch::write_states;
use crate::{Connection, LoadPlan, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;
use domain::assets::{EditStamp, OperatorBound};
use domain::feed::{FeedChange, FeedKind, FeedSubject, SessionChanged};
use domain::ids::SessionId;
use domain::sessions::session::{ChargingSession, ENDED_BY_OPERATOR, SessionState};
use domain::text::Label;

/// Why a session cannot be ended.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SessionEndRefusal {
    /// The session does not exist within the caller's bound.
    #[error("there is no such session")]
    NotFound,
    /// The session has ended.
    #[error("the session ended at {at}")]
    Ended {
        /// When it ended.
        at: DateTime<Utc>,
    },
    /// The register is below that of the start.
    #[error("the register is below that of the start, {start_wh} Wh")]
    RegisterBelowStart {
        /// The register at the start, in Wh.
        start_wh: f64,
    },
}

/// Ends an open session within `bound` at the time of `stamp`, with the energy register `meter_wh` if known. A stop
/// of the device that arrives later replaces this end. Audited with `reason`, and published.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn end(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: SessionId,
    meter_wh: Option<f64>,
    stamp: &EditStamp,
    reason: &Label,
) -> Result<Result<PlacedSession, SessionEndRefusal>, StorageError> {
    connection
        .transaction(async |tx| {
            let found = find(tx, bound, id).await?.ok_or(Abort::Refused(SessionEndRefusal::NotFound))?;
            let load_plan = LoadPlan::ledgers_of([found.session.charge_point_id.clone()]);
            let before = charge_points::load_for_update(tx, &load_plan).await?;
            // Read again under the lock: events may have ended or withdrawn it meanwhile.
            let PlacedSession { session, .. } =
                find(tx, bound, id).await?.ok_or(Abort::Refused(SessionEndRefusal::NotFound))?;
            check(&session, meter_wh).map_err(Abort::Refused)?;
            let mut after = before.clone();
            let is_remembered = match after.as_mut_slice() {
                [state] => state.end_session(&session, meter_wh, stamp.at),
                _ => false,
            };
            if is_remembered {
                write_states(tx, &load_plan, &before, &after).await?;
            } else {
                end_forgotten(tx, &session, meter_wh, stamp.at).await?;
            }
            audit::append_end_of_session(tx, &session, stamp, reason).await?;
            find(tx, bound, id).await?.ok_or(Abort::Refused(SessionEndRefusal::NotFound))
        })
        .await
        .refusal_as_value()
}

fn check(session: &ChargingSession, meter_wh: Option<f64>) -> Result<(), SessionEndRefusal> {
    if let Some(at) = session.ended_at() {
        return Err(SessionEndRefusal::Ended { at });
    }
    match (meter_wh, session.meter_start_wh) {
        (Some(end), Some(start_wh)) if end < start_wh => {
            Err(SessionEndRefusal::RegisterBelowStart { start_wh })
        }
        _ => Ok(()),
    }
}

/// Ends a session whose facts the ledger of its device has forgotten.
async fn end_forgotten(
    tx: &mut Connection,
    session: &ChargingSession,
    meter_stop_wh: Option<f64>,
    at: DateTime<Utc>,
) -> Result<(), StorageError> {
    let at = at.max(session.started_at);
    let state = SessionState::Ended { at, reason: Some(ENDED_BY_OPERATOR.to_owned()), meter_stop_wh };
    let ended = ChargingSession { state, ..session.clone() };
    let mut changes = [FeedChange {
        subject: FeedSubject::ChargePoint(ended.charge_point_id.clone()),
        at,
        kind: FeedKind::SessionChanged(SessionChanged::of(&ended)),
    }];
    let places = upsert_many(tx, std::slice::from_ref(&ended)).await?;
    place_changes(&mut changes, &places);
    feed::append(tx, &changes).await
}
