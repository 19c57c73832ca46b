//! Limits of sessions: which were reached, and the stops that follow.
//!
//! The limits are written with the start command. Their session is the one that has this command,
//! whatever later events change about that.

mod total;
mod watched;

pub use total::total;
pub use watched::{WatchedSession, list_watched, load_watched};

use super::broken;
use crate::database::pruning::{Pruned, Slice};
use crate::schema::session_limits;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::ids::CommandId;
use domain::sessions::limits::{LimitKind, LimitReached, LimitValue, SessionLimits};
use std::collections::HashMap;
use uuid::Uuid;

/// The limits of a session, and the one that was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedLimits {
    /// The limits.
    pub limits: SessionLimits,
    /// The limit that was reached first; `None` if none was.
    pub reached: Option<LimitReached>,
    /// The last stop that was recorded for it; `None` if none was.
    pub stop_command_id: Option<CommandId>,
    /// The value of that limit when the session had ended; `None` until then, or if it is unknown.
    pub final_value: Option<LimitValue>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = session_limits, check_for_backend(diesel::pg::Pg))]
struct LimitsRow {
    command_id: Uuid,
    limits: serde_json::Value,
    reached: Option<String>,
    reached_at: Option<DateTime<Utc>>,
    reached_value: Option<String>,
    stop_command_id: Option<Uuid>,
    final_value: Option<String>,
}

impl TryFrom<LimitsRow> for RecordedLimits {
    type Error = StorageError;

    fn try_from(row: LimitsRow) -> Result<Self, StorageError> {
        Ok(Self {
            limits: serde_json::from_value(row.limits).map_err(broken)?,
            reached: reached(row.reached.as_deref(), row.reached_at, row.reached_value.as_deref())?,
            stop_command_id: row.stop_command_id.map(CommandId),
            final_value: row.final_value.as_deref().map(limit_value).transpose()?,
        })
    }
}

fn limit_value(text: &str) -> Result<LimitValue, StorageError> {
    LimitValue::parse(text).map_err(broken)
}

fn reached(
    kind: Option<&str>,
    at: Option<DateTime<Utc>>,
    value: Option<&str>,
) -> Result<Option<LimitReached>, StorageError> {
    let (Some(kind), Some(at), Some(value)) = (kind, at, value) else { return Ok(None) };
    let kind = LimitKind::parse(kind).ok_or_else(|| broken(format!("limit {kind}")))?;
    Ok(Some(LimitReached { kind, at, value: limit_value(value)? }))
}

/// The limits that `starts` set, by these commands; starts without limits are not contained.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn find_many(
    connection: &mut Connection,
    starts: &[CommandId],
) -> Result<HashMap<CommandId, RecordedLimits>, StorageError> {
    if starts.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<LimitsRow> = session_limits::table
        .filter(session_limits::command_id.eq_any(starts.iter().map(|id| id.0)))
        .select(LimitsRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(|row| Ok((CommandId(row.command_id), RecordedLimits::try_from(row)?))).collect()
}

/// Records the limit that the session of `start` reached first; `false` if one was recorded before.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn record_reached(
    connection: &mut Connection,
    start: CommandId,
    reached: &LimitReached,
) -> Result<bool, StorageError> {
    let written = diesel::update(session_limits::table.find(start.0))
        .filter(session_limits::reached.is_null())
        .set((
            session_limits::reached.eq(reached.kind.as_str()),
            session_limits::reached_at.eq(reached.at),
            session_limits::reached_value.eq(reached.value.to_string()),
        ))
        .execute(connection)
        .await?;
    Ok(written == 1)
}

/// Records that `stop`, number `attempt`, is recorded as a command; a later attempt is kept.
///
/// # Errors
/// If PostgreSQL fails, or `stop` is not recorded.
pub async fn record_stop(
    connection: &mut Connection,
    start: CommandId,
    attempt: u16,
    stop: CommandId,
) -> Result<(), StorageError> {
    let attempt = i16::try_from(attempt).map_err(broken)?;
    diesel::update(session_limits::table.find(start.0))
        .filter(session_limits::stop_attempts.lt(attempt))
        .set((session_limits::stop_attempts.eq(attempt), session_limits::stop_command_id.eq(stop.0)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Records that the session of `start` has ended, and the value of its reached limit then; `false`
/// if that was recorded before. The session is not checked any more.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn settle(
    connection: &mut Connection,
    start: CommandId,
    final_value: Option<LimitValue>,
) -> Result<bool, StorageError> {
    let written = diesel::update(session_limits::table.find(start.0))
        .filter(session_limits::settled_at.is_null())
        .set((
            session_limits::final_value.eq(final_value.map(|value| value.to_string())),
            session_limits::settled_at.eq(now),
        ))
        .execute(connection)
        .await?;
    Ok(written == 1)
}

/// Deletes limits that were set before the age of `slice`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select command_id, created_at from session_limits
          where created_at < now() - make_interval(secs => $1) and created_at >= coalesce($2, '-infinity')
          order by created_at limit $3 for update skip locked),
        gone as (
          delete from session_limits using old where session_limits.command_id = old.command_id returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(created_at) as up_to from old";
    slice.run(connection, statement).await
}

/// Deletes limits whose start expired before the age of `slice`, began no session and cannot begin one
/// any more.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune_unused(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select watched.command_id, watched.created_at
          from session_limits as watched join commands as command on command.id = watched.command_id
          where watched.settled_at is null and not command.open
            and command.expires_at < now() - make_interval(secs => $1)
            and watched.created_at >= coalesce($2, '-infinity')
            and not exists (select from sessions where sessions.command_id = watched.command_id)
          order by watched.created_at limit $3 for update of watched skip locked),
        gone as (
          delete from session_limits using old where session_limits.command_id = old.command_id returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(created_at) as up_to from old";
    slice.run(connection, statement).await
}
