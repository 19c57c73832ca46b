//! Sessions that wait for a check of their receipt.

use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Float8, Int8, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::ids::{ChargePointId, SessionId};
use std::time::Duration;
use uuid::Uuid;

/// A session whose receipt must be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingSession {
    /// The session.
    pub id: SessionId,
    /// The device.
    pub charge_point_id: ChargePointId,
    /// The row as it was read: a later change of the session sets another time.
    pub quiet_since: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct WaitingRow {
    #[diesel(sql_type = SqlUuid)]
    session_id: Uuid,
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Timestamptz)]
    quiet_since: DateTime<Utc>,
}

/// Up to `limit` sessions that have been quiet for `grace`, those that have waited longest first.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list_due(
    connection: &mut Connection,
    grace: Duration,
    limit: i64,
) -> Result<Vec<WaitingSession>, StorageError> {
    let rows: Vec<WaitingRow> = diesel::sql_query(
        "select session_id, charge_point_id, quiet_since from session_settlements
         where quiet_since <= now() - make_interval(secs => $1) order by quiet_since limit $2",
    )
    .bind::<Float8, _>(grace.as_secs_f64())
    .bind::<Int8, _>(limit)
    .load(connection)
    .await?;
    let session = |row: WaitingRow| {
        Ok(WaitingSession {
            id: SessionId(row.session_id),
            charge_point_id: ChargePointId::parse(&row.charge_point_id).map_err(super::broken)?,
            quiet_since: row.quiet_since,
        })
    };
    rows.into_iter().map(session).collect()
}

/// Sessions that should have been checked by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SettlementBacklog {
    /// How many there are.
    pub sessions: i64,
    /// How long the first of them has been due; 0 if there are none.
    pub delay: Duration,
}

#[derive(QueryableByName)]
struct BacklogRow {
    #[diesel(sql_type = Int8)]
    sessions: i64,
    #[diesel(sql_type = Float8)]
    delay_s: f64,
}

/// The sessions that have been quiet for `grace` and are not checked yet.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn backlog(
    connection: &mut Connection,
    grace: Duration,
) -> Result<SettlementBacklog, StorageError> {
    let row: BacklogRow = diesel::sql_query(
        "select count(*) as sessions,
                coalesce(extract(epoch from now() - min(quiet_since)) - $1, 0)::double precision as delay_s
         from session_settlements where quiet_since <= now() - make_interval(secs => $1)",
    )
    .bind::<Float8, _>(grace.as_secs_f64())
    .get_result(connection)
    .await?;
    let delay = Duration::try_from_secs_f64(row.delay_s.max(0.0)).unwrap_or_default();
    Ok(SettlementBacklog { sessions: row.sessions, delay })
}

/// Postpones the check of a session by `pause` from now, unless the session has changed since it was
/// read.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn postpone(
    connection: &mut Connection,
    session: &WaitingSession,
    grace: Duration,
    pause: Duration,
) -> Result<(), StorageError> {
    diesel::sql_query(
        "update session_settlements
         set quiet_since = statement_timestamp() + make_interval(secs => $3) - make_interval(secs => $4)
         where session_id = $1 and quiet_since = $2",
    )
    .bind::<SqlUuid, _>(session.id.0)
    .bind::<Timestamptz, _>(session.quiet_since)
    .bind::<Float8, _>(pause.as_secs_f64())
    .bind::<Float8, _>(grace.as_secs_f64())
    .execute(connection)
    .await?;
    Ok(())
}
