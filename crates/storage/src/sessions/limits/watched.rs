//! The sessions whose limits must be checked.

use super::reached;
use crate::devices::connectors;
use crate::sessions::{PlacedSession, broken, fill_registers, read};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Int2, Int8, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::commands::CommandState;
use domain::ids::{CommandId, PileId};
use domain::measure::Dated;
use domain::sessions::limits::{LimitReached, SessionLimits, StopAttempt};
use std::collections::HashMap;
use uuid::Uuid;

/// A session with limits that must be checked.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedSession {
    /// The start command that set the limits.
    pub start: CommandId,
    /// The pile of the start.
    pub pile_id: PileId,
    /// The limits.
    pub limits: SessionLimits,
    /// The limit that was reached, as far as that is recorded.
    pub reached: Option<LimitReached>,
    /// How many stops were recorded for it.
    pub stop_attempts: u16,
    /// The last of these stops.
    pub last_stop: Option<StopAttempt>,
    /// The session, with the registers that its readings show.
    pub placed: PlacedSession,
    /// The newest register of an open session.
    pub register: Option<Dated<f64>>,
}

#[derive(QueryableByName)]
struct WatchedRow {
    #[diesel(sql_type = SqlUuid)]
    command_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pile_id: Uuid,
    #[diesel(sql_type = Jsonb)]
    limits: serde_json::Value,
    #[diesel(sql_type = Nullable<Text>)]
    reached: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    reached_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    reached_value: Option<String>,
    #[diesel(sql_type = Int2)]
    stop_attempts: i16,
    #[diesel(sql_type = Nullable<Text>)]
    stop_state: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    stop_issued_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    stop_expires_at: Option<DateTime<Utc>>,
}

const STARTS: &str = "
    select watched.command_id as id
    from session_limits watched
    where watched.settled_at is null and watched.command_id > $1
      and exists (select from sessions where sessions.command_id = watched.command_id)
    order by watched.command_id limit $2";

const WATCHED: &str = "
    select watched.command_id, command.pile_id, watched.limits, watched.reached, watched.reached_at,
           watched.reached_value, watched.stop_attempts, stop.state as stop_state,
           stop.issued_at as stop_issued_at, stop.expires_at as stop_expires_at
    from session_limits watched
    join commands command on command.id = watched.command_id
    left join commands stop on stop.id = watched.stop_command_id
    where watched.settled_at is null and watched.command_id = any($1)
    order by watched.command_id";

#[derive(QueryableByName)]
struct StartRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// The start commands of up to `limit` sessions with limits that are open, or have ended and are
/// not settled, in order; only those after the start `after`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_watched(
    connection: &mut Connection,
    after: CommandId,
    limit: i64,
) -> Result<Vec<CommandId>, StorageError> {
    let rows: Vec<StartRow> =
        diesel::sql_query(STARTS).bind::<SqlUuid, _>(after.0).bind::<Int8, _>(limit).load(connection).await?;
    Ok(rows.into_iter().map(|row| CommandId(row.id)).collect())
}

/// The sessions with limits of these start commands, in the order of the starts; those that are
/// settled or withdrawn are left out.
///
/// # Errors
/// If PostgreSQL fails or a row of one of them is invalid; the others can then be loaded one by one.
pub async fn load_watched(
    connection: &mut Connection,
    starts: &[CommandId],
) -> Result<Vec<WatchedSession>, StorageError> {
    let ids: Vec<Uuid> = starts.iter().map(|start| start.0).collect();
    let rows: Vec<WatchedRow> =
        diesel::sql_query(WATCHED).bind::<Array<SqlUuid>, _>(ids).load(connection).await?;
    let mut sessions = load_sessions(connection, starts).await?;
    let watched = rows.into_iter().filter_map(|row| {
        // The session may have been withdrawn since.
        let (placed, register) = sessions.remove(&CommandId(row.command_id))?;
        Some(row.into_watched(placed, register))
    });
    watched.collect()
}

/// A session and the newest register of its connector.
type Metered = (PlacedSession, Option<Dated<f64>>);

async fn load_sessions(
    connection: &mut Connection,
    starts: &[CommandId],
) -> Result<HashMap<CommandId, Metered>, StorageError> {
    let placed = read::started_by(connection, starts).await?;
    let (mut sessions, places): (Vec<_>, Vec<_>) =
        placed.into_iter().map(|placed| (placed.session, placed.place)).unzip();
    fill_registers(connection, &mut sessions).await?;
    let registers = connectors::registers_of(connection, &sessions).await?;
    let by_start =
        sessions.into_iter().zip(places).zip(registers).filter_map(|((session, place), register)| {
            Some((session.command_id?, (PlacedSession { session, place }, register)))
        });
    Ok(by_start.collect())
}

impl WatchedRow {
    fn into_watched(
        self,
        placed: PlacedSession,
        register: Option<Dated<f64>>,
    ) -> Result<WatchedSession, StorageError> {
        Ok(WatchedSession {
            start: CommandId(self.command_id),
            pile_id: PileId(self.pile_id),
            reached: reached(self.reached.as_deref(), self.reached_at, self.reached_value.as_deref())?,
            stop_attempts: u16::try_from(self.stop_attempts).map_err(broken)?,
            last_stop: self.last_stop()?,
            limits: serde_json::from_value(self.limits).map_err(broken)?,
            placed,
            register,
        })
    }

    fn last_stop(&self) -> Result<Option<StopAttempt>, StorageError> {
        let (Some(state), Some(issued_at), Some(expires_at)) =
            (&self.stop_state, self.stop_issued_at, self.stop_expires_at)
        else {
            return Ok(None);
        };
        let state = CommandState::ALL.into_iter().find(|known| known.as_str() == state);
        let state = state.ok_or_else(|| broken(format!("state {:?} of a stop", self.stop_state)))?;
        Ok(Some(StopAttempt { state, issued_at, expires_at }))
    }
}
