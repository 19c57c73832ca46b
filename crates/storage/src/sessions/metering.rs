//! Publishing the meters of open sessions: for each session at most once per interval, and only
//! after a new reading.
//!
//! The table `session_metered` has the last publication of each open session. It is written in the
//! transaction of the change, under the lock of the device: whatever is interrupted is repeated, and
//! of two replicas that publish the same session one does so.

mod due;

pub use due::{DueSession, ReadSessions, list_due, list_read};

use super::read::open_of;
use super::{PlacedSession, find_metered};
use crate::database::pruning::{Pruned, Slice};
use crate::tariffs::quote_metered;
use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Float8, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::OperatorBound;
use domain::feed::{FeedChange, FeedKind, FeedSubject, SessionMetered};
use std::collections::HashSet;
use std::time::Duration;
use uuid::Uuid;

/// A publication that is prepared, and the session that it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct PreparedMeter {
    due: DueSession,
    placed: PlacedSession,
    body: SessionMetered,
}

/// Computes the energy and the cost of the session `due`; `None` if it is not open any more.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn prepare(
    connection: &mut Connection,
    due: &DueSession,
) -> Result<Option<PreparedMeter>, StorageError> {
    let metered = find_metered(connection, &OperatorBound::All, due.id).await?;
    let Some(metered) = metered.filter(|metered| metered.session.is_open()) else { return Ok(None) };
    let quoted = quote_metered(connection, &metered).await?;
    let body = SessionMetered::of(&metered, due.live, &quoted);
    let placed = PlacedSession { session: metered.session, place: metered.place };
    Ok(Some(PreparedMeter { due: due.clone(), placed, body }))
}

/// Publishes `prepared` in one transaction, and returns how many changes it published. It omits
/// sessions that ended or changed since they were prepared, and those that another replica published
/// within `interval`.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn publish(
    connection: &mut Connection,
    prepared: &[PreparedMeter],
    interval: Duration,
) -> Result<usize, StorageError> {
    if prepared.is_empty() {
        return Ok(0);
    }
    connection
        .transaction(async |tx| {
            let devices: Vec<&str> =
                prepared.iter().map(|meter| meter.due.charge_point_id.as_str()).collect();
            feed::lock_devices(tx, &devices).await?;
            // No session of these devices ends or changes until the commit.
            let current = open_of(tx, prepared.iter().map(|meter| meter.due.id)).await?;
            let unchanged = prepared.iter().filter(|meter| current.contains(&meter.placed));
            let marked = mark(tx, unchanged.map(|meter| &meter.due), interval).await?;
            let changes: Vec<FeedChange> = prepared
                .iter()
                .filter(|meter| marked.contains(&meter.due.id.0))
                .map(PreparedMeter::change)
                .collect();
            feed::append(tx, &changes).await?;
            Ok(changes.len())
        })
        .await
}

/// Treats the session `due` as published, so that it is not prepared again before `interval` and a
/// new reading: a session with an invalid row must not be read over and over.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn postpone(
    connection: &mut Connection,
    due: &DueSession,
    interval: Duration,
) -> Result<(), StorageError> {
    mark(connection, [due], interval).await.map(drop)
}

/// Deletes rows of sessions that are not open any more. Rows that are younger than the age of `slice`
/// are kept, because late events may open a session again.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune_ended(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select session_id, emitted_at from session_metered as last
          where emitted_at <= now() - make_interval(secs => $1) and emitted_at >= coalesce($2, '-infinity')
            and not exists (select from sessions where id = last.session_id and ended_at is null)
          order by emitted_at limit $3 for update skip locked),
        gone as (
          delete from session_metered using old where session_metered.session_id = old.session_id returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(emitted_at) as up_to from old";
    slice.run(connection, statement).await
}

#[derive(QueryableByName)]
struct Marked {
    #[diesel(sql_type = SqlUuid)]
    session_id: Uuid,
}

/// Records the publication of those sessions of `due` that were read since the last one, which must
/// be at least `interval` ago; returns them.
async fn mark<'a>(
    tx: &mut Connection,
    due: impl IntoIterator<Item = &'a DueSession>,
    interval: Duration,
) -> Result<HashSet<Uuid>, StorageError> {
    let (ids, read_at): (Vec<Uuid>, Vec<DateTime<Utc>>) =
        due.into_iter().map(|due| (due.id.0, due.live.read_at)).unzip();
    let marked: Vec<Marked> = diesel::sql_query(
        "insert into session_metered (session_id, reading_at, emitted_at)
         select id, read_at, clock_timestamp() from unnest($1, $2) as new (id, read_at) order by id
         on conflict (session_id) do update
         set reading_at = excluded.reading_at, emitted_at = excluded.emitted_at
         where session_metered.reading_at < excluded.reading_at
           and excluded.emitted_at - session_metered.emitted_at >= make_interval(secs => $3)
         returning session_id",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Timestamptz>, _>(read_at)
    .bind::<Float8, _>(interval.as_secs_f64())
    .load(tx)
    .await?;
    Ok(marked.into_iter().map(|marked| marked.session_id).collect())
}

impl PreparedMeter {
    fn change(&self) -> FeedChange {
        FeedChange {
            subject: FeedSubject::ChargePoint(self.due.charge_point_id.clone()),
            at: self.due.live.read_at,
            kind: FeedKind::SessionMetered(self.body.clone()),
        }
    }
}
