//! Old sessions: read as documents for an archive, and then deleted.
//!
//! Reading holds no lock, so that writing the archive holds up no one. A session that changes
//! meanwhile is not deleted, and is read again later.

use crate::database::pruning::Slice;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Float8, Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// A session that may be archived, with everything that is deleted with it.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct OldSession {
    /// Id of the session.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// When it began.
    #[diesel(sql_type = Timestamptz)]
    pub started_at: DateTime<Utc>,
    /// The version of its row.
    #[diesel(sql_type = Text)]
    version: String,
    /// A JSON object in one line: `session` has the columns of the row, `receipt` the number, the time,
    /// the digest and the content of its last receipt, `limits` the columns of the limits that its start
    /// set; the last two are null if there is none.
    #[diesel(sql_type = Text)]
    pub document: String,
}

/// Up to `slice.limit` ended sessions from before the day (UTC) that is the age of `slice` ago, in the
/// order of their start; with `after`, those that follow that session. Sessions whose receipt may
/// still be replaced are not contained.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_old(
    connection: &mut Connection,
    slice: Slice,
    after: Option<&OldSession>,
) -> Result<Vec<OldSession>, StorageError> {
    let sessions = diesel::sql_query(
        "select session.id, session.started_at, session.xmin::text as version,
                json_build_object(
                  'session', to_json(session),
                  'receipt', (select json_build_object('number', number, 'issued_at', issued_at, 'digest', digest,
                                                       'content', content)
                              from session_receipts where session_id = session.id order by number desc limit 1),
                  'limits', (select to_json(session_limits) from session_limits
                             where session_limits.command_id = session.command_id))::text as document
         from sessions as session
         where session.ended_at < date_trunc('day', now(), 'UTC') - make_interval(secs => $1)
           and session.started_at < date_trunc('day', now(), 'UTC') - make_interval(secs => $1)
           and ($2 is null or (session.started_at, session.id) > ($2, $3))
           and not exists (select from session_settlements where session_id = session.id)
         order by session.started_at, session.id limit $4",
    )
    .bind::<Float8, _>(slice.age.as_secs_f64())
    .bind::<Nullable<Timestamptz>, _>(after.map(|after| after.started_at))
    .bind::<Nullable<SqlUuid>, _>(after.map(|after| after.id))
    .bind::<Int8, _>(slice.limit)
    .load(connection)
    .await?;
    Ok(sessions)
}

#[derive(QueryableByName)]
struct Deleted {
    #[diesel(sql_type = Int8)]
    sessions: i64,
}

/// Deletes `sessions` with their receipts, their limits and their last meter, except those that have
/// changed since they were read; returns how many sessions were deleted. Nothing is published: the
/// sessions were not withdrawn.
///
/// # Errors
/// If PostgreSQL fails; nothing is deleted in that case.
pub async fn delete_old(connection: &mut Connection, sessions: &[OldSession]) -> Result<usize, StorageError> {
    let (ids, versions): (Vec<Uuid>, Vec<&str>) =
        sessions.iter().map(|session| (session.id, session.version.as_str())).unzip();
    // The trigger for withdrawn sessions runs at the end of the statement and finds no receipt.
    let deleted: Deleted = diesel::sql_query(
        "with old as materialized (
           select session.id, session.command_id
           from unnest($1, $2) as read (id, version) join sessions as session on session.id = read.id
           where session.xmin::text = read.version
             and not exists (select from session_settlements where session_id = session.id)
           order by session.id for update of session skip locked),
         receipts as (
           delete from session_receipts using old where session_receipts.session_id = old.id returning 1),
         limits as (
           delete from session_limits using old where session_limits.command_id = old.command_id returning 1),
         meters as (
           delete from session_metered using old where session_metered.session_id = old.id returning 1),
         gone as (delete from sessions using old where sessions.id = old.id returning 1)
         select count(*) as sessions from gone",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Text>, _>(versions)
    .get_result(connection)
    .await?;
    Ok(usize::try_from(deleted.sessions).unwrap_or_default())
}
