//! Reading batches and their progress.

use super::{BATCH_CANCELLED, CommandBatch, Row, impossible};
use crate::database::operators;
use crate::schema::{command_batch_items as items, command_batches, commands};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Int8, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::commands::{CommandLife, CommandState, Failure};
use domain::ids::{ChargePointId, CommandBatchId, CommandId, PileId, StationId};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A pile of a batch, with its outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchItem {
    /// Id of the pile.
    pub pile_id: PileId,
    /// The pile's device, at the time of the command or else of the request for the batch.
    pub charge_point_id: ChargePointId,
    /// The state of the pile within the batch.
    pub state: ItemState,
    /// The id of its command; `None` until it is sent.
    pub command_id: Option<CommandId>,
    /// The code of the refusal and a text for people; `None` if the pile was not refused.
    pub refusal: Option<(String, Option<String>)>,
    /// Why its command failed; `None` if it did not.
    pub failure: Option<Failure>,
}

/// The state of a pile within a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemState {
    /// The pile has not been processed yet.
    Waiting,
    /// The pile was refused; there is no command and will be none.
    Refused,
    /// The batch was cancelled before the pile was commanded; there is no command and will be none.
    Cancelled,
    /// The pile has a command, in this state.
    Sent(CommandState),
}

impl ItemState {
    /// Every state. The commands of batches never wait, so none of them is cancelled by itself.
    pub const ALL: [Self; 10] = [
        Self::Waiting,
        Self::Refused,
        Self::Cancelled,
        Self::Sent(CommandState::Accepted),
        Self::Sent(CommandState::Published),
        Self::Sent(CommandState::Unknown),
        Self::Sent(CommandState::Confirmed),
        Self::Sent(CommandState::Rejected),
        Self::Sent(CommandState::Failed),
        Self::Sent(CommandState::Expired),
    ];

    /// The word for the state in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
            Self::Sent(state) => state.as_str(),
        }
    }

    /// The state with the word `word`; `None` if it is unknown.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// The batch with id `id` within `bound`.
///
/// # Errors
/// If PostgreSQL fails or the row is invalid.
pub async fn find(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: CommandBatchId,
) -> Result<Option<CommandBatch>, StorageError> {
    let own = command_batches::table.find(id.0).filter(operators::batches(bound));
    let row = own.select(Row::as_select()).first(connection).await.optional()?;
    row.map(CommandBatch::try_from).transpose()
}

/// Up to `limit` batches within `bound`, the newest first; with `station`, only those to its piles;
/// with `before`, only those before that time of request and id.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    station: Option<StationId>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<CommandBatch>, StorageError> {
    let mut query = command_batches::table
        .filter(operators::batches(bound))
        .select(Row::as_select())
        .order((command_batches::created_at.desc(), command_batches::id.desc()))
        .limit(limit)
        .into_boxed();
    if let Some(station) = station {
        query = query.filter(command_batches::station_id.eq(station.0));
    }
    if let Some((at, id)) = before {
        // The first condition is one that an index serves.
        query = query
            .filter(command_batches::created_at.le(at))
            .filter(command_batches::created_at.lt(at).or(command_batches::id.lt(id)));
    }
    query.load(connection).await?.into_iter().map(CommandBatch::try_from).collect()
}

/// The number of piles of each of the batches with these ids by state; states without any are
/// absent, and so are batches without piles.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn count_items(
    connection: &mut Connection,
    ids: &[CommandBatchId],
) -> Result<BTreeMap<CommandBatchId, BTreeMap<ItemState, i64>>, StorageError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<Counted> = diesel::sql_query(
        "select item.batch_id,
                coalesce(command.state, case item.code when 'BATCH_CANCELLED' then 'cancelled' end, item.state) as state,
                count(*) as count
         from command_batch_items as item left join commands as command on command.id = item.command_id
         where item.batch_id = any($1) group by 1, 2",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)
    .await?;
    let mut counted: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for row in rows {
        let of_batch = counted.entry(CommandBatchId(row.batch_id)).or_default();
        of_batch.insert(parse(&row.state)?, row.count);
    }
    Ok(counted)
}

/// Up to `limit` piles of the batch with id `id`, in descending order of id; with `state`, only
/// those in that state; with `before`, only those with a smaller id.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list_items(
    connection: &mut Connection,
    id: CommandBatchId,
    state: Option<ItemState>,
    before: Option<PileId>,
    limit: i64,
) -> Result<Vec<BatchItem>, StorageError> {
    let mut query = items::table
        .left_join(commands::table.on(items::command_id.eq(commands::id.nullable())))
        .filter(items::batch_id.eq(id.0))
        .select(ItemRow::as_select())
        .order(items::pile_id.desc())
        .limit(limit)
        .into_boxed();
    query = match state {
        Some(ItemState::Sent(state)) => query.filter(commands::state.eq(state.as_str())),
        Some(ItemState::Cancelled) => query.filter(items::code.eq(BATCH_CANCELLED)),
        Some(state @ ItemState::Refused) => {
            query.filter(items::state.eq(state.as_str()).and(items::code.ne(BATCH_CANCELLED)))
        }
        Some(state @ ItemState::Waiting) => query.filter(items::state.eq(state.as_str())),
        None => query,
    };
    if let Some(before) = before {
        query = query.filter(items::pile_id.lt(before.0));
    }
    query.load(connection).await?.into_iter().map(ItemRow::into_item).collect()
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = SqlUuid)]
    batch_id: Uuid,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Int8)]
    count: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = items, check_for_backend(diesel::pg::Pg))]
struct ItemRow {
    pile_id: Uuid,
    charge_point_id: String,
    state: String,
    command_id: Option<Uuid>,
    code: Option<String>,
    detail: Option<String>,
    #[diesel(embed)]
    command: Option<CommandPart>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = commands, check_for_backend(diesel::pg::Pg))]
struct CommandPart {
    charge_point_id: String,
    state: String,
    life: serde_json::Value,
}

impl ItemRow {
    fn into_item(self) -> Result<BatchItem, StorageError> {
        let device = self.command.as_ref().map_or(&self.charge_point_id, |command| &command.charge_point_id);
        let charge_point_id = ChargePointId::parse(device).map_err(impossible)?;
        let (of_command, life) = self.command.map(|command| (command.state, command.life)).unzip();
        let life: Option<CommandLife> = life.map(serde_json::from_value).transpose().map_err(impossible)?;
        Ok(BatchItem {
            pile_id: PileId(self.pile_id),
            charge_point_id,
            // The state of the command, if there is one.
            state: match &self.code {
                Some(code) if code == BATCH_CANCELLED => ItemState::Cancelled,
                _ => parse(of_command.as_ref().unwrap_or(&self.state))?,
            },
            command_id: self.command_id.map(CommandId),
            refusal: self.code.map(|code| (code, self.detail)),
            failure: life.and_then(|life| life.failure()),
        })
    }
}

fn parse(word: &str) -> Result<ItemState, StorageError> {
    ItemState::parse(word).ok_or_else(|| impossible(format!("state {word:?}")))
}
