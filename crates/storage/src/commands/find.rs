//! Reading commands.

use super::RecordedCommand;
use super::row::CommandRow;
use crate::database::operators;
use crate::schema::{commands, session_limits, sessions};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::ids::{CommandId, PileId};
use uuid::Uuid;

/// A command, the transaction of its session, and the limits that it set.
#[derive(Queryable)]
struct Found {
    row: CommandRow,
    transaction: Option<String>,
    limits: Option<serde_json::Value>,
}

impl Found {
    fn into_recorded(self) -> Result<RecordedCommand, StorageError> {
        let limits = self.limits.and_then(|limits| serde_json::from_value(limits).ok());
        Ok(RecordedCommand { limits, ..self.row.into_recorded(self.transaction)? })
    }
}

/// The command with id `id` within `bound`.
///
/// # Errors
/// If PostgreSQL fails or the row is invalid.
pub async fn find(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: CommandId,
) -> Result<Option<RecordedCommand>, StorageError> {
    let row: Option<Found> = commands::table
        .left_join(sessions::table.on(commands::session_id.eq(sessions::id.nullable())))
        .left_join(session_limits::table.on(session_limits::command_id.eq(commands::id)))
        .filter(commands::id.eq(id.0))
        .filter(operators::commands(bound))
        .select((
            CommandRow::as_select(),
            sessions::transaction_id.nullable(),
            session_limits::limits.nullable(),
        ))
        .first(connection)
        .await
        .optional()?;
    row.map(Found::into_recorded).transpose()
}

/// The commands with these ids, the newest first; those without a row are left out.
pub(super) async fn find_many(
    connection: &mut Connection,
    ids: &[Uuid],
) -> Result<Vec<RecordedCommand>, StorageError> {
    let rows: Vec<Found> = commands::table
        .left_join(sessions::table.on(commands::session_id.eq(sessions::id.nullable())))
        .left_join(session_limits::table.on(session_limits::command_id.eq(commands::id)))
        .filter(commands::id.eq_any(ids))
        .select((
            CommandRow::as_select(),
            sessions::transaction_id.nullable(),
            session_limits::limits.nullable(),
        ))
        .order((commands::issued_at.desc(), commands::id.desc()))
        .load(connection)
        .await?;
    rows.into_iter().map(Found::into_recorded).collect()
}

/// Those of `ids` that have no row.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_missing(
    connection: &mut Connection,
    ids: &[CommandId],
) -> Result<Vec<CommandId>, StorageError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<MissingId> = diesel::sql_query(
        "select id from unnest($1) as named (id)
         where not exists (select from commands where commands.id = named.id)",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| CommandId(row.id)).collect())
}

#[derive(QueryableByName)]
struct MissingId {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Up to `limit` commands to the pile with id `pile_id` within `bound`, the newest first; with `before`, only
/// those before that time of issue and id. `None` if no such pile ever existed
/// within `bound`.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list_of_pile(
    connection: &mut Connection,
    bound: &OperatorBound,
    pile_id: PileId,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Option<Vec<RecordedCommand>>, StorageError> {
    use crate::schema::piles;
    use diesel::dsl::{exists, select};
    let mut query = commands::table
        .left_join(sessions::table.on(commands::session_id.eq(sessions::id.nullable())))
        .left_join(session_limits::table.on(session_limits::command_id.eq(commands::id)))
        .filter(commands::pile_id.eq(pile_id.0))
        .filter(operators::commands(bound))
        .select((
            CommandRow::as_select(),
            sessions::transaction_id.nullable(),
            session_limits::limits.nullable(),
        ))
        .order((commands::issued_at.desc(), commands::id.desc()))
        .limit(limit)
        .into_boxed();
    if let Some((at, id)) = before {
        // Written as an index condition and a filter, which a row comparison would not become in
        // Diesel.
        query = query
            .filter(commands::issued_at.le(at))
            .filter(commands::issued_at.lt(at).or(commands::id.lt(id)));
    }
    let rows: Vec<Found> = query.load(connection).await?;
    if rows.is_empty() {
        let own = piles::table.filter(piles::id.eq(pile_id.0)).filter(operators::piles(bound));
        let known = exists(own);
        if !select(known).get_result::<bool>(connection).await? {
            return Ok(None);
        }
    }
    rows.into_iter().map(Found::into_recorded).collect::<Result<_, _>>().map(Some)
}
